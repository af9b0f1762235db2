package window

import (
	"sort"
	"time"
)

// RingCycles is how many GC cycles are kept of an instance: ten seconds at fifty a
// second.
const RingCycles = 512

// Cycle is one garbage collection, in unix nanoseconds by the clock of its process.
// It began between Earliest and Latest, and ended at End.
type Cycle struct {
	Number                uint64 // counts the cycles of the process
	Earliest, Latest, End int64
	Pause                 time.Duration // stop-the-world time, in all
}

// cycles is the latest ones of an instance, by their end.
type cycles struct {
	ring []Cycle
	// mixed: their numbers do not rise, so that they are of several processes with one
	// name, or of one before and after a restart.
	mixed bool
}

// put adds a cycle, unless it is known. The oldest makes room.
func (cs *cycles) put(c Cycle) {
	defer cs.check()
	i := cs.after(c.End - 1)
	switch {
	case i < len(cs.ring) && cs.ring[i].End == c.End: // sent again
	case len(cs.ring) < RingCycles:
		cs.ring = append(cs.ring, Cycle{})
		copy(cs.ring[i+1:], cs.ring[i:])
		cs.ring[i] = c
	case i > 0:
		copy(cs.ring, cs.ring[1:i])
		cs.ring[i-1] = c
	}
}

func (cs *cycles) check() {
	cs.mixed = false
	for i := 1; i < len(cs.ring) && !cs.mixed; i++ {
		cs.mixed = cs.ring[i].Number <= cs.ring[i-1].Number
	}
}

// after is the index of the first cycle that ended after a time.
func (cs *cycles) after(at int64) int {
	return sort.Search(len(cs.ring), func(i int) bool { return cs.ring[i].End > at })
}

// GC overlap.
const (
	OverlapNo       = "no"
	OverlapPossible = "possible"
	OverlapYes      = "yes"
)

// Resolutions: how an overlap was found.
const (
	ByCycles  = "cycles"  // when each cycle began and ended
	BySamples = "samples" // how many cycles ended between two samples
)

// GC is what garbage collections mean for an interval of work.
type GC struct {
	Overlap    string // empty if unknown
	Resolution string
	// Of the cycles that met the work or may have, where it is found by cycles: how
	// many there are, for how long at least and at most they went on while it did,
	// and their stop-the-world time, not all of which need have met it.
	Cycles      int
	Least, Most time.Duration
	Pause       time.Duration
}

// meet returns which cycles met work from began to ended, by the same clock. There
// was none for sure only where two cycles with no other between them are known,
// one that was over before the work and one that began after it, and all that are
// known are of one process; else the overlap is unknown.
func (cs *cycles) meet(began, ended int64) GC {
	g := GC{Overlap: OverlapPossible, Resolution: ByCycles}
	first := cs.after(began)
	i := first
	for ; i < len(cs.ring) && cs.ring[i].Earliest < ended; i++ {
		c := &cs.ring[i]
		g.Cycles++
		g.Pause += c.Pause
		g.Most += time.Duration(min(ended, c.End) - max(began, c.Earliest))
		if c.Latest < ended {
			g.Least += time.Duration(min(ended, c.End) - max(began, c.Latest))
			g.Overlap = OverlapYes
		}
	}
	switch {
	case g.Cycles > 0:
		return g
	case !cs.mixed && first > 0 && i < len(cs.ring) && cs.ring[first-1].Number+1 == cs.ring[i].Number:
		return GC{Overlap: OverlapNo, Resolution: ByCycles}
	}
	return GC{}
}

// sampled returns the overlap by the number of cycles that ended between two samples
// around the work: one of them may or may not have met it. That there are none
// proves nothing, as one may have been under way all the time.
func sampled(count Value) GC {
	if !count.OK || count.V == 0 {
		return GC{}
	}
	return GC{Overlap: OverlapPossible, Resolution: BySamples}
}
