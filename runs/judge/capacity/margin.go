package capacity

import (
	"math"

	"github.com/loadtrace/loadtrace/runs/judge"
)

// Objective is a limit that at most a share of the requests may exceed: a p99 below 50 ms
// is that of 0.01 beyond 0.05 s.
type Objective struct {
	Limit   float64 // in the unit of the batches
	Allowed float64 // share, above 0 and below 1
}

// ProbeOf returns a probe at a rate from the batches that it measured, without those of
// its warm-up. Its margin is the smallest of the objectives'.
//
// The margin is 1 − share beyond the limit / share allowed, rather than the distance of
// the quantile from the limit: the quantile of a short run is too small on average, and by
// the same amount in every probe, where the share has no bias.
//
// An error is at least that of independent requests of which the allowed share are beyond
// the limit. ok is false if the run has too few batches, or a long stretch without
// requests.
func ProbeOf(rate float64, batches []judge.Batch, objectives ...Objective) (p Probe, ok bool) {
	requests := uint64(0)
	for _, b := range batches {
		requests += b.Count()
	}
	p = Probe{Rate: rate, Margin: math.Inf(1)}
	for _, o := range objectives {
		beyond, known := judge.ShareBeyond(batches, o.Limit)
		if !known || !(o.Allowed > 0 && o.Allowed < 1) {
			return p, false
		}
		if margin := 1 - beyond.Share/o.Allowed; margin < p.Margin {
			p.Margin = margin
			p.Error = max(beyond.Error/o.Allowed, 1/math.Sqrt(float64(requests)*o.Allowed))
		}
	}
	return p, len(objectives) > 0
}
