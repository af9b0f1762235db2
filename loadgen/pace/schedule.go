package pace

import (
	"sort"
	"time"
)

// Schedule is a list of stages made ready: the intended time of every request, as an
// offset from the schedule's zero.
//
// In the open stages (all but max) request n is due at the smallest t at which the
// integral of the rate, over all of them, has grown to n. A fraction of a request
// that is left at a stage's end carries over, so stages join without a gap. A request
// of a stage is due before the stage's end; one due at the border belongs to the
// next stage. A stage with a duration whose rate falls to 0 at its end sends whole
// requests only: the fraction that is left makes none. How Poisson and closed-loop stages join is told at newSpan.
//
// A Schedule never changes, and any number of goroutines may use it.
type Schedule struct {
	spans []span
	known []place // of the stages before the first closed loop
	shard Shard   // zero if it is the whole
}

// place is where an open stage lies in its schedule.
type place struct {
	first uint64 // its first request
	start time.Duration
}

// New checks stages and makes a Schedule of them, which may be used for any
// number of pacers. Faults are *KeyError with keys such as load[1].ramp.from,
// joined.
func New(stages []Stage) (*Schedule, error) {
	if err := validate(stages); err != nil {
		return nil, err
	}
	s := &Schedule{spans: make([]span, len(stages))}
	lead := 0.0
	for i := range stages {
		s.spans[i], lead = newSpan(&stages[i], lead)
	}
	s.locate()
	return s, nil
}

func (s *Schedule) locate() {
	var at place
	for i := range s.spans {
		if !s.spans[i].open() {
			return
		}
		s.known = append(s.known, at)
		at.first += s.spans[i].requests
		at.start += s.spans[i].length
	}
}

// At is when request n, from 0, is due. It is not ok when there is no such request, and
// when a closed-loop stage is ahead of the request or holds it: its time is then
// known only as the schedule is run, to the Pacer.
func (s *Schedule) At(n uint64) (offset time.Duration, ok bool) {
	i, ok := s.StageOf(n)
	if !ok {
		return 0, false
	}
	at := s.known[i]
	return at.start + s.spans[i].at(n-at.first), true
}

// StageOf is the index of the stage that holds request n; ok is At's.
func (s *Schedule) StageOf(n uint64) (stage int, ok bool) {
	i := sort.Search(len(s.known), func(i int) bool { return s.known[i].first > n }) - 1
	if i < 0 || n-s.known[i].first >= s.spans[i].requests {
		return 0, false
	}
	return i, true
}

// StageAt is the index of the stage under way at an offset. A closed loop with a
// count never ends here, since its length is not known. It is not ok outside the
// schedule.
func (s *Schedule) StageAt(offset time.Duration) (stage int, ok bool) {
	stage, _, ok = s.walk(0, offset)
	return stage, ok
}

// Rate is the wanted rate at an offset, in requests per second: 0 outside the
// schedule and in a closed loop, and after a closed loop with a count, since its
// length is not known.
func (s *Schedule) Rate(offset time.Duration) float64 { return s.rate(0, offset) }

// Planned is the number of requests. It is not exact when a closed-loop stage has a
// duration: such stages count as none.
func (s *Schedule) Planned() (n uint64, exact bool) { return s.planned(0) }

// Duration is how long the schedule takes. It is not exact when a closed-loop
// stage has a count: such stages count as none.
func (s *Schedule) Duration() (d time.Duration, exact bool) {
	exact = true
	for i := range s.spans {
		d += s.spans[i].length
		exact = exact && !s.spans[i].timeless()
	}
	return d, exact
}

// planned is Planned of the stages from one on.
func (s *Schedule) planned(stage int) (n uint64, exact bool) {
	exact = true
	for i := stage; i < len(s.spans); i++ {
		n += s.spans[i].requests
		exact = exact && !s.spans[i].endless()
	}
	return n, exact
}

// rest is Duration of the stages from one on.
func (s *Schedule) rest(stage int) (d time.Duration) {
	for i := stage; i < len(s.spans); i++ {
		d += s.spans[i].length
	}
	return d
}

// rate is Rate with the offset taken from the beginning of a stage.
func (s *Schedule) rate(stage int, offset time.Duration) float64 {
	stage, offset, ok := s.walk(stage, offset)
	if !ok {
		return 0
	}
	return s.spans[stage].rate(offset)
}

// walk goes from the beginning of a stage over offset, and is where that leads:
// a stage and the offset in it.
func (s *Schedule) walk(stage int, offset time.Duration) (int, time.Duration, bool) {
	if offset < 0 {
		return 0, 0, false
	}
	for ; stage < len(s.spans); stage++ {
		if at := &s.spans[stage]; offset < at.length || at.timeless() {
			return stage, offset, true
		}
		offset -= s.spans[stage].length
	}
	return 0, 0, false
}
