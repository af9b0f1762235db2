package gccycle

import "time"

// Heap is how far the heap is from the next cycle.
type Heap struct {
	At                time.Time
	Live, Goal, InUse uint64 // bytes: after the last cycle, at the end of the next, now
}

// slowest bounds how late a sudden burst of allocation is noticed.
const slowest = 200 * time.Millisecond

// Pace says when to look again: fine if the next cycle may begin soon, and the
// later, the longer the heap will take to come near to it at the rate since the
// last look. A process that allocates little is then hardly woken.
//
// A cycle begins when at least 0.7 of the way from Live to Goal is used up.
func Pace(last, now Heap, fine time.Duration) time.Duration {
	if now.Goal <= now.Live {
		return fine
	}
	near := now.Live + uint64(0.6*float64(now.Goal-now.Live))
	took := now.At.Sub(last.At)
	if now.InUse >= near || took <= 0 {
		return fine
	}
	if now.InUse <= last.InUse { // sweeping, or nothing is allocated
		return max(fine, min(2*took, slowest))
	}
	left := float64(near-now.InUse) / float64(now.InUse-last.InUse) * float64(took)
	return time.Duration(max(float64(fine), min(left/2, float64(slowest), float64(2*took))))
}
