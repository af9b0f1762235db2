package pace

import (
	"sort"
	"time"
)

// Interval is a stretch of real time.
type Interval struct{ Begin, End time.Time }

// Within is how much of the time between two moments lies in intervals, which do not
// overlap.
func Within(intervals []Interval, begin, end time.Time) (d time.Duration) {
	for _, i := range intervals {
		if i.Begin.Before(begin) {
			i.Begin = begin
		}
		if i.End.After(end) {
			i.End = end
		}
		d += max(0, i.End.Sub(i.Begin))
	}
	return d
}

// Progress is how far a stage has come at a moment. What follows Left is zero before
// the stage has begun.
//
// Rates are computed from it (docs/adr/0017). The time of an open stage is that of the
// schedule, so that a generator that stalls has a lower rate: it reaches from the
// stage's beginning to when the next of its requests is due, since a request stands for the
// time until the next. Late requests lengthen it by as long as they are late.
type Progress struct {
	Open bool
	// Left is the requests that were not given out, as far as they are known: a closed loop
	// with a duration has none.
	Left uint64

	Begun bool
	Given uint64 // requests given out
	// Due is the requests that were due a moment ago (100ms), and those given out.
	Due uint64
	// Begin is when an open stage begins by the schedule, or when the turn of a closed
	// loop came.
	Begin time.Time
	// End is of an open stage: when the next request is due, or the stage ends; or now, or
	// when the last request was given out, if that is later. Of a closed loop it is when it
	// gave out its last request at the latest.
	End time.Time
	// Planned is of an open stage: End, had no request been late.
	Planned time.Time

	// Until is of an open stage End, but no later than now, or than when the pacer
	// stopped before the stage's last request. Ahead is how much of the requests that were given
	// out the time between the two stands for: 1 as a request is given out when it is due, and
	// 0 when the next is due.
	Until time.Time
	Ahead float64
	// Lead is the shard's share of a request that the time before its first request stands for,
	// while requests are left: shard 1/2 begins half a gap after the stage. 0 in the whole.
	Lead float64
}

// Progress of each stage of the schedule at a moment, and the pauses until then. A
// pacer that has stopped stays as it was then.
func (p *Pacer) Progress(now time.Time) (stages []Progress, pauses []Interval) {
	asked := now
	if p.End() != Running {
		now = p.stopped
	}
	given, last := p.given.Load(), p.track.last() // in this order: requests belong to stages that have begun
	stages = p.schedule.Ahead()
	pauses, _ = p.tempo.pauses(p.next(last, given), now)
	for i := range last + 1 {
		s := &stages[i]
		p.progress(s, i, last, given, now)
		if s.Open {
			until := now
			if s.Left == 0 {
				until = asked // its time goes on behind its last request
			}
			p.part(s, i, until, now, pauses)
		}
	}
	return stages, pauses
}

// Ahead is the progress of each stage of a schedule that has not begun.
func (s *Schedule) Ahead() []Progress {
	stages := make([]Progress, len(s.spans))
	for i := range stages {
		stages[i] = Progress{Open: s.spans[i].open(), Left: s.spans[i].requests}
	}
	return stages
}

// next is the offset of the next request of the stage under way, or of its end; 0 in a
// closed loop.
func (p *Pacer) next(stage int, given uint64) time.Duration {
	if stage < 0 || !p.schedule.spans[stage].open() {
		return 0
	}
	span, entry := &p.schedule.spans[stage], &p.track.stages[stage]
	if hits := given - min(given, entry.first); hits < span.requests {
		return entry.begin + span.at(hits)
	}
	return entry.begin + span.length
}

// progress fills in what is known of a stage that has begun.
func (p *Pacer) progress(s *Progress, i, last int, given uint64, now time.Time) {
	span, entry := &p.schedule.spans[i], &p.track.stages[i]
	s.Begun = true
	s.Given = given - min(given, entry.first)
	gave := p.options.Begin.Add(time.Duration(p.gave.Load()))
	if i < last {
		after := &p.track.stages[i+1]
		s.Given = after.first - entry.first
		now, gave = after.at, p.options.Begin.Add(after.gave)
	}
	s.Left = span.requests - min(span.requests, s.Given)
	s.Due, s.Begin, s.End = s.Given, entry.at, now
	if !span.open() {
		return
	}
	s.Begin = p.moment(entry.begin, now)
	end := p.moment(entry.begin+span.length, now)
	if s.Left == 0 {
		s.Planned, s.End = end, later(end, gave)
		return
	}
	s.Planned = p.moment(entry.begin+span.at(s.Given), now)
	if now.After(s.Planned) {
		s.Planned = now
	}
	s.End = s.Planned
	if s.Planned.After(end) {
		s.Planned = end
	}
	offset, _ := p.tempo.offset(now.Add(-minOverrun))
	s.Due = s.Given + span.due(s.Given, offset-entry.begin)
}

// part fills in what of an open stage is behind a moment.
func (p *Pacer) part(s *Progress, i int, until, now time.Time, pauses []Interval) {
	span, entry := &p.schedule.spans[i], &p.track.stages[i]
	begin, stands := s.Begin, 1.0 // of the request that was given out last
	if s.Left > 0 {
		s.Lead = float64(span.skip) / float64(span.step)
	}
	switch {
	case span.requests == 0:
		stands = 0
	case s.Given == 0:
		stands = s.Lead
	default:
		begin = p.moment(entry.begin+span.at(s.Given-1), now)
		if s.Left == 0 {
			stands -= float64(span.skip) / float64(span.step)
		}
	}
	s.Until = s.End
	if !until.Before(s.End) {
		return
	}
	s.Until = later(s.Begin, until)
	whole := s.End.Sub(begin) - Within(pauses, begin, s.End)
	left := s.End.Sub(s.Until) - Within(pauses, s.Until, s.End)
	if whole > 0 {
		s.Ahead = stands * min(1, float64(left)/float64(whole))
	}
}

// due is how many requests of an open stage from one on are due by an offset. Most often it
// is few: it looks near before it looks far.
func (s *span) due(from uint64, offset time.Duration) uint64 {
	left := s.requests - from
	if offset >= s.length {
		return left
	}
	before := func(n uint64) bool { return s.at(from+n) <= offset }
	most := uint64(1)
	for most < left && before(most-1) {
		most = min(2*most, left)
	}
	return uint64(sort.Search(int(most), func(n int) bool { return !before(uint64(n)) }))
}

// moment of an offset. During a pause before it, it is that of the pause, and as long
// after as it would have taken without.
func (p *Pacer) moment(offset time.Duration, now time.Time) time.Time {
	at, ok := p.tempo.moment(offset)
	if ok {
		return at
	}
	_, owed := p.tempo.pauses(offset, now)
	legs := *p.tempo.legs.Load()
	return legs[len(legs)-1].at.Add(owed)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
