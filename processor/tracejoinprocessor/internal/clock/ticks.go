package clock

import "time"

// ticks finds out how coarse a clock is of which the digits do not tell: one that moves
// every 15.625 ms, as that of Windows may, from a time with any digits. Of a clock that
// shows nanoseconds no two requests have the same time.
type ticks struct {
	seen    [32]int64 // the latest begins of spans, in Unix nanoseconds
	n       int
	repeats int
	gap     time.Duration // the shortest between two that differ; 0 if there are none
}

// coarse is with how many times that were seen before a clock counts as coarse.
const coarse = 3

// see a time. It reports whether the clock is now known to be coarser than it was.
func (t *ticks) see(at time.Time) (coarser bool) {
	ns, before := at.UnixNano(), t.grain()
	again := false
	for _, other := range t.seen[:min(t.n, len(t.seen))] {
		switch gap := time.Duration(ns - other).Abs(); {
		case gap == 0:
			again = true
		case t.gap == 0 || gap < t.gap:
			t.gap = gap
		}
	}
	if again {
		t.repeats++
	} else {
		t.seen[t.n%len(t.seen)] = ns
		t.n++
	}
	return t.grain() > before
}

// grain is how coarse the clock is; 0 if nothing is known.
func (t *ticks) grain() time.Duration {
	if t.repeats < coarse {
		return 0
	}
	return min(t.gap, time.Second)
}
