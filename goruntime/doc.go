// Package goruntime tells OpenTelemetry about the Go runtime of the process
// that imports it, in one line:
//
//	stop, err := goruntime.Start()
//
// Start registers the metrics of the semantic conventions (go.*), what they
// lack and people look for (goruntime.*: goroutines by state, waiting for mutexes, the live
// heap, limits and throttling of the control group), the processor time of the
// process, and logs an event for each garbage collection, with bounds on its begin
// and its exact end; see Cycle.
// NewProducer adds the runtime's own histograms to a metric reader.
//
// Everything is read when it is collected, in one pass over runtime/metrics.
// Nothing stops the world. It depends on the OpenTelemetry API and the metric
// SDK only, and needs no collector.
package goruntime
