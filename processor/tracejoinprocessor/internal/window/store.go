package window

import "time"

// Store has the samples and the cycles of all instances.
type Store struct {
	own     instanceCache[series] // samples by the instance's own clock
	scraped instanceCache[series] // and those by the collector's
	cycles  instanceCache[cycles]

	// Pause, if set, is called again and again while a payload is read: one may be large,
	// and others want to ask. The store may be used by others while it runs.
	Pause func()
	steps int // since the last Pause
}

// stretch is for how many points, or records, there is no Pause: about a millisecond.
const stretch = 1000

// step is called with each point or record of a payload.
func (s *Store) step() {
	if s.steps++; s.steps < stretch {
		return
	}
	s.steps = 0
	if s.Pause != nil {
		s.Pause()
	}
}

// series is the samples of one instance, from one clock.
type series struct {
	ring
	schedule histogram
	sums     [fields][ranks]running
	refused  int64 // when a figure that cannot be true was last reported; 0: never
}

// running is the sum of deltas without a gap between them.
type running struct {
	v            float64
	since, until int64
}

// NewStore makes an empty store.
func NewStore() *Store {
	return &Store{own: newInstanceCache[series](), scraped: newInstanceCache[series](), cycles: newInstanceCache[cycles]()}
}

// Evicted is how many instances had to make room for others.
func (s *Store) Evicted() uint64 { return s.own.evicted + s.scraped.evicted + s.cycles.evicted }

// Len is how many instances have samples. One that is scraped, too, may be counted
// twice: its name is another then.
func (s *Store) Len() int { return len(s.own.members) + len(s.scraped.members) }

// Sent reports whether a sample of a service has ever come.
func (s *Store) Sent(service string) bool {
	return s.own.services[service] || s.scraped.services[service]
}

// SentBy reports whether a sample of any service has ever come but for those that are
// left out.
func (s *Store) SentBy(leftOut func(service string) bool) bool {
	for _, services := range []map[string]bool{s.own.services, s.scraped.services} {
		for service := range services {
			if !leftOut(service) {
				return true
			}
		}
	}
	return false
}

// Query is an interval of an instance's work.
type Query struct {
	Of    Identity
	Began time.Time // by the instance's clock
	Ended time.Time
	// Offset is the instance's clock − the collector's, within ± Bound, if Clocked. Only
	// then samples that the collector scraped can be placed.
	Offset, Bound time.Duration
	Clocked       bool
	MaxAge        time.Duration // samples further away than this are not used
}

// Value is a figure and how old its sample was when the work ended, at most: below 0
// if it was taken later. That of a count is the sample before the work; Width is from
// it to the one after.
type Value struct {
	V     float64
	Age   time.Duration
	Width time.Duration
	OK    bool
}

// Answer is what is known of an interval.
type Answer struct {
	Resolution string // empty if the instance has no samples
	TooOld     bool   // there are samples, and none near enough
	// Implausible: a sample near the work had a figure that cannot be true, and that is none
	// of the answer's.
	Implausible bool
	Levels      [levels]Value
	// Counts are differences over Window, from a sample before the work to one
	// after it; each is false where there are no two such samples.
	Counts [fields]Value
	Window time.Duration // the longest of the counts'
	GC     GC
}

// Known reports whether there is any figure of a sample.
func (a *Answer) Known() bool {
	for i := range a.Levels {
		if a.Levels[i].OK {
			return true
		}
	}
	for i := range a.Counts {
		if a.Counts[i].OK {
			return true
		}
	}
	return false
}

// Query returns the state of the runtime in an interval. Samples by the instance's own clock are
// preferred to those of a scrape, and any from before the end of the work to those
// from after it, which count only where there are no others.
func (s *Store) Query(q Query) (a Answer) {
	began, ended := q.Began.UnixNano(), q.Ended.UnixNano()
	own := work{began: began, ended: ended, maxAge: q.MaxAge}
	scraped := work{began: began - int64(q.Offset), ended: ended - int64(q.Offset), bound: int64(q.Bound), maxAge: q.MaxAge}
	for _, look := range []side{earlier, later} {
		if of, how := s.own.find(q.Of, true); of != nil {
			a = of.answer(own, look)
			a.Resolution = how
		}
		if a.Known() {
			break
		}
		if of, how := s.scraped.find(q.Of, false); of != nil && q.Clocked {
			a = of.answer(scraped, look)
			a.Resolution = how
		}
		if a.Known() {
			break
		}
	}
	a.TooOld = a.Resolution != "" && !a.Known()
	if of, _ := s.cycles.find(q.Of, true); of != nil {
		a.GC = of.meet(began, ended)
	}
	if a.GC.Overlap == "" {
		a.GC = sampled(a.Counts[GCCycles])
	}
	return a
}

// work is an interval by the clock of the samples, each end within ± bound.
type work struct {
	began, ended, bound int64
	maxAge              time.Duration
}

// side of the end of the work on which to look for the sample of a level.
type side int

const (
	earlier side = iota
	later
)

func (s *series) answer(w work, look side) (a Answer) {
	for f := range levels {
		a.Levels[f] = s.level(f, w, look)
	}
	for f := levels; f < fields; f++ {
		v := s.count(f, w)
		if v.OK && !f.grows(v.V, v.Width) {
			v, a.Implausible = Value{}, true
		}
		a.Counts[f] = v
		a.Window = max(a.Window, v.Width)
	}
	if off := w.ended - s.refused; s.refused != 0 && max(off, -off) <= int64(w.maxAge)+w.bound {
		a.Implausible = true
	}
	return a
}

// level of the sample next to the end of the work, on that side of it for sure.
func (s *series) level(f Field, w work, look side) (none Value) {
	near := s.last(f, w.ended-w.bound)
	if look == later {
		near = s.first(f, w.ended+w.bound)
	}
	if near == nil {
		return none
	}
	age := w.ended - near.At + w.bound
	if look == later {
		age = w.ended - near.At - w.bound
	}
	if max(age, -age) > int64(w.maxAge) || f == ScheduleP99 && w.ended+w.bound-near.Since > int64(w.maxAge) {
		return none
	}
	return Value{V: near.V[f], Age: time.Duration(age), OK: true}
}

func (s *series) count(f Field, w work) (none Value) {
	began, ended := w.began-w.bound, w.ended+w.bound
	before, after := s.last(f, began), s.first(f, ended)
	if before == nil || after == nil || w.began+w.bound-before.At > int64(w.maxAge) || after.At-(w.ended-w.bound) > int64(w.maxAge) {
		return none
	}
	d := after.V[f] - before.V[f]
	if d < 0 || after.At == before.At || !sameCount(f, before, after) { // the process was restarted in between; or nothing is between
		return none
	}
	return Value{V: d, Age: time.Duration(ended - before.At), Width: time.Duration(after.At - before.At), OK: true}
}
