package gccycle

// pauses tells by their number whether a cycle is under way.
//
// A cycle has two pauses. The pauses beyond two for each cycle that is over are one
// if a cycle is under way, and one more for each time since the process began that
// the runtime tried to end a mark phase, found more to mark, and went on. The latter
// only grow. So the target is idle where there are no more than when it was idle
// before, or fewer than before.
//
// Subtle: that the end of a cycle was seen a moment ago does not prove it. Near its
// memory limit, a process begins the next cycle within microseconds.
type pauses struct {
	beyond, level int64 // at the last look, and when it was last idle
	seen, known   bool  // whether there are these
}

// idle reports whether no cycle is under way, for sure.
func (p *pauses) idle(l Look) bool {
	if l.Torn {
		return false
	}
	beyond := int64(l.Stops) - 2*int64(l.Cycles)
	idle := beyond <= 0 || p.known && beyond == p.level || p.seen && beyond < p.beyond
	p.beyond, p.seen = beyond, true
	if idle {
		p.level, p.known = beyond, true
	}
	return idle
}
