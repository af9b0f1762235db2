package summary

import (
	"time"

	"github.com/loadtrace/loadtrace/internal/figure"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/runner"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// Accumulator takes the records of one run. Its memory is bounded whatever it is
// given: about 250 KiB for each attack, and up to 64 KiB more for one that streams; that
// of a shard whose plan has thresholds with windows, 8 MiB more.
//
// Add may be called by many goroutines at once, and beside Snapshot. Records of
// one attack wait for each other, for less than half a microsecond; the sink
// that calls Add has a lock of its own, so parts for each processor would cost
// memory and win nothing.
type Accumulator struct {
	plan    *loadgen.Plan
	run     loadgen.RunID
	began   time.Time
	attacks []*tally
	last    time.Time // of the last snapshot; Snapshot has one caller at a time
	counted uint64    // requests that count for the rate, as of the last snapshot

	checks  []verdict.Check
	watched []*watched // of each check; Readings has one caller at a time

	keptBytes int // of the slices that are kept; of who calls Readings
}

// New makes the accumulator of a run that began at a time. The plan must not change.
func New(plan *loadgen.Plan, run loadgen.RunID, began time.Time) *Accumulator {
	a := &Accumulator{plan: plan, run: run, began: began, last: began}
	for i := range plan.Attacks {
		a.attacks = append(a.attacks, newTally(len(plan.Attacks[i].Load)))
	}
	a.checks = verdict.Checks(plan)
	a.watch(a.checks)
	return a
}

// Add takes a record, whose Attack is an index of the plan's attacks. It is a
// loadgen.Sink and keeps nothing of the record that may change.
func (a *Accumulator) Add(r *loadgen.Record) {
	t := a.attacks[r.Attack]
	t.mu.Lock()
	t.add(r)
	t.mu.Unlock()
}

// Conclusion is what an accumulator cannot know of a run's end.
type Conclusion struct {
	Accounts  []runner.Account // of the plan's attacks, after their end
	Stopped   bool             // the run was stopped before its plan was complete
	Reason    string           // of the stop
	Err       error            // of an engine
	Telemetry Telemetry        // may be filled in later, with the faults of Telemetry.Check
}

// Summary gives the figures of the whole run, which ended at a time, after the
// last record was added. Its Faults are those that Check finds, and those of the
// accounts.
func (a *Accumulator) Summary(end time.Time, c Conclusion) Summary {
	s := Summary{
		RunID:     a.run.String(),
		Plan:      a.plan.Name,
		Began:     a.began,
		Elapsed:   Seconds(max(0, end.Sub(a.began)).Seconds()),
		End:       Completed,
		Telemetry: c.Telemetry,
	}
	switch {
	case c.Err != nil:
		s.End, s.Error = Failed, c.Err.Error()
	case c.Stopped:
		s.End, s.StopReason = Stopped, c.Reason
	}
	accounts := a.accounts(c.Accounts)
	a.figures(&s, accounts)
	if !a.plan.Shard.Whole() {
		s.Addends = a.Addends(accounts)
	}
	s.Faults = append(a.audit(accounts), s.Check()...)
	return s
}

// figures fills in what is computed from records.
func (a *Accumulator) figures(s *Summary, accounts []runner.Account) {
	total, unused := newTally(0), newHistogram()
	s.Attacks = []Attack{}
	for i, t := range a.attacks {
		t.mu.Lock()
		t.times.drain(unused)
		f := t.figures()
		total.merge(t)
		s.Failures = append(s.Failures, a.requests(t.firstFailures())...)
		t.mu.Unlock()
		f.Requests.include(accounts[i])
		f.RateWanted = figure.Round(rateWanted(a.plan, i, &accounts[i]))
		f.RateAchieved = figure.Round(a.measured(accounts, whole(i)).rate())
		s.Attacks = append(s.Attacks, Attack{Name: a.plan.Attacks[i].Name, Target: accounts[i].Target, Figures: f})
	}
	s.Slowest = a.requests(total.slowest.descending())
	s.Total = total.figures()
	for _, c := range accounts {
		s.Total.Requests.include(c)
	}
	s.Total.RateWanted = figure.Round(totalWanted(a.plan, accounts))
	s.Total.RateAchieved = figure.Round(a.measured(accounts, everything).rate())
}

// accounts has one for each attack, empty where the run has none.
func (a *Accumulator) accounts(given []runner.Account) []runner.Account {
	all := make([]runner.Account, len(a.attacks))
	copy(all, given)
	return all
}

// include adds what was planned and what was never given out.
func (r *Requests) include(c runner.Account) {
	r.Planned += c.Planned
	if c.Unsent == 0 {
		return
	}
	if r.NotSent == nil {
		r.NotSent = map[loadgen.NotSentReason]uint64{}
	}
	r.NotSent[c.UnsentReason] += c.Unsent
}
