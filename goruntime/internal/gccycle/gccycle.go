// Package gccycle finds out when garbage collections ran, from what the Go
// runtime tells while it runs.
//
// The runtime keeps the exact end of each cycle and the sum of its pauses, and
// not its begin. But one of its counters, the processor time of GC pauses, moves
// when a cycle begins, and the number of cycles moves when it ends. Whoever
// looks at both now and then knows between which two looks a cycle began.
//
// It is pure: looks and ends go in, cycles come out. It is not safe for use by
// several goroutines.
package gccycle

import "time"

// A Look is what the runtime's counters said between two moments.
type Look struct {
	Before, After time.Time
	Pauses        float64 // /cpu/classes/gc/pause:cpu-seconds
	Cycles        uint64  // /gc/cycles/total:gc-cycles
}

// An End is what the runtime keeps of a cycle that is over.
type End struct {
	Number uint64
	At     time.Time
	Pause  time.Duration // all stop-the-world time of the cycle
}

// A Cycle is one garbage collection, from its first stop-the-world pause to the
// end of its last. It began between Earliest and Latest. Concurrent sweeping,
// which goes on after the end, is no part of it.
type Cycle struct {
	Number           uint64
	Earliest, Latest time.Time
	End              time.Time
	Pause            time.Duration
}

// soon is how long after the end of a cycle none can have begun: the next one
// needs 4 MB allocated first, at the least. Only runtime.GC called in a tight
// loop is faster, and then Earliest may be late, by less than the cycle.
const soon = time.Millisecond

// Tracker follows the cycles. Its zero value knows of none yet.
type Tracker struct {
	last Look
	idle bool      // at the last look no cycle was under way, surely
	from time.Time // the cycle that is under way, or the next, did not begin before
	// until is zero until a look shows that a cycle is under way.
	until time.Time
	ended time.Time // the last cycle
}

// Look takes note of the counters. Looks come in order of time.
func (t *Tracker) Look(l Look) {
	switch {
	case t.last.After.IsZero(): // one may be under way already
		t.from = l.Before
	case l.Cycles != t.last.Cycles: // Ended will have the cycle
		t.idle = false
	case l.Pauses != t.last.Pauses:
		if t.until.IsZero() { // else the runtime tried to end the mark phase, and put it off
			t.until = l.After
		}
		t.idle = false
	case t.idle:
		t.from = l.Before
	}
	t.last = l
}

// Ended takes the ends of the cycles since the last call, oldest first, and the
// look that was taken right before the ends were read.
func (t *Tracker) Ended(ends []End, l Look) []Cycle {
	cycles := make([]Cycle, 0, len(ends))
	for _, e := range ends {
		cycles = append(cycles, t.cycle(e))
		t.ended, t.from, t.until = e.At, e.At, time.Time{}
	}
	t.idle = l.After.Sub(t.ended) < soon && l.After.After(t.ended)
	t.last = l
	return cycles
}

// cycle bounds the begin of the one that ended. The counter moves only at the
// end of the cycle's first pause, so a look may have come during it.
func (t *Tracker) cycle(e End) Cycle {
	c := Cycle{Number: e.Number, Earliest: t.from.Add(-e.Pause), Latest: e.At.Add(-e.Pause), End: e.At, Pause: e.Pause}
	if c.Earliest.Before(t.ended) {
		c.Earliest = t.ended
	}
	if !t.until.IsZero() && t.until.Before(c.Latest) {
		c.Latest = t.until
	}
	if c.Earliest.After(c.Latest) { // somebody set the clock
		c.Earliest = c.Latest
	}
	return c
}
