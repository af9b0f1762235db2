package clock

import "time"

// ticks finds out how coarse a clock is whose digits do not show it: one that moves
// every 15.625 ms, as that of Windows may, from a time with any digits. Of a clock that
// shows nanoseconds no two requests have the same time.
type ticks struct {
	seen    [32]int64 // the latest begins of spans, in Unix nanoseconds
	n       int
	repeats int
	// gap is the shortest between two that differ, of the latest times, and before of those
	// before them; 0 if there is none. When a clock is set, one may be shorter than a tick.
	gap, before time.Duration
}

// generation is how many times that differ have one gap.
const generation = 64

// coarse is with how many times that were seen before a clock counts as coarse.
const coarse = 3

// see a time. It reports whether the clock is now known to be coarser than it was.
func (t *ticks) see(at time.Time) (coarser bool) {
	ns, was := at.UnixNano(), t.grain()
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
		if t.n++; t.n%generation == 0 {
			t.before, t.gap = t.gap, 0
		}
	}
	return t.grain() > 2*was // what was learned as of nearly as coarse a clock is as good
}

// grain is how coarse the clock is; 0 if nothing is known.
func (t *ticks) grain() time.Duration {
	if t.repeats < coarse {
		return 0
	}
	gap := t.gap
	if gap == 0 || t.before > 0 && t.before < gap {
		gap = t.before
	}
	return min(gap, time.Second)
}
