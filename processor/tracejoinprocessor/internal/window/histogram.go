package window

import "go.opentelemetry.io/collector/pdata/pmetric"

// histogram remembers the last counts of a cumulative one.
type histogram struct {
	counts []uint64
}

// maxBuckets is more than the runtime's histograms have; larger ones are not read.
const maxBuckets = 1024

// p99 is the upper bound of the bucket with the 99th percentile of what was added
// since the point before; ok is false if nothing was, or there is no point before.
func (h *histogram) p99(p pmetric.HistogramDataPoint, delta bool) (v float64, ok bool) {
	n := p.BucketCounts().Len()
	if n < 2 || n > maxBuckets || p.ExplicitBounds().Len() != n-1 {
		return 0, false
	}
	grown, known := h.growth(p, delta)
	if !known {
		return 0, false
	}
	var total, below uint64
	for _, c := range grown {
		total += c
	}
	if total == 0 {
		return 0, false
	}
	for i, c := range grown {
		if below += c; float64(below) >= 0.99*float64(total) {
			return p.ExplicitBounds().At(min(i, n-2)), true
		}
	}
	return 0, false
}

// growth of each bucket. A count that fell means a new process.
func (h *histogram) growth(p pmetric.HistogramDataPoint, delta bool) (grown []uint64, known bool) {
	now := p.BucketCounts().AsRaw()
	if delta {
		return now, true
	}
	before := h.counts
	h.counts = now
	if len(before) != len(now) {
		return nil, false
	}
	grown = make([]uint64, len(now))
	for i := range now {
		if now[i] < before[i] {
			return nil, false
		}
		grown[i] = now[i] - before[i]
	}
	return grown, true
}
