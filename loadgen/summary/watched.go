package summary

import (
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/runner"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// slicesPerWindow is how many parts of a window there are: it slides by one of them.
const slicesPerWindow = 10

// watched is a check of the plan and what its figure is computed from. What a
// check over the whole run needs is counted anyway; one of a stage or a window
// has parts of its own, which each record passes.
type watched struct {
	check    *verdict.Check
	statuses loadgen.Statuses
	parts    []*part // by attack; nil where it is not about the attack, and over the whole run
	slices   []slice // of a window, the oldest first
	began    time.Time
	due      uint64 // requests due, as of began
}

// part samples the records of one attack for one check. The attack's tally guards it.
type part struct {
	metric   loadgen.Metric
	statuses loadgen.Statuses
	stage    int // or verdict.Whole
	now      sampler
}

func (p *part) add(r *loadgen.Record) {
	if p.stage == verdict.Whole || p.stage == r.Stage {
		p.now.take(p.metric, p.statuses, r)
	}
}

// slice is a part of a window.
type slice struct {
	sampler
	began time.Time
	due   uint64 // requests due in it
}

// watch makes what the checks of the plan need.
func (a *Accumulator) watch(checks []verdict.Check) {
	for i := range checks {
		c := &checks[i]
		w := &watched{check: c, parts: make([]*part, len(a.attacks))}
		w.statuses, _ = loadgen.ParseStatuses(c.Status)
		a.watched = append(a.watched, w)
		if c.Relative() {
			a.times = timetables(a.plan)
		}
		if c.Window == 0 && !c.OfStages() {
			continue
		}
		for j, t := range a.attacks {
			if c.About(j) {
				w.parts[j] = &part{metric: c.Metric, statuses: w.statuses, stage: c.StageOf(j)}
				t.parts = append(t.parts, w.parts[j])
			}
		}
	}
}

// Checks are those of the plan's thresholds, in the order of Readings.
func (a *Accumulator) Checks() []verdict.Check { return a.checks }

// Interval is how often Readings is to be asked for, so that no window is missed;
// 0 if the plan has no thresholds.
func (a *Accumulator) Interval() time.Duration {
	if len(a.checks) == 0 {
		return 0
	}
	interval := time.Second
	for i := range a.checks {
		if w := a.checks[i].Window; w > 0 {
			interval = min(interval, w/slicesPerWindow)
		}
	}
	return interval
}

// Readings are the figures of the checks at a time. A window's is of its last
// whole length, and none if it has not slid since the last call. There is one
// caller at a time.
func (a *Accumulator) Readings(now time.Time, accounts []runner.Account) []verdict.Reading {
	accounts = a.accounts(accounts)
	out := make([]verdict.Reading, len(a.watched))
	for i, w := range a.watched {
		switch {
		case w.check.Window > 0:
			out[i] = a.window(w, now, accounts)
		case w.check.Metric == loadgen.MetricRate:
			out[i] = a.rate(w, now, accounts)
		default:
			s := a.sampled(w, accounts)
			out[i] = s.reading(w.check)
		}
	}
	return out
}

// sampled is what a check over the whole run or a stage has so far.
func (a *Accumulator) sampled(w *watched, accounts []runner.Account) (s sampler) {
	for i, t := range a.attacks {
		if !w.check.About(i) {
			continue
		}
		t.mu.Lock()
		if p := w.parts[i]; p != nil {
			s.merge(&p.now)
		} else {
			t.sampled(w.check, w.statuses, &s)
		}
		t.mu.Unlock()
		if w.check.Metric == loadgen.MetricErrorRatio && !w.check.OfStages() && accounts[i].UnsentReason.Due() {
			s.n += accounts[i].Unsent
			s.hits += accounts[i].Unsent
		}
	}
	return s
}

func (a *Accumulator) rate(w *watched, now time.Time, accounts []runner.Account) verdict.Reading {
	s := a.sampled(w, accounts)
	r := s.rate()
	if !w.check.Relative() || r.Samples == 0 {
		return r
	}
	wanted := a.wanted(w.check, now, accounts)
	if wanted == 0 {
		return verdict.Reading{}
	}
	r.Value /= wanted
	return r
}

// window slides a window to now, if that is due, and gives its figure if it is whole.
func (a *Accumulator) window(w *watched, now time.Time, accounts []runner.Account) (r verdict.Reading) {
	begun, over := w.life(accounts)
	if !begun || over && w.check.Metric == loadgen.MetricRate {
		return r
	}
	if w.began.IsZero() {
		w.began = w.begin(accounts)
	}
	const jitter = slicesPerWindow * 2 // a tick may come a little early
	if length := w.check.Window / slicesPerWindow; now.Sub(w.began) < length-length/jitter {
		return r
	}
	a.slide(w, now, accounts)
	whole, due := sampler{}, uint64(0)
	for i := range w.slices {
		whole.merge(&w.slices[i].sampler)
		due += w.slices[i].due
	}
	span := now.Sub(w.slices[0].began)
	switch {
	case span < w.check.Window:
		return r
	case w.check.Metric != loadgen.MetricRate:
		return whole.reading(w.check)
	case w.check.Relative() && due == 0:
		return r
	case w.check.Relative():
		return verdict.Reading{Value: float64(whole.n) / float64(due), Samples: max(whole.n, 1)}
	}
	return verdict.Reading{Value: perSecond(whole.n, span), Samples: max(whole.n, 1)}
}

// slide ends the slice under way and forgets those that are out of the window.
func (a *Accumulator) slide(w *watched, now time.Time, accounts []runner.Account) {
	due := a.dueOf(w.check, now, accounts)
	next := slice{began: w.began, due: due - w.due}
	for i, t := range a.attacks {
		if p := w.parts[i]; p != nil {
			t.mu.Lock()
			next.merge(&p.now)
			p.now = sampler{}
			t.mu.Unlock()
		}
	}
	w.slices = append(w.slices, next)
	w.began, w.due = now, due
	for len(w.slices) > 1 && now.Sub(w.slices[1].began) >= w.check.Window {
		w.slices = w.slices[1:]
	}
}

// life says whether an attack of the check has begun, and whether all have ended.
func (w *watched) life(accounts []runner.Account) (begun, over bool) {
	over = true
	for i, c := range accounts {
		if w.check.About(i) {
			begun = begun || c.Begun
			over = over && c.Ended
		}
	}
	return begun, over
}

// begin is when the first attack of the check began.
func (w *watched) begin(accounts []runner.Account) (first time.Time) {
	for i, c := range accounts {
		if w.check.About(i) && c.Begun && (first.IsZero() || c.Begin.Before(first)) {
			first = c.Begin
		}
	}
	return first
}
