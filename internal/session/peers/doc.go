// Package peers learns what the instances that answer a run's requests run in, from
// the resources of their server spans: those of which goruntime.Detector, or
// somebody who sends the same attributes, has told. It is an exporter of the
// collector that only the command line adds to the pipelines; it is no part of the
// distribution's list of components.
package peers
