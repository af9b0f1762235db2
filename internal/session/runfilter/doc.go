// Package runfilter separates the requests of a run from those of other runs, whose spans may
// arrive at the same listener: its processor drops the spans of other runs, or passes on
// only those. So only the run's own requests are joined and counted. It is a processor
// that only the command line adds to the pipelines; it is not in the distribution's list
// of components.
package runfilter
