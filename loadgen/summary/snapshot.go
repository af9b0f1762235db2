package summary

import (
	"fmt"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// Snapshot gives the figures at a time. Rates and quantiles are over the interval
// since the last call, so there should be one caller, which calls one at a time.
func (a *Accumulator) Snapshot(now time.Time, accounts []runner.Account) Snapshot {
	accounts = a.accounts(accounts)
	s := Snapshot{Plan: a.plan.Name, Elapsed: max(0, now.Sub(a.began)), Total: length(a.plan, accounts, func(c *runner.Account) time.Duration { return c.Total })}
	s.count(accounts)
	s.Stage = a.stages(accounts)

	response := newHistogram()
	for _, t := range a.attacks {
		t.drain(&s, response)
	}
	counted := a.measured(accounts, everything).n
	s.RateAchieved = perSecond(float64(counted-min(counted, a.counted)), now.Sub(a.last))
	a.counted = counted
	if q := response.quantiles(); q.Count > 0 {
		s.P50, s.P99 = q.P50.Duration(), q.P99.Duration()
	}
	a.last = now
	return s
}

// drain adds the counts to s and moves the interval's times into response.
func (t *tally) drain(s *Snapshot, response *histogram) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.Sent += t.counts.finished + t.counts.failed
	s.Failed += t.counts.failed - t.cut()
	s.BadStatus += t.counts.finished - t.counts.ok
	t.times.drain(response)
}

// count what the accounts know: the plan, and what is under way.
func (s *Snapshot) count(accounts []runner.Account) {
	exact := true
	for _, c := range accounts {
		s.Planned += c.Planned
		exact = exact && c.Exact
		s.RateWanted += c.RateWanted
		if c.Given > c.Recorded { // the two are not read at the same moment
			s.InFlight += c.Given - c.Recorded
		}
	}
	if !exact {
		s.Planned = 0
	}
}

// stages names the attacks under way and where they are.
func (a *Accumulator) stages(accounts []runner.Account) string {
	var names []string
	for i, c := range accounts {
		if c.Begun && !c.Ended {
			names = append(names, a.stage(i, c.Stage))
		}
	}
	return strings.Join(names, ", ")
}

func (a *Accumulator) stage(attack, stage int) string {
	spec := &a.plan.Attacks[attack]
	switch {
	case stage < 0 || stage >= len(spec.Load):
		return spec.Name
	case spec.Load[stage].Name != "":
		return spec.Name + ": " + spec.Load[stage].Name
	case len(spec.Load) == 1:
		return spec.Name
	default:
		return fmt.Sprintf("%s: stage %d of %d", spec.Name, stage+1, len(spec.Load))
	}
}
