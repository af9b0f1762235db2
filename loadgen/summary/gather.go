package summary

import (
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
	"github.com/loadtrace/loadtrace/loadgen/vitals"
)

// kept are the slices of a window since the run began.
type kept struct {
	slices []Slice
	cut    bool
}

// maxKept bounds the slices that are kept of all windows together, in bytes. What comes
// then is dropped, and the window is marked.
const maxKept = 8 << 20

// keep keeps a slice that has just ended, in the form in which it is written.
func (a *Accumulator) keep(w *watched, s *slice) {
	if w.kept.cut {
		return
	}
	now := &w.now.before
	lost := now.lost - s.before.lost
	out := Slice{From: s.began.Sub(a.began), To: w.now.began.Sub(a.began)}
	switch {
	case w.check.Metric == loadgen.MetricRate:
		out.Rate = &RateSlice{
			N: now.n - min(now.n, s.before.n), Count: max(0, now.count-s.before.count),
			Due: max(0, now.due-s.before.due), Taken: max(0, now.taken-s.before.taken),
		}
	default:
		out.Samples = s.addend()
	}
	if w.check.Metric == loadgen.MetricErrorRatio {
		out.N, out.Matching = out.N+lost, out.Matching+lost
	}
	const fields = 200 // bytes of all but the buckets
	size := fields
	if out.Times != nil {
		size += len(out.Times.Buckets)
	}
	if a.keptBytes+size > maxKept {
		w.kept.cut = true
		return
	}
	a.keptBytes += size
	w.kept.slices = append(w.kept.slices, out)
}

// addend writes what s holds.
func (s *sampler) addend() Samples {
	out := Samples{N: s.n, Matching: s.matching}
	if s.times != nil {
		out.Times = s.times.view().addend()
	}
	return out
}

// Until gives what a run that is not over has done until a time, for Live: its counts, which
// need not agree with each other, and the addends of a shard; of windows those that the
// latest needs. There is one caller at a time, of this, of Addends and of Readings.
func (a *Accumulator) Until(now time.Time, accounts []runner.Account) *Summary {
	accounts = a.accounts(accounts)
	s := &Summary{
		RunID: a.run.String(), Shard: NewShard(a.plan.Shard, vitals.Clock{}), Plan: a.plan.Name, Began: a.began,
		Elapsed: inSeconds(max(0, now.Sub(a.began))), Attacks: []Attack{}, Addends: a.Addends(accounts),
	}
	for i, t := range a.attacks {
		t.mu.Lock()
		f := t.figures()
		t.mu.Unlock()
		f.Requests.include(accounts[i])
		s.Attacks = append(s.Attacks, Attack{Name: a.plan.Attacks[i].Name, Figures: f})
	}
	for i := range s.Addends.Checks {
		const windows = 3 // the latest, and what another shard may be behind
		c := &s.Addends.Checks[i]
		c.Slices = c.Slices[max(0, len(c.Slices)-windows*slicesPerWindow):]
	}
	return s
}

// Addends gives what the figures are computed from until now. There is one caller at a
// time, of this, of Until and of Readings.
func (a *Accumulator) Addends(accounts []runner.Account) *Addends {
	accounts = a.accounts(accounts)
	out := &Addends{Version: AddendsVersion, Plan: outline(a.plan.Entire()), Attacks: []AttackAddends{}, Checks: []CheckAddends{}}
	for i, t := range a.attacks {
		out.Attacks = append(out.Attacks, t.addends(&accounts[i], a.began))
	}
	for _, w := range a.watched {
		var c CheckAddends
		switch {
		case w.kept != nil:
			c.Slices, c.Cut = w.kept.slices, w.kept.cut
		case w.check.OfStages() && w.check.Metric != loadgen.MetricRate:
			s := a.sampled(w, accounts)
			c.Samples = new(s.addend())
		}
		out.Checks = append(out.Checks, c)
	}
	return out
}

func (t *tally) addends(c *runner.Account, began time.Time) AttackAddends {
	t.mu.Lock()
	defer t.mu.Unlock()
	response := newHistogram() // without draining the interval
	response.merge(t.times.response)
	response.merge(t.times.interval)
	out := AttackAddends{
		Service: t.times.service.view().addend(), Response: response.view().addend(), Lag: t.times.lag.view().addend(),
		Length: c.Length, At: since(began, c.At), Stages: []StageAddends{},
	}
	for i, to := range out.phases() {
		*to = t.phases[i].view().addend()
	}
	if t.stream != nil {
		out.First, out.Gap = t.stream.first.view().addend(), t.stream.gap.view().addend()
	}
	for _, p := range c.Pauses {
		out.Pauses = append(out.Pauses, PauseInterval{Begin: since(began, p.Begin), End: since(began, p.End)})
	}
	for i := range t.counts.stages {
		var p pace.Progress
		if i < len(c.Stages) {
			p = c.Stages[i]
		}
		out.Stages = append(out.Stages, t.counts.stages[i].addends(&p, began))
	}
	return out
}

func (s *stageCounts) addends(p *pace.Progress, began time.Time) StageAddends {
	return StageAddends{
		Open: p.Open, Left: p.Left, Unsent: s.unsent,
		Begun: p.Begun, Given: p.Given, Due: p.Due,
		Begin: since(began, p.Begin), End: since(began, p.End), Planned: since(began, p.Planned), Until: since(began, p.Until),
		Ahead: p.Ahead, Lead: p.Lead,
		Finished: s.finished, Ended: s.ended, Last: since(began, s.last), Longest: s.longest,
	}
}

// since is when a moment was, 0 for none.
func since(began, at time.Time) time.Duration {
	if at.IsZero() {
		return 0
	}
	return at.Sub(began)
}
