// Package window keeps samples and GC cycles of the Go runtime of target instances,
// and returns what they show of an interval in which a request was processed.
//
// Samples come from the metrics pipeline: go.* of the OpenTelemetry conventions and
// goruntime.* of our library, or go_*, goruntime_* and process_* of Prometheus
// client libraries and of our exporter.
// Nothing is interpolated: a level is that of the last sample, with its age, and a
// count is the difference of the two samples around the interval, with their
// distance. Cycles come from the logs pipeline, an event each.
//
// It is pure: times are arguments. A Store is not safe for concurrent use. Its
// memory is bounded: rings of fixed size, of MaxInstances instances.
package window
