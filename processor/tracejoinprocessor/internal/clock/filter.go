package clock

import "time"

// strikes is how many pairs in a row must contradict the track, and agree, until
// they replace it: one may be a broken span, three are a clock that was set.
const strikes = 3

// Filter learns the offset of one clock from pairs. What they prove is intersected,
// as of the latest 16 seconds; what has aged is worth less, by drift.
//
// A pair that contradicts the track is not part of it. As long as there is such a
// one, there may be two clocks, and a claim must hold for either: it is as wide as
// both, but for pairs that only the track agrees with, and it learns from these alone.
type Filter struct {
	track track
	rival rival
	ticks ticks
}

// Add learns from a pair whose request was answered. Pairs whose times cannot be
// are ignored.
func (f *Filter) Add(p Pair) {
	e, ok := prove(p, 0)
	if !ok {
		return
	}
	if f.ticks.see(p.Began) { // what was learned as of a fine clock proves nothing
		f.track, f.rival = track{}, rival{}
	}
	if tick := f.ticks.grain(); tick > 0 {
		e, _ = prove(p, tick)
	}
	known, ok := f.track.at(e.at)
	switch {
	case ok && known.apart(e.interval):
		f.rival.add(e)
		if f.rival.row >= strikes {
			f.replace(e.at)
		}
	case !f.rival.agrees(e): // else it may be of the other clock, and narrow this one in vain
		f.track.add(e)
		f.rival.contradicted(e)
	}
}

// replace the track by its rival, and let the rival be what was known before: if
// there are two clocks, it will be contradicted in turn.
func (f *Filter) replace(at int64) {
	before, _ := f.track.at(at)
	f.track = track{}
	f.track.add(evidence{interval: f.rival.common, at: at, ended: f.rival.common.low})
	f.rival = rival{at: at, recurring: f.rival.recurring.hull(before)}
}

// Of is the best estimate for the request of a pair that was added; ok is false if
// the pair contradicts what is known, or its times cannot be.
func (f *Filter) Of(p Pair) (e Estimate, ok bool) {
	own, ok := prove(p, f.ticks.grain())
	if !ok {
		return e, false
	}
	known, ok := f.track.at(own.at)
	if !ok || known.apart(own.interval) {
		return e, false
	}
	if f.rival.agrees(own) {
		known = known.hull(f.rival.offsetAt(own.at))
	}
	return f.within(known.and(own.interval)), true
}

// At is the best estimate for a time by the generator's clock, of a request without
// a pair; ok is false if there was no pair.
func (f *Filter) At(t time.Time) (e Estimate, ok bool) {
	at := t.UnixNano()
	known, ok := f.track.at(at)
	if !ok {
		return e, false
	}
	if f.rival.lives(at) {
		known = known.hull(f.rival.offsetAt(at))
	}
	return f.within(known), true
}

// within an interval the estimate is where most ends of spans suggest, if they do.
func (f *Filter) within(i interval) Estimate {
	if ended := f.track.ended; f.track.pairs >= enough && ended > i.low && ended < i.high {
		return i.estimate(ended + (i.high-ended)/2)
	}
	return i.estimate(i.low + (i.high-i.low)/2)
}

// Alone is the estimate that one pair proves, of a clock of which nothing is known
// but that; ok is false if its times cannot be.
func Alone(p Pair) (e Estimate, ok bool) {
	own, ok := prove(p, 0)
	return own.estimate(own.low + (own.high-own.low)/2), ok
}

func (i interval) estimate(offset time.Duration) Estimate {
	return Estimate{Offset: offset, Bound: max(i.high-offset, offset-i.low)}
}
