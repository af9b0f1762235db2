// Package gccycle finds out when garbage collections ran, from what the Go
// runtime tells while it runs.
//
// The runtime keeps the exact end of each cycle and the sum of its pauses, and
// not its begin. But it counts the pauses, and the cycles that are over, and a cycle
// begins and ends with a pause. Whoever looks at both counters now and then knows
// between which two looks a cycle began.
//
// It is pure: looks and ends go in, cycles come out. It is not safe for use by
// several goroutines.
package gccycle

import "time"

// A Look is what the runtime's counters said between two moments.
type Look struct {
	Before, After time.Time
	// Cycles is /gc/cycles/total:gc-cycles, and Stops the number of pauses in
	// /sched/pauses/stopping/gc:seconds, which are counted while the world stands still.
	Cycles, Stops uint64
	// Torn: a cycle ended between the reading of the two, so that they do not match.
	Torn bool
}

// An End is what the runtime keeps of a cycle that is over.
type End struct {
	Number uint64
	At     time.Time
	Pause  time.Duration // all stop-the-world time of the cycle
}

// A Cycle is one garbage collection, from its first stop-the-world pause to the
// end of its last. It began between Earliest and Latest. Concurrent sweeping,
// which goes on after the end, is not part of it.
type Cycle struct {
	Number           uint64
	Earliest, Latest time.Time
	End              time.Time
	Pause            time.Duration
}

// Tracker follows the cycles. Its zero value knows of none yet.
type Tracker struct {
	pauses pauses
	idle   bool      // at the last look no cycle was under way, for sure
	from   time.Time // the cycle that is under way, or the next, did not begin before; zero if that is unknown
	// until is zero until a look shows that a cycle is under way.
	until time.Time
	ended time.Time // the last cycle
}

// Look takes note of the counters. Looks come in order of time.
func (t *Tracker) Look(l Look) {
	was := t.idle
	t.idle = t.pauses.idle(l)
	switch {
	case t.idle:
		t.from = later(l.Before, t.ended)
	case was && !l.Torn && t.until.IsZero():
		t.until = l.After
	}
}

// Ended takes the ends of the cycles since the last call, oldest first, and the
// look that was taken right before the ends were read. A cycle that was under way
// before the first look is left out: it may have begun at any time.
func (t *Tracker) Ended(ends []End, l Look) []Cycle {
	cycles := make([]Cycle, 0, len(ends))
	for _, e := range ends {
		if !t.from.IsZero() {
			cycles = append(cycles, t.cycle(e))
		}
		t.ended, t.from, t.until = e.At, e.At, time.Time{}
	}
	t.idle = t.pauses.idle(l) && (len(ends) == 0 || ends[len(ends)-1].Number <= l.Cycles)
	if t.idle {
		t.from = later(l.Before, t.ended)
	}
	return cycles
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// cycle bounds the begin of the one that ended. A pause is counted when all threads
// have stopped, so that a look may have come while they were about to.
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
