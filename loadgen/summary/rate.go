package summary

import (
	"slices"
	"time"

	"github.com/loadtrace/loadtrace/internal/figure"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// measure is what a rate is computed from (docs/adr/0017): requests, and the time that
// they stand for. Those of an open stage are the ones sent, and the time is the
// schedule's; those of a closed loop the ones that finished, from when its turn came to
// when the last of its requests ended, or until now if it waits for one that hangs. Times that overlap, of attacks side by side,
// count once; pauses do not count.
//
// A request of an open stage stands for the time until the next. That of one attack is
// taken whole, also while it is ahead. Where there are several attacks the time ends
// now, or the slowest of them would stretch that of all: of the last request of each
// counts as much as has passed of the time that it stands for. So one of 1/m adds a
// sixtieth of a request after its first second, beside another one as well as alone.
type measure struct {
	several bool // attacks

	n     uint64  // requests
	count float64 // of them, for the time taken
	taken []pace.Interval
	// Of open stages: the requests that were due, and the time that the schedule wanted
	// them in.
	due     float64
	planned []pace.Interval
}

// about is the stage of an attack that a measure takes in: a number from 0,
// verdict.Whole for all, or none.
type about func(attack int) (stage int, ok bool)

func everything(int) (int, bool) { return verdict.Whole, true }

// whole is all stages of an attack.
func whole(attack int) about {
	return func(i int) (int, bool) { return verdict.Whole, i == attack }
}

func aboutCheck(c *verdict.Check) about {
	return func(i int) (int, bool) { return c.StageOf(i), c.About(i) }
}

// Rates are RateAchieved of each attack until now.
func (a *Accumulator) Rates(accounts []runner.Account) []float64 {
	rates := make([]float64, len(a.attacks))
	for i := range rates {
		rates[i] = figure.Round(a.measured(accounts, whole(i)).rate())
	}
	return rates
}

// measured is the measure of what was done until now. Locks of attacks must not be held.
func (a *Accumulator) measured(accounts []runner.Account, of about) *measure {
	m := a.measure(of)
	a.each(accounts, of, func(p *pace.Progress, s *stageCounts, c *runner.Account) {
		if p.Open {
			m.open(p, s, c.Pauses)
		} else if s.finished > 0 { // without an answer a closed loop has no rate
			m.closed(p, s, c.Pauses, s.until(p, c))
		}
	})
	return m
}

// measure of nothing yet.
func (a *Accumulator) measure(of about) *measure {
	attacks := 0
	for i := range a.attacks {
		if _, ok := of(i); ok {
			attacks++
		}
	}
	return &measure{several: attacks > 1}
}

// passed is measured with the time of a closed loop going on while it is under way,
// also without an answer.
func (a *Accumulator) passed(accounts []runner.Account, of about) *measure {
	m := a.measure(of)
	a.each(accounts, of, func(p *pace.Progress, s *stageCounts, c *runner.Account) {
		if p.Open {
			m.open(p, s, c.Pauses)
			return
		}
		m.closed(p, s, c.Pauses, later(p.End, s.last))
	})
	return m
}

// each visits the stages that have begun.
func (a *Accumulator) each(accounts []runner.Account, of about, visit func(*pace.Progress, *stageCounts, *runner.Account)) {
	for i, t := range a.attacks {
		stage, ok := of(i)
		if !ok || i >= len(accounts) {
			continue
		}
		t.mu.Lock()
		counts := slices.Clone(t.counts.stages)
		t.mu.Unlock()
		c := &accounts[i]
		for j := range min(len(counts), len(c.Stages)) {
			if p := &c.Stages[j]; p.Begun && (stage == verdict.Whole || stage == j) {
				visit(p, &counts[j], c)
			}
		}
	}
}

func (m *measure) open(p *pace.Progress, s *stageCounts, pauses []pace.Interval) {
	end, planned, more := p.End, p.Planned, p.Lead
	if m.several {
		end, more = p.Until, more-p.Ahead
		if planned.After(end) {
			planned = end
		}
	}
	m.n += p.Given - min(p.Given, s.unsent)
	m.count += max(0, float64(p.Given)+more-float64(s.unsent))
	m.due += max(0, float64(p.Due)+more)
	m.taken = appendWithout(m.taken, pace.Interval{Begin: p.Begin, End: end}, pauses, 0)
	m.planned = appendWithout(m.planned, pace.Interval{Begin: p.Begin, End: planned}, pauses, 0)
}

// closed adds a closed loop. Requests that were under way when a pause began went on
// in it, for the longest service time at most: so much of a pause counts.
func (m *measure) closed(p *pace.Progress, s *stageCounts, pauses []pace.Interval, end time.Time) {
	m.n += s.finished
	m.count += float64(s.finished)
	m.taken = appendWithout(m.taken, pace.Interval{Begin: p.Begin, End: end}, pauses, s.longest)
}

// until is when the time of a closed loop ends that has had an answer: with the last of
// them, or, if it has waited longer for the next one than for any before, when it was
// asked for last. A target that hangs keeps no rate; and of one whose answers come all at
// once, as those of workers that began together do, the rate does not sink between them.
func (s *stageCounts) until(p *pace.Progress, c *runner.Account) time.Time {
	asked := p.End
	if p.Given > s.ended+s.unsent {
		asked = later(asked, c.At)
	}
	silence := asked.Sub(s.last) - pace.Within(c.Pauses, s.last, asked)
	if silence > s.longest {
		return asked
	}
	return s.last
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// rate per second; 0 if there is none.
func (m *measure) rate() float64 {
	if m.n == 0 {
		return 0
	}
	return perSecond(m.count, union(m.taken))
}

// reading of the rate, or of its ratio to the rate that the schedule wants.
func (m *measure) reading(relative bool) verdict.Reading {
	r := verdict.Reading{Value: m.rate(), Samples: m.n}
	if r.Value == 0 {
		return verdict.Reading{}
	}
	if !relative {
		return r
	}
	wanted := perSecond(m.due, union(m.planned))
	if wanted == 0 {
		return verdict.Reading{}
	}
	r.Value /= wanted
	return r
}

// appendWithout appends what is left of an interval without pauses, each from a while
// after its beginning.
func appendWithout(to []pace.Interval, i pace.Interval, pauses []pace.Interval, after time.Duration) []pace.Interval {
	for _, p := range pauses {
		p.Begin = p.Begin.Add(after)
		if !p.Begin.Before(p.End) || !p.End.After(i.Begin) || !p.Begin.Before(i.End) {
			continue
		}
		if p.Begin.After(i.Begin) {
			to = append(to, pace.Interval{Begin: i.Begin, End: p.Begin})
		}
		i.Begin = p.End
	}
	if i.End.After(i.Begin) {
		to = append(to, i)
	}
	return to
}

// union is how long intervals are, where they overlap once. It orders them.
func union(intervals []pace.Interval) (d time.Duration) {
	slices.SortFunc(intervals, func(a, b pace.Interval) int { return a.Begin.Compare(b.Begin) })
	var end time.Time
	for _, i := range intervals {
		if i.Begin.Before(end) {
			i.Begin = end
		}
		if i.End.After(i.Begin) {
			d += i.End.Sub(i.Begin)
			end = i.End
		}
	}
	return d
}

// rateWanted of an attack over its whole schedule, without pauses. A closed loop wants
// none.
func rateWanted(plan *loadgen.Plan, attack int, c *runner.Account) float64 {
	for _, stage := range plan.Attacks[attack].Load {
		if stage.Max != nil {
			return 0
		}
	}
	return perSecond(float64(c.Planned), c.Length)
}

// totalWanted is the rate over the schedules of all attacks, 0 if one has none.
func totalWanted(plan *loadgen.Plan, accounts []runner.Account) float64 {
	var planned uint64
	for i := range accounts {
		if rateWanted(plan, i, &accounts[i]) == 0 {
			return 0
		}
		planned += accounts[i].Planned
	}
	return perSecond(float64(planned), length(plan, accounts, func(c *runner.Account) time.Duration { return c.Length }))
}

// length of the plan, 0 if it is not known.
func length(plan *loadgen.Plan, accounts []runner.Account, of func(*runner.Account) time.Duration) (d time.Duration) {
	for i := range accounts {
		length := of(&accounts[i])
		switch {
		case length == 0:
			return 0
		case plan.Order == loadgen.Sequence:
			d += length
		default:
			d = max(d, length)
		}
	}
	return d
}

// perSecond divides whole numbers, and so rounds once: 110 / 1.1 s as floats is less than
// 100, and once breached a threshold of at least 100/s.
func perSecond(n float64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return n * float64(time.Second) / float64(d)
}
