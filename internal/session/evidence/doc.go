// Package evidence keeps what a run's telemetry tells of the target for the diagnosis: the
// spans of the run's traces, the runtime's metrics and the GC cycles. It is an exporter of
// the collector that only a session adds to the pipelines; it is not part of the
// distribution's list of components.
//
// It is bounded: of spans it keeps whole stretches of time, ever fewer of them; of series
// every other point, and so on; of instances and names the first.
package evidence
