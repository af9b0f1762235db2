package summary

import (
	"fmt"
	"slices"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// What to do about shards that make the verdict undecided.
const (
	adviceOnMissing = "give the summary of every shard once: the log of one that left none says why"
	adviceOnShards  = "look at the summary of each shard that is named, or run again"
	adviceOnWindows = "give the threshold a longer window, or split the run over more shards"
	adviceOnUnlike  = "run all shards with the same version, plan and start time"
)

// judge gives the merged summary its verdict.
func (m *merger) judge(s *Summary) error {
	results, err := m.results()
	if err != nil {
		return err
	}
	e := &verdict.Evidence{Faults: s.Faults}
	note := func(advice string, reasons ...string) {
		if len(reasons) > 0 {
			e.Shards, e.Advice = append(e.Shards, reasons...), append(e.Advice, advice)
		}
	}
	if gone := missing(m.shards, m.count); len(gone) > 0 {
		note(adviceOnMissing, fmt.Sprintf("%d of %d shards are missing: %s", len(gone), m.count, numbers(gone, m.count)))
		note(adviceOnMissing, m.why(gone)...)
	}
	if len(m.doubled) > 0 {
		note(adviceOnMissing, numbers(m.doubled, m.count)+" came more than once, and the first of each was counted")
	}
	note(adviceOnUnlike, m.unlike()...)
	note(adviceOnShards, m.ended(results)...)
	note(adviceOnWindows, m.unjudged...)
	doubts := m.doubts(e)
	note(adviceOnShards, shortened(doubts)...)
	for i := range s.Attacks {
		o := &m.shards[0].sum.Addends.Plan.Attacks[i]
		of := s.Attacks[i].evidence(o.WaitedFor, exactly(o.Timeout), o.Limited)
		if len(doubts) > 0 { // they say the same of the shards where it happened
			of = verdict.Attack{Name: of.Name, Sent: of.Sent}
		}
		e.Attacks = append(e.Attacks, of)
	}
	s.Verdict = verdict.Decide(m.plan.Trust, e, results)
	s.Verdict.Machine, s.Verdict.Unknown = worst(m.shards), m.unknown()
	return nil
}

// why shards are missing, as far as that is known.
func (m *merger) why(gone []int) (list []string) {
	for _, i := range gone {
		if why := m.lost[i]; why != "" {
			list = append(list, fmt.Sprintf("shard %s: %s", pace.Shard{Index: i, Count: m.count}, why))
		}
	}
	return shortened(list)
}

// doubts are why shards cannot be trusted, and adds their advice.
func (m *merger) doubts(e *verdict.Evidence) (list []string) {
	for _, r := range m.shards {
		doubts := r.doubts()
		list = append(list, doubts...)
		if len(doubts) == 0 {
			continue
		}
		for _, advice := range r.sum.Verdict.Advice {
			if !slices.Contains(e.Advice, advice) && len(e.Advice) < maxKinds {
				e.Advice = append(e.Advice, advice)
			}
		}
	}
	return list
}

func (m *merger) unknown() (list []string) {
	for _, r := range m.shards {
		if gaps := r.sum.Shard.Unwatched; len(gaps) > 0 && len(list) < maxKinds {
			list = append(list, fmt.Sprintf("whether the whole run kept to its thresholds from %s to %s after its beginning, when shard %s was by itself",
				verdict.Amount(float64(gaps[0].From), "s"), verdict.Amount(float64(gaps[len(gaps)-1].To), "s"), r.shard))
		}
		for _, what := range r.sum.Verdict.Unknown {
			if !slices.Contains(list, what) && len(list) < maxKinds {
				list = append(list, what)
			}
		}
	}
	return list
}

// ended looks at shards that a threshold of theirs ended. If the whole run breached it too,
// the run ended as its plan wants it, and the threshold is marked. Otherwise requests are
// missing that the run should have made.
func (m *merger) ended(results []verdict.Result) (doubts []string) {
	for _, r := range m.shards {
		m.endedByWhole(r.sum.Shard.Ended, results)
		for i, t := range r.sum.Verdict.Thresholds {
			switch {
			case !t.Aborted || !r.sum.Verdict.Trusted || i >= len(results):
			case results[i].Outcome == verdict.Breached:
				results[i].Aborted = true
			default:
				doubts = append(doubts, fmt.Sprintf("shard %s was ended by a threshold that the whole run kept to: %s", r.shard, t.Threshold))
			}
		}
	}
	return shortened(doubts)
}

// endedByWhole marks the threshold that ended the whole run, if one did. It stays breached,
// with the value that ended the run, whatever requests did after that.
func (m *merger) endedByWhole(stop *WholeStop, results []verdict.Result) {
	for i := range results {
		if r := &results[i]; stop != nil && r.Threshold == stop.Threshold && !r.Aborted {
			r.Outcome, r.Value, r.Aborted = verdict.Breached, new(stop.Value), true
		}
	}
}

// results are those of the plan's checks, on the whole run.
func (m *merger) results() ([]verdict.Result, error) {
	var out []verdict.Result
	for i := range m.checks {
		c := &m.checks[i]
		w := verdict.NewWatch(m.checks[i : i+1])
		if c.Window > 0 {
			if err := m.observe(w, i); err != nil {
				return nil, fmt.Errorf("the threshold %s: %w", c, err)
			}
			out = append(out, w.Results()[0])
			continue
		}
		r, err := m.reading(i)
		if err != nil {
			return nil, fmt.Errorf("the threshold %s: %w", c, err)
		}
		w.Observe(0, []verdict.Reading{r})
		result := w.Results()[0]
		result.FirstBreach = nil // when the sum of the shards was first beyond the limit, nobody saw
		out = append(out, result)
	}
	return out, nil
}

// reading is the figure of a check that has no window.
func (m *merger) reading(i int) (verdict.Reading, error) {
	c := &m.checks[i]
	switch {
	case c.Metric == loadgen.MetricRate:
		return m.measured(aboutCheck(c)).reading(c.Relative()), nil
	case !c.OfStages():
		return m.wholeReading(c), nil
	}
	var total sampleSums
	for _, r := range m.shards {
		if s := r.sum.Addends.Checks[i].Samples; s != nil {
			if err := total.add(s); err != nil {
				return verdict.Reading{}, fmt.Errorf("shard %s: %w", r.shard, err)
			}
		}
	}
	return total.reading(c), nil
}

// wholeReading is the figure of a check of all stages.
func (m *merger) wholeReading(c *verdict.Check) verdict.Reading {
	var total sampleSums
	statuses, _ := loadgen.ParseStatuses(c.Status)
	for i := range m.attacks {
		if !c.About(i) {
			continue
		}
		a := &m.attacks[i]
		sent := a.counts.finished + a.counts.failed - min(a.cut(), a.counts.failed)
		switch c.Metric {
		case loadgen.MetricResponseTime:
			total.times.merge(a.response)
		case loadgen.MetricServiceTime:
			total.times.merge(a.service)
		case loadgen.MetricScheduleLag:
			total.times.merge(a.lag)
		case loadgen.MetricErrorRatio:
			due := sent + a.counts.lost()
			total.n, total.matching = total.n+due, total.matching+due-min(due, a.counts.ok)
		case loadgen.MetricStatus:
			total.n, total.matching = total.n+sent, total.matching+a.counts.having(statuses)
		}
	}
	return total.reading(c)
}

// sampleSums are samples of several shards.
type sampleSums struct {
	times       aggregate
	n, matching uint64
}

func (s *sampleSums) add(o *Samples) error {
	times, err := o.Times.aggregate()
	if err != nil {
		return err
	}
	if o.N > maxCount || o.Matching > o.N {
		return fmt.Errorf("%d of %d requests cannot match", o.Matching, o.N)
	}
	s.times.merge(times)
	s.n += o.N
	s.matching += o.Matching
	return nil
}

func (s *sampleSums) reading(c *verdict.Check) verdict.Reading {
	return reading(c, s.times.view(), s.n, s.matching)
}
