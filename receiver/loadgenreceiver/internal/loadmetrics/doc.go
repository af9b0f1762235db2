// Package loadmetrics turns records into cumulative metrics: exponential histograms
// with exemplars that name real spans, and counts.
//
// It is pure: records in, pdata out, no goroutine and no clock; the randomness
// that chooses exemplars comes from a seed. A Meter is not safe for concurrent
// use. What Collect returns belongs to the caller.
//
// It is bounded: a metric has at most MaxSeries series; what comes after them
// goes to one series marked otel.metric.overflow, and is counted. A series
// keeps at most Options.Exemplars exemplars between two collections.
package loadmetrics
