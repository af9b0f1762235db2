package window

import (
	"math"
	"time"
)

const (
	pebibyte = 1 << 50
	anHour   = 3600
)

// bounds within which a figure can be true. They are far beyond what any process had: what
// is outside was forged, or lost on its way.
type bounds struct{ least, most float64 }

// plausible are of levels, and of counts those of a difference between two samples; of CPU
// for each second between them.
var plausible = [fields]bounds{
	Goroutines: {1, 1e8}, Heap: {0, pebibyte}, Memory: {0, pebibyte}, GCGoal: {0, pebibyte}, Processors: {1, 1 << 16},
	ScheduleP99: {0, anHour}, EventLoopP99: {0, anHour},
	GCCycles: {0, 1e9}, GCPause: {0, anHour}, Allocated: {0, 1024 * pebibyte}, CPU: {0, 1 << 16},
}

func (b bounds) has(v float64) bool { return v >= b.least && v <= b.most }

// noGoal is the limit that Go's runtime reports, the greatest number, where its collector is turned off.
const noGoal = 1 << 62

// dropImplausible takes out what cannot be true. It reports whether there was something.
func (s *Sample) dropImplausible(ranks *[fields]int) (refused bool) {
	for f := range fields {
		v := s.V[f]
		switch {
		case ranks[f] == 0: // nothing
		case f < levels && plausible[f].has(v), f >= levels && v >= 0 && !math.IsInf(v, 1):
		default:
			refused = refused || f != GCGoal || !(v >= noGoal)
			s.V[f] = math.NaN()
		}
	}
	return refused
}

// grows reports whether a count can have grown by d in a time.
func (f Field) grows(d float64, in time.Duration) bool {
	b := plausible[f]
	if f == CPU {
		b.most *= max(in.Seconds(), 1)
	}
	return b.has(d)
}
