// Package tracestore keeps the spans of a run in memory, so that the command
// line can show whole traces at its end without a trace backend. It is an
// exporter of the collector that only the command line adds to the pipelines;
// it is not part of the distribution's list of components.
//
// A store keeps the traces of the slowest requests of one run, and of the first of each
// error: one leaves when its client span has come and is not among them. Until then a trace waits, and over the
// store's limit in bytes the oldest leave. It owns what it holds; what it hands
// out are copies.
package tracestore
