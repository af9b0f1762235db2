package window

import "go.opentelemetry.io/collector/pdata/pmetric"

// histogram remembers the last point of a cumulative one.
type histogram struct {
	counts    []uint64
	at, start int64
}

// maxBuckets is more than the runtime's histograms have; larger ones are not read.
const maxBuckets = 1024

// p99 is the upper bound of the bucket with the 99th percentile of what was added
// since a time, that of the point before; ok is false if nothing was, or there is no
// point before.
func (h *histogram) p99(p pmetric.HistogramDataPoint, delta bool) (v float64, since int64, ok bool) {
	n := p.BucketCounts().Len()
	if n < 2 || n > maxBuckets || p.ExplicitBounds().Len() != n-1 {
		return 0, 0, false
	}
	grown, since := h.growth(p, delta)
	if since == 0 {
		return 0, 0, false
	}
	var total, below uint64
	for _, c := range grown {
		total += c
	}
	if total == 0 {
		return 0, 0, false
	}
	for i, c := range grown {
		if below += c; float64(below) >= 0.99*float64(total) {
			return p.ExplicitBounds().At(min(i, n-2)), since, true
		}
	}
	return 0, 0, false
}

// growth of each bucket since a time, which is 0 if nothing is known. Another start,
// or a count that fell, means a new process.
func (h *histogram) growth(p pmetric.HistogramDataPoint, delta bool) (grown []uint64, since int64) {
	now := p.BucketCounts().AsRaw()
	if delta {
		return now, int64(p.StartTimestamp())
	}
	before := *h
	at, start := int64(p.Timestamp()), int64(p.StartTimestamp())
	if at <= before.at && before.at-at <= setBack {
		return nil, 0 // sent again, or late
	}
	*h = histogram{counts: now, at: at, start: start}
	if at <= before.at {
		return nil, 0
	}
	if start != before.start && start > before.at && before.at > 0 {
		return now, start
	}
	if start != before.start || len(before.counts) != len(now) {
		return nil, 0
	}
	grown = make([]uint64, len(now))
	for i := range now {
		if now[i] < before.counts[i] {
			return nil, 0
		}
		grown[i] = now[i] - before.counts[i]
	}
	return grown, before.at
}
