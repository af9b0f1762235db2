package clock

import (
	"math"
	"slices"
	"time"
)

const (
	// slots is the number of stages of a track; each is of slotWidth.
	slots     = 16
	slotWidth = time.Second
	// remembered is for how long evidence counts that later one replaces.
	remembered = slots * slotWidth
)

// track is evidence that agrees with itself, of the latest stages.
type track struct {
	ring   [slots]stage
	latest int64 // number of the newest slot
	pairs  int   // of all that were added
	// ended is what most ends of spans suggest that the offset is at least.
	ended time.Duration
}

// stage is the narrowest evidence of one slot of time.
type stage struct {
	slot      int64
	n         int // pairs
	low, high edge
	ends      [sampled]time.Duration
	ended     time.Duration // their median
}

// edge is one end of an interval, as of the time of the pair that proves it.
type edge struct {
	offset time.Duration
	at     int64 // Unix nanoseconds
}

// below is the edge as of another time, if the offset is above it, and above if it
// is below.
func (e *edge) below(t int64) time.Duration { return e.offset - drift(t-e.at) }
func (e *edge) above(t int64) time.Duration { return e.offset + drift(t-e.at) }

// sampled is how many ends a stage counts at a time.
const sampled = 15

func (k *track) add(e evidence) {
	slot := e.at / int64(slotWidth)
	if slot <= k.latest-slots {
		return // too old for the ring
	}
	s := &k.ring[slot%slots]
	if s.slot != slot {
		*s = stage{slot: slot}
	}
	k.latest, k.pairs = max(k.latest, slot), k.pairs+1
	if s.add(e) {
		k.settle()
	}
}

// add reports whether the median of the ends is another.
func (s *stage) add(e evidence) (moved bool) {
	if s.n == 0 || e.low >= s.low.below(e.at) {
		s.low = edge{e.low, e.at}
	}
	if s.n == 0 || e.high <= s.high.above(e.at) {
		s.high = edge{e.high, e.at}
	}
	s.ends[s.n%sampled] = e.ended
	s.n++
	if s.n > sampled && s.n%sampled > 0 {
		return false
	}
	s.ended = median(s.ends[:min(s.n, sampled)])
	return true
}

// at is where the offset lies at a time; ok is false if there is no evidence.
func (k *track) at(t int64) (i interval, ok bool) {
	i = interval{math.MinInt64, math.MaxInt64}
	for j := range k.ring {
		if s := &k.ring[j]; s.n > 0 {
			i.low, i.high, ok = max(i.low, s.low.below(t)), min(i.high, s.high.above(t)), true
		}
	}
	return i, ok
}

// settle what the ends of all stages suggest.
func (k *track) settle() {
	var all [slots]time.Duration
	n := 0
	for j := range k.ring {
		if s := &k.ring[j]; s.n > 0 {
			all[n] = s.ended
			n++
		}
	}
	k.ended = median(all[:n])
}

// enough is with how many pairs their ends count.
const enough = 5

// median of at most slots durations.
func median(of []time.Duration) time.Duration {
	var sorted [slots]time.Duration
	n := copy(sorted[:], of)
	slices.Sort(sorted[:n])
	return sorted[(n-1)/2]
}
