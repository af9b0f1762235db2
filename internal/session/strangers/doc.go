// Package strangers tells the requests of a run from those of other runs, whose spans may
// come to the same listener: its processor passes on all spans but those, or those alone.
// What is joined and counted is the run's own then. It is a processor that only the
// command line adds to the pipelines; it is no part of the distribution's list of
// components.
package strangers
