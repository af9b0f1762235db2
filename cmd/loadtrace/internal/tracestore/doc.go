// Package tracestore keeps the spans of a run in memory, so that the command
// line can show whole traces at its end without a trace backend. It is an
// exporter of the collector that only the command line adds to the pipelines;
// it is no part of the distribution's list of components.
//
// A store is bounded in bytes: over its limit the oldest traces leave, but those
// of the slowest client spans stay. It owns what it holds; what it hands out are
// copies.
package tracestore
