package calibrate

import (
	"math"
	"runtime/metrics"
)

// pausesMetric has the time from a decision to stop the world for the garbage
// collector until it runs again.
const pausesMetric = "/sched/pauses/total/gc:seconds"

// Pauses of the world by the garbage collector.
type Pauses struct {
	Count uint64 `json:"count"`
	// Longest is an upper bound: that of the bucket which holds the longest.
	Longest float64 `json:"longest"` // seconds
}

// pauseCounts are pauses since the process began, by length.
type pauseCounts struct {
	counts []uint64
	bounds []float64 // one more than counts, in seconds
}

func readPauses() pauseCounts {
	sample := []metrics.Sample{{Name: pausesMetric}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return pauseCounts{}
	}
	h := sample[0].Value.Float64Histogram()
	return pauseCounts{append([]uint64(nil), h.Counts...), h.Buckets}
}

func (p pauseCounts) since(before pauseCounts) Pauses {
	var r Pauses
	for i, n := range p.counts {
		if n -= before.counts[i]; n == 0 {
			continue
		}
		r.Count += n
		r.Longest = p.bounds[i+1]
		if math.IsInf(r.Longest, 1) {
			r.Longest = p.bounds[i]
		}
	}
	return r
}
