// Package attr has every attribute, metric and event name that loadtrace
// writes or reads, each once, so that the generating and the joining half of
// the product cannot disagree on one.
//
// Names that the OpenTelemetry semantic conventions define are taken from
// their Go package; names of our own begin with loadgen or join.
package attr
