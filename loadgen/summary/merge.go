package summary

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/loadtrace/loadtrace/internal/figure"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// Input is a summary to be merged.
type Input struct {
	From    string // where it was read from, for people
	Summary *Summary
}

// Merge makes of the summaries of a run's shards that of the run. Every count, and every
// histogram, is the sum of the shards'; rates, percentiles and thresholds are computed
// from these sums, the thresholds with the limits of the undivided plan. Shards that are
// missing or given twice, and those whose own measurements cannot be trusted, are named
// and make the verdict undecided. lost is why shards that are missing left no summary, by
// their index, as far as that is known.
//
// An error says that the inputs are not shards of one run, or are none at all. One summary
// of a whole run is returned as it is.
func Merge(inputs []Input, lost map[int]string) (*Summary, error) {
	if len(inputs) == 1 && inputs[0].Summary.Shard == nil {
		return inputs[0].Summary, nil
	}
	shards, err := restoreAll(inputs)
	if err != nil {
		return nil, err
	}
	m := &merger{plan: shards[0].plan, checks: shards[0].checks, count: shards[0].shard.Count, lost: lost}
	m.take(shards)
	return m.summary()
}

// merger holds the shards of one run, in their order, without those given twice.
type merger struct {
	plan    *loadgen.Plan
	checks  []verdict.Check
	count   int // of shards, with those that are missing
	shards  []*restored
	doubled []int // indexes of shards that were given more than once
	lost    map[int]string
	attacks []sums

	unjudged []string // why thresholds could not be judged, a sentence each
}

// take sorts the shards, and adds up what they counted.
func (m *merger) take(shards []*restored) {
	slices.SortStableFunc(shards, func(a, b *restored) int { return cmp.Compare(a.shard.Index, b.shard.Index) })
	for _, r := range shards {
		last := len(m.shards) - 1
		switch {
		case last < 0 || m.shards[last].shard.Index != r.shard.Index:
			m.shards = append(m.shards, r)
		case len(m.doubled) == 0 || m.doubled[len(m.doubled)-1] != r.shard.Index:
			m.doubled = append(m.doubled, r.shard.Index)
		}
	}
	for i := range m.plan.Attacks {
		total := newSums()
		for _, r := range m.shards {
			total.merge(&r.attacks[i].sums)
		}
		m.attacks = append(m.attacks, total)
	}
}

func (m *merger) summary() (*Summary, error) {
	first := m.shards[0].sum
	s := &Summary{
		RunID: first.RunID, Plan: first.Plan, Digest: first.Addends.Plan.Digest, Began: m.began(),
		Telemetry: m.telemetry(), Environment: m.environment(), Findings: m.findings(),
	}
	s.Elapsed = m.elapsed(s.Began)
	m.end(s)
	m.exemplify(s)
	m.figures(s)
	for _, r := range m.shards {
		s.Shards = append(s.Shards, r.merged())
		for _, fault := range r.sum.Faults {
			s.Faults = append(s.Faults, fmt.Sprintf("shard %s: %s", r.shard, fault))
		}
	}
	s.Faults = shortened(append(s.Faults, s.Check()...))
	return s, m.judge(s)
}

// began is when the first shard began, and elapsed is from then to when the last ended.
func (m *merger) began() time.Time {
	first := m.shards[0].sum.Began
	for _, r := range m.shards {
		if r.sum.Began.Before(first) {
			first = r.sum.Began
		}
	}
	return first
}

func (m *merger) elapsed(began time.Time) (longest Seconds) {
	for _, r := range m.shards {
		longest = max(longest, inSeconds(r.sum.Began.Sub(began))+r.sum.Elapsed)
	}
	return longest
}

// end says how the run ended: as its shards did, at the worst.
func (m *merger) end(s *Summary) {
	s.End = Completed
	for _, r := range m.shards {
		switch of := r.sum; {
		case of.End == Failed && s.End != Failed:
			s.End, s.Error, s.StopReason = Failed, fmt.Sprintf("shard %s: %s", r.shard, of.Error), ""
		case of.End == Stopped && of.Shard.Ended != nil && s.End != Failed:
			s.End, s.StopReason = Stopped, of.Shard.Ended.Reason
		case of.End == Stopped && s.End == Completed:
			s.End, s.StopReason = Stopped, fmt.Sprintf("shard %s: %s", r.shard, of.StopReason)
		}
	}
}

