// Package summary turns records into the figures that a person or a CI job
// reads: counts that add up, percentiles, the slowest requests. An Accumulator
// takes records; Snapshot gives figures while a run goes on, Summary at its end.
//
// It is pure: no goroutines, no clock; it never sees a span or a collector.
package summary
