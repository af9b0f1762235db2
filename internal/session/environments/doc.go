// Package environments records the environments of the instances that answer a run's requests,
// from the resources of their server spans, which goruntime.Detector fills. It is an
// exporter that only the command line adds to the pipelines; it is not in the
// distribution's list of components.
package environments
