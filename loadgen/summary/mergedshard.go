package summary

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
	"github.com/loadtrace/loadtrace/loadgen/vitals"
)

// MergedShard is what a merged summary keeps of one of the shards.
type MergedShard struct {
	Index   int       `json:"index"` // from 0
	Count   int       `json:"count"`
	Began   time.Time `json:"began"`
	Elapsed Seconds   `json:"elapsed"`
	End     string    `json:"end"` // as the summary's
	// Verdict is the shard's own, on its requests alone, and Reasons are why it is
	// undecided, if it is.
	Verdict  verdict.Verdict `json:"verdict"`
	Reasons  []string        `json:"reasons,omitempty"`
	Requests Requests        `json:"requests"`
	Clock    vitals.Clock    `json:"clock"`
	// Generator is the machine that it ran on, and Machine is how that treated it.
	Generator environment.Environment `json:"generator"`
	Machine   vitals.Strain           `json:"machine"`
	Usage     *vitals.Usage           `json:"usage,omitempty"`
}

func (r *restored) merged() MergedShard {
	s := r.sum
	return MergedShard{
		Index: r.shard.Index, Count: r.shard.Count, Began: s.Began, Elapsed: s.Elapsed, End: s.End,
		Verdict: s.Verdict.Verdict, Reasons: s.Verdict.Reasons, Requests: s.Total.Requests, Clock: s.Shard.Clock,
		Generator: s.Environment.Generator, Machine: s.Verdict.Machine, Usage: s.Usage,
	}
}

// doubts are why the shard's measurement cannot be trusted, with its number. That it has no
// requests, if the plan has none for it, and thresholds without samples are none: the other
// shards may have some.
func (r *restored) doubts() (list []string) {
	v := &r.sum.Verdict
	if v.Trusted {
		return nil
	}
	expected := map[string]bool{verdict.NothingSent: r.sum.Total.Requests.Planned == 0}
	if r.sum.Shard.Ended != nil {
		expected[verdict.NotCarriedOut(r.sum.StopReason)] = true
	}
	for i := range v.Thresholds {
		if t := &v.Thresholds[i]; t.Outcome == verdict.NoSamples {
			expected[verdict.WithoutSamples(t)] = true
		}
	}
	for _, reason := range v.Reasons {
		if !expected[reason] {
			list = append(list, fmt.Sprintf("shard %s: %s", r.shard, reason))
		}
	}
	if len(v.Reasons) == 0 {
		list = []string{fmt.Sprintf("shard %s: its summary has no verdict", r.shard)}
	}
	return list
}

// numbers names shards of count: shard 2/4, or shards 1/4 and 3/4; of many, the first.
func numbers(indexes []int, count int) string {
	const named = 10
	var names []string
	for _, i := range indexes[:min(len(indexes), named)] {
		names = append(names, pace.Shard{Index: i, Count: count}.String())
	}
	if more := len(indexes) - len(names); more > 0 {
		names = append(names, strconv.Itoa(more)+" more")
	}
	if len(names) == 1 {
		return "shard " + names[0]
	}
	last := len(names) - 1
	return "shards " + strings.Join(names[:last], ", ") + " and " + names[last]
}

// missing are the shards of count that are not among some, which are in their order.
func missing(shards []*restored, count int) (indexes []int) {
	for i := range count {
		_, found := slices.BinarySearchFunc(shards, i, func(r *restored, i int) int { return r.shard.Index - i })
		if !found {
			indexes = append(indexes, i)
		}
	}
	return indexes
}

// worst is the worse of how the shards' machines treated them; what one does not tell is
// not known.
func worst(shards []*restored) (out vitals.Strain) {
	pick := func(of func(*vitals.Strain) **float64) {
		for _, r := range shards {
			mine, theirs := of(&out), *of(&r.sum.Verdict.Machine)
			if theirs != nil && (*mine == nil || *theirs > **mine) {
				*mine = theirs
			}
		}
	}
	pick(func(s *vitals.Strain) **float64 { return &s.CPUThrottled })
	pick(func(s *vitals.Strain) **float64 { return &s.CPUSteal })
	pick(func(s *vitals.Strain) **float64 { return &s.SchedulerLatency })
	return out
}

// ShardWords say in a sentence which shards a merged summary is made of, and what their own
// verdicts are; nothing of a run that was not merged.
func (s *Summary) ShardWords() string {
	if len(s.Shards) == 0 {
		return ""
	}
	verdicts := map[verdict.Verdict]int{}
	for i := range s.Shards {
		verdicts[s.Shards[i].Verdict]++
	}
	var own []string
	for _, v := range []verdict.Verdict{verdict.Pass, verdict.Sound, verdict.Fail, verdict.Undecided} {
		if n := verdicts[v]; n > 0 {
			own = append(own, fmt.Sprintf("%d %s", n, v))
		}
	}
	words := fmt.Sprintf("merged from %d of %d shards; their own verdicts: %s", len(s.Shards), s.Shards[0].Count, strings.Join(own, ", "))
	if d := s.unlikeGenerators(); d != "" {
		words += "; their machines differ in " + d
	}
	return words
}

// unlikeGenerators is in what the machines of two shards differ first, if that matters.
func (s *Summary) unlikeGenerators() string {
	for i := range s.Shards[1:] {
		_, differences := environment.Compare(environment.Generator, &s.Shards[0].Generator, &s.Shards[i+1].Generator)
		for _, d := range differences {
			if d.Matters {
				return d.String()
			}
		}
	}
	return ""
}
