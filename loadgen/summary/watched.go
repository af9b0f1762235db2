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
	parts    []*partSampler // by attack; nil where it is not about the attack, and over the whole run
	slices   []slice        // of a window, the oldest first
	now      slice          // the one under way
	ended    bool           // a window will not slide any more
	kept     *kept          // the slices of a shard, for the window of the whole run; else nil
}

// partSampler samples the records of one attack for one check. The attack's tally guards it.
type partSampler struct {
	metric   loadgen.Metric
	statuses loadgen.Statuses
	stage    int // or verdict.Whole
	now      sampler
}

func (p *partSampler) add(r *loadgen.Record) {
	if p.stage == verdict.Whole || p.stage == r.Stage {
		p.now.take(p.metric, p.statuses, r)
	}
}

// slice is a part of a window: what ended in it, and what there was before it.
type slice struct {
	sampler
	began  time.Time
	before mark
}

// mark is what there has been of a check's requests so far.
type mark struct {
	lost uint64 // due and never given out
	// Of a rate, as in measure:
	n          uint64
	count, due float64
	taken      time.Duration
}

// watch makes what the checks of the plan need.
func (a *Accumulator) watch(checks []verdict.Check) {
	for i := range checks {
		c := &checks[i]
		w := &watched{check: c, parts: make([]*partSampler, len(a.attacks))}
		w.statuses, _ = loadgen.ParseStatuses(c.Status)
		if c.Window > 0 && !a.plan.Shard.Whole() {
			w.kept = &kept{}
		}
		a.watched = append(a.watched, w)
		if c.Window == 0 && !c.OfStages() || c.Metric == loadgen.MetricRate {
			continue // counted anyway
		}
		for j, t := range a.attacks {
			if c.About(j) {
				w.parts[j] = &partSampler{metric: c.Metric, statuses: w.statuses, stage: c.StageOf(j)}
				t.parts = append(t.parts, w.parts[j])
			}
		}
	}
}

// Checks are those of the plan's thresholds, in the order of Readings.
func (a *Accumulator) Checks() []verdict.Check { return a.checks }

// looksPerAbort is how many looks there are in the time after which a breach ends the
// run: it ends later than that by one of them at most, for which the first breach may have
// been there unseen, and by one more for a look that came early.
const looksPerAbort = 10

// Interval is how often Readings is to be asked for, so that no window is missed and no
// abort is late by much of its time; 0 if the plan has no thresholds.
func (a *Accumulator) Interval() time.Duration {
	if len(a.checks) == 0 {
		return 0
	}
	interval := time.Second
	for i := range a.checks {
		if w := a.checks[i].Window; w > 0 {
			interval = min(interval, w/slicesPerWindow)
		}
		if abort := a.checks[i].Abort; abort != nil && abort.After > 0 {
			interval = min(interval, max(abort.After/looksPerAbort, 100*time.Millisecond))
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
			out[i] = a.measured(accounts, aboutCheck(w.check)).reading(w.check.Relative())
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
	}
	if w.check.Metric == loadgen.MetricErrorRatio {
		lost := lost(w.check, accounts)
		s.n += lost
		s.matching += lost
	}
	return s
}

// lost is how many of a check's requests were due and never given out, which no record
// tells of.
func lost(c *verdict.Check, accounts []runner.Account) (n uint64) {
	for i := range accounts {
		account := &accounts[i]
		switch {
		case !c.About(i) || !account.UnsentReason.Due():
		case c.OfStages():
			n += account.UnsentIn(c.StageOf(i))
		default:
			n += account.Unsent
		}
	}
	return n
}

// window slides a window to now, if that is due, and gives its figure if it is whole.
// When all its attacks have ended it slides once more, so that their last requests count.
func (a *Accumulator) window(w *watched, now time.Time, accounts []runner.Account) (r verdict.Reading) {
	begun, over := w.life(accounts)
	if !begun || w.ended {
		return r
	}
	if w.now.began.IsZero() {
		w.now.began = w.begin(accounts)
	}
	const jitter = slicesPerWindow * 2 // a tick may come a little early
	if length := w.check.Window / slicesPerWindow; !over && now.Sub(w.now.began) < length-length/jitter {
		return r
	}
	w.ended = over
	a.slide(w, now, accounts)
	if now.Sub(w.slices[0].began) < w.check.Window {
		return r
	}
	if w.check.Metric == loadgen.MetricRate {
		return w.rate()
	}
	whole := sampler{}
	for i := range w.slices {
		whole.merge(&w.slices[i].sampler)
	}
	if w.check.Metric == loadgen.MetricErrorRatio {
		lost := w.now.before.lost - w.slices[0].before.lost
		whole.n += lost
		whole.matching += lost
	}
	return whole.reading(w.check)
}

// rate over a window.
func (w *watched) rate() verdict.Reading {
	before, now := w.slices[0].before, w.now.before
	return windowRate(w.check, now.n-min(now.n, before.n), max(0, now.count-before.count), now.due-before.due, now.taken-before.taken)
}

// windowRate is the rate over a window in which n requests stand for the time taken, and
// due were wanted in it. It is none where a schedule was not under way for nine tenths of
// it: in a pause, and behind the end of an attack, there are only requests left to end.
func windowRate(c *verdict.Check, n uint64, count, due float64, taken time.Duration) verdict.Reading {
	r := verdict.Reading{Samples: max(n, 1)}
	switch {
	case taken < c.Window*9/10:
		return verdict.Reading{}
	case !c.Relative():
		r.Value = perSecond(count, taken)
	case due <= 0:
		return verdict.Reading{}
	default:
		r.Value = count / due
	}
	return r
}

// slide ends the slice under way and forgets those that are out of the window.
func (a *Accumulator) slide(w *watched, now time.Time, accounts []runner.Account) {
	for i, t := range a.attacks {
		if p := w.parts[i]; p != nil {
			t.mu.Lock()
			w.now.merge(&p.now)
			p.now = sampler{}
			t.mu.Unlock()
		}
	}
	ended := w.now
	w.slices = append(w.slices, ended)
	w.now = slice{began: now, before: mark{lost: lost(w.check, accounts)}}
	if w.check.Metric == loadgen.MetricRate {
		m := a.passed(accounts, aboutCheck(w.check))
		w.now.before.n, w.now.before.taken = m.n, union(m.taken)
		w.now.before.count, w.now.before.due = m.count, m.due
	}
	if w.kept != nil {
		a.keep(w, &ended)
	}
	for len(w.slices) > 1 && now.Sub(w.slices[1].began) >= w.check.Window {
		w.slices = w.slices[1:]
	}
}

// life reports whether an attack of the check has begun, and whether all have ended.
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
