package summary

import (
	"sort"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// timetable says how many requests of an open-loop attack are due when.
type timetable struct {
	schedule *pace.Schedule
	planned  uint64
	length   time.Duration
}

// timetables of a plan's attacks; nil where there is none, because of a closed loop.
func timetables(plan *loadgen.Plan) []*timetable {
	out := make([]*timetable, len(plan.Attacks))
	for i := range plan.Attacks {
		s, err := pace.New(plan.Attacks[i].Load)
		if err != nil {
			continue
		}
		s = s.Part(plan.Part)
		t := &timetable{schedule: s}
		planned, counted := s.Planned()
		length, timed := s.Duration()
		if counted && timed {
			t.planned, t.length = planned, length
			out[i] = t
		}
	}
	return out
}

// due is the number of requests due by an offset from the attack's beginning.
func (t *timetable) due(offset time.Duration) uint64 {
	if offset >= t.length {
		return t.planned
	}
	return uint64(sort.Search(int(t.planned), func(n int) bool {
		at, ok := t.schedule.At(uint64(n))
		return !ok || at > offset
	}))
}

// stage is the numbers of the first request of a stage and of the next's, and
// when the stage begins and ends, to within the gap between two requests.
func (t *timetable) stage(i int) (first, next uint64, begin, end time.Duration) {
	from := func(stage int) uint64 {
		return uint64(sort.Search(int(t.planned), func(n int) bool {
			at, ok := t.schedule.StageOf(uint64(n))
			return !ok || at >= stage
		}))
	}
	first, next = from(i), from(i+1)
	offset := func(n uint64) time.Duration {
		if at, ok := t.schedule.At(n); ok {
			return at
		}
		return t.length
	}
	return first, next, offset(first), offset(next)
}

// wanted is the rate that the schedule wants of a check's requests until now, 0
// where it is not known or has not begun.
func (a *Accumulator) wanted(c *verdict.Check, now time.Time, accounts []runner.Account) float64 {
	var due uint64
	var begin, end time.Time
	for i, account := range accounts {
		if !c.About(i) || !account.Begun {
			continue
		}
		t := a.times[i]
		if t == nil {
			return 0
		}
		first, next, from, to := uint64(0), t.planned, time.Duration(0), t.length
		if c.OfStages() {
			first, next, from, to = t.stage(c.StageOf(i))
		}
		reached := account.Offset(now)
		until := min(reached, to)
		if until <= from {
			continue
		}
		due += min(max(t.due(until), first), next) - first
		if b, _ := account.Moment(from); begin.IsZero() || b.Before(begin) {
			begin = b
		}
		e := now
		if until < reached {
			e, _ = account.Moment(until)
		}
		if e.After(end) {
			end = e
		}
	}
	return perSecond(due, end.Sub(begin))
}

// dueOf is how many requests of a relative check's attacks are due by now.
func (a *Accumulator) dueOf(c *verdict.Check, now time.Time, accounts []runner.Account) (due uint64) {
	if !c.Relative() {
		return 0
	}
	for i, account := range accounts {
		if c.About(i) && account.Begun && a.times[i] != nil {
			due += a.times[i].due(account.Offset(now))
		}
	}
	return due
}