// figures fills in what is computed from the sums.
func (m *merger) figures(s *Summary) {
	s.Attacks = []Attack{}
	total, accounts := newSums(), m.accounts()
	for i := range m.attacks {
		total.merge(&m.attacks[i])
		f := m.attacks[i].figures()
		f.RateWanted = figure.Round(rateWanted(m.plan, i, &accounts[i]))
		f.RateAchieved = figure.Round(m.measured(whole(i)).rate())
		digest := m.shards[0].sum.Addends.Plan.Attacks[i].Digest
		s.Attacks = append(s.Attacks, Attack{Name: m.plan.Attacks[i].Name, Target: m.shards[0].sum.Attacks[i].Target, Digest: &digest, Figures: f})
	}
	s.Total = total.figures()
	s.Total.RateWanted = figure.Round(totalWanted(m.plan, accounts))
	s.Total.RateAchieved = figure.Round(m.measured(everything).rate())
}

// accounts are of the whole run, as far as the wanted rate needs them.
func (m *merger) accounts() []runner.Account {
	accounts := make([]runner.Account, len(m.plan.Attacks))
	for i := range accounts {
		accounts[i].Planned = m.attacks[i].planned
		for _, r := range m.shards {
			accounts[i].Length = max(accounts[i].Length, r.attacks[i].length)
		}
	}
	return accounts
}

// measured is the measure of what all shards did. Requests of an open stage stand for the
// time of its shard's schedule. Where some are left, since the run was stopped, each
// shard's next one is due at another moment, so the time then ends when it was stopped.
//
// The shards of a closed loop are one loop: it goes on while any of them does.
func (m *merger) measured(of about) *measure {
	out, attacks := &measure{}, 0
	for i := range m.plan.Attacks {
		stage, ok := of(i)
		if !ok {
			continue
		}
		attacks++
		for j := range m.plan.Attacks[i].Load {
			if stage == verdict.Whole || stage == j {
				out.several = out.several || m.left(i, j)
			}
		}
	}
	out.several = out.several || attacks > 1
	for i := range m.plan.Attacks {
		stage, ok := of(i)
		for j := range m.plan.Attacks[i].Load {
			if ok && (stage == verdict.Whole || stage == j) {
				m.measureStage(out, i, j)
			}
		}
	}
	return out
}

// left reports whether requests of an open stage were not given out.
func (m *merger) left(attack, stage int) bool {
	return slices.ContainsFunc(m.shards, func(r *restored) bool {
		p := &r.attacks[attack].progress[stage]
		return p.Open && p.Left > 0
	})
}

func (m *merger) measureStage(out *measure, attack, stage int) {
	var loop stageCounts
	var all pace.Progress
	var account runner.Account
	for _, r := range m.shards {
		a := &r.attacks[attack]
		p, s := &a.progress[stage], &a.stages[stage]
		switch {
		case !p.Begun:
		case p.Open:
			out.open(p, s, a.pauses)
		default:
			join(&all, p)
			loop.join(s)
			account.At = later(account.At, a.at)
			account.Pauses = a.pauses
		}
	}
	if loop.finished > 0 {
		out.closed(&all, &loop, account.Pauses, loop.until(&all, &account))
	}
}

// join adds what a shard did of a closed loop.
func join(to, p *pace.Progress) {
	if !to.Begun || p.Begin.Before(to.Begin) {
		to.Begin = p.Begin
	}
	to.Begun = true
	to.End = later(to.End, p.End)
	to.Given += p.Given
}

func (s *stageCounts) join(o *stageCounts) {
	s.unsent += o.unsent
	s.finished += o.finished
	s.ended += o.ended
	s.last = later(s.last, o.last)
	s.longest = max(s.longest, o.longest)
}

// shortened cuts a list that text from many shards fills.
func shortened(list []string) []string {
	const most = 100
	if len(list) <= most {
		return list
	}
	return append(list[:most:most], fmt.Sprintf("and %d more", len(list)-most))
}
