// Package runtimehist turns histograms of runtime/metrics into OpenTelemetry's.
//
// It is pure. The runtime's buckets split each octave of nanoseconds into four
// equal parts, which no exponential histogram of seconds has bounds for, so the
// result has explicit bounds: those of the runtime, every second one between
// about a microsecond and a second. Buckets are only added up whole, so each
// count is exact, but for observations that are a bound to the nanosecond: the
// runtime's buckets include their lower bound, OpenTelemetry's the upper one.
// The runtime keeps no sum; see Point.
package runtimehist

import (
	"math"
	"runtime/metrics"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

const (
	lowest  = 1e-6 // seconds; what is faster is one bucket
	highest = 1.1
)

// Point is a cumulative data point with what h has counted since start. Sum is
// an estimate: each observation counts as the middle of its bucket, so it is
// within an eighth of what the observations of 512 ns and over add up to.
func Point(h *metrics.Float64Histogram, start, now time.Time) metricdata.HistogramDataPoint[float64] {
	p := metricdata.HistogramDataPoint[float64]{Attributes: *attribute.EmptySet(), StartTime: start, Time: now}
	var open uint64
	var parity int
	for i, n := range h.Counts {
		low, high := h.Buckets[i], h.Buckets[i+1]
		open += n
		p.Count += n
		if n > 0 {
			p.Sum += float64(n) * middle(low, high)
		}
		if high < lowest || high > highest {
			continue
		}
		if parity++; parity%2 == 1 {
			p.Bounds = append(p.Bounds, high)
			p.BucketCounts = append(p.BucketCounts, open)
			open = 0
		}
	}
	p.BucketCounts = append(p.BucketCounts, open)
	return p
}

// middle of a bucket; of one that has no end, the end that it has.
func middle(low, high float64) float64 {
	switch {
	case math.IsInf(low, -1):
		return max(high, 0)
	case math.IsInf(high, 1):
		return low
	}
	return low + (high-low)/2
}
