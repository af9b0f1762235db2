package summary

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
	"github.com/loadtrace/loadtrace/loadgen/vitals"
)

// dividedPlan has an open attack of two stages and one with a closed loop, and a threshold
// of every kind.
func dividedPlan() *loadgen.Plan {
	p := plan("web", "calls")
	for i := range p.Attacks {
		p.Attacks[i].Workers, p.Attacks[i].MaxWorkers = 20, 100
		p.Attacks[i].Load = []pace.Stage{
			{Name: "warm-up", Constant: 100, Duration: 10 * time.Second},
			{Name: "peak", Constant: 100, Duration: 10 * time.Second},
		}
	}
	p.Attacks[1].Load[1] = pace.Stage{Name: "peak", Max: &pace.Max{Workers: 20}, Duration: 10 * time.Second}
	for _, where := range []loadgen.Threshold{{}, {Attack: "web"}, {Stage: "peak"}, {Stage: "each"}, {Window: 10 * time.Second}, {Window: 5 * time.Second, Attack: "calls"}} {
		for _, what := range []loadgen.Threshold{
			{Metric: loadgen.MetricResponseTime, Percentile: 99.9, AtMost: "5s"}, {Metric: loadgen.MetricServiceTime, Stat: loadgen.StatMean, AtMost: "1s"},
			{Metric: loadgen.MetricScheduleLag, Stat: loadgen.StatMax, AtMost: "500ms"}, {Metric: loadgen.MetricErrorRatio, AtMost: "30%"},
			{Metric: loadgen.MetricStatus, Status: "2xx", AtLeast: "20%"}, {Metric: loadgen.MetricRate, AtLeast: "3.7/s"},
		} {
			what.Attack, what.Stage, what.Window = where.Attack, where.Stage, where.Window
			p.Thresholds = append(p.Thresholds, what)
		}
	}
	return p
}

var entireDigest = loadgen.PlanDigest{Plan: "00aa", Attacks: []loadgen.Digest{{Load: "1"}, {Load: "2"}}}

// process is a run, or a shard of one, without a clock.
type process struct {
	plan     *loadgen.Plan
	figures  *Accumulator
	watch    *verdict.Watch
	accounts []runner.Account
}

func newProcess(t require.TestingT, p *loadgen.Plan, shard pace.Shard) *process {
	p, err := p.Split(shard)
	require.NoError(t, err)
	f := New(p, runID, began)
	r := &process{plan: p, figures: f, watch: verdict.NewWatch(f.Checks())}
	for range p.Attacks {
		r.accounts = append(r.accounts, runner.Account{
			Begun: true, Begin: began, At: at(21 * time.Second), Length: 20 * time.Second, Target: "GET http://h/",
			Stages: make([]pace.Progress, 2),
		})
	}
	return r
}

// add a record, and count it in the account of its attack.
func (p *process) add(r *loadgen.Record, load []pace.Stage) {
	p.figures.Add(r)
	c := &p.accounts[r.Attack]
	c.Planned++
	c.Given++
	c.Recorded++
	s := &c.Stages[r.Stage]
	s.Given++
	s.Due++
	if load[r.Stage].Max != nil {
		s.Begun, s.Begin, s.End = true, at(10*time.Second), later(s.End, r.Intended)
	}
}

// schedule has the open stages go on until now.
func (p *process) schedule(now time.Duration) {
	for i := range p.accounts {
		for j := range p.accounts[i].Stages {
			s, begin := &p.accounts[i].Stages[j], time.Duration(j)*10*time.Second
			if s.Open = p.plan.Attacks[i].Load[j].Max == nil; s.Open && now >= begin {
				s.Begun, s.Begin, s.End = true, at(begin), at(min(now, begin+10*time.Second))
				s.Planned, s.Until = s.End, s.End
			}
		}
	}
}

func (p *process) look(now time.Duration) {
	p.schedule(now)
	p.watch.Observe(now, p.figures.Readings(at(now), p.accounts))
}

func (p *process) summary() *Summary {
	for i := range p.accounts {
		p.accounts[i].Ended = true
	}
	p.look(21 * time.Second)
	s := p.figures.Summary(at(21*time.Second), Conclusion{Accounts: p.accounts})
	s.Identify(entireDigest, entireDigest)
	s.Environment.Generator = environment.Environment{OS: "linux", Versions: map[string]string{"loadtrace": "1"}}
	s.Shard = NewShard(p.plan.Shard, vitals.Clock{})
	s.Judge(p.plan, p.watch.Results(), vitals.Strain{})
	return &s
}

// readBack is a summary as a file has it.
func readBack(t require.TestingT, s *Summary) *Summary {
	text, err := json.Marshal(s)
	require.NoError(t, err)
	out := &Summary{}
	require.NoError(t, json.Unmarshal(text, out))
	return out
}

// divided are requests of the plan, in the order in which they ended.
func divided(p *loadgen.Plan) *rapid.Generator[[]loadgen.Record] {
	one := rapid.Custom(func(t *rapid.T) loadgen.Record {
		r := anyRecord(2).Draw(t, "record")
		r.Stage = rapid.IntRange(0, 1).Draw(t, "stage")
		r.Open = p.Attacks[r.Attack].Load[r.Stage].Max == nil
		r.Phases = loadgen.Phases{Conn: time.Duration(rapid.Int64Range(0, 1e6).Draw(t, "conn")), Wait: r.ServiceTime() / 2}
		if rapid.IntRange(0, 4).Draw(t, "streams") == 0 {
			r.Stream = &loadgen.Stream{Sent: 1, Received: 2, First: r.ServiceTime() / 3, Gaps: []time.Duration{r.ServiceTime() / 7}}
		}
		if r.NotSent == "unheard of" {
			r.NotSent = loadgen.NotSentLate
		}
		return r
	})
	return rapid.Custom(func(t *rapid.T) []loadgen.Record {
		list := rapid.SliceOfN(one, 1, 300).Draw(t, "records")
		slices.SortStableFunc(list, func(a, b loadgen.Record) int { return a.Done.Compare(b.Done) })
		for i := range list {
			list[i].Seq = uint64(i) // no two alike
			list[i].TraceID = runID.TraceID(list[i].Attack, list[i].Seq)
			if list[i].ErrorText != "" {
				list[i].ErrorText = fmt.Sprint("failure ", i)
			}
		}
		return list
	})
}

func asJSON(t require.TestingT, v any) string {
	text, err := json.MarshalIndent(v, "", " ")
	require.NoError(t, err)
	return string(text)
}

// withoutBreach are results without the time of the first breach, which of thresholds
// without a window nobody saw.
func withoutBreach(results []verdict.Result, plan *loadgen.Plan) []verdict.Result {
	results = slices.Clone(results)
	for i, c := range verdict.Checks(plan) {
		if c.Window == 0 {
			results[i].FirstBreach = nil
		}
	}
	return results
}

// However the requests of a run are spread over shards, the merged figures are those of one
// process, to the digit.
func TestMergedShardsAreTheWholeRun(t *testing.T) {
	p := dividedPlan()
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(2, 6).Draw(t, "shards")
		records := divided(p).Draw(t, "records")
		whole := newProcess(t, p, pace.Shard{})
		shards := make([]*process, count)
		for i := range shards {
			shards[i] = newProcess(t, p, pace.Shard{Index: i, Count: count})
		}
		next := 0
		for now := 500 * time.Millisecond; now <= 20*time.Second; now += 500 * time.Millisecond {
			for ; next < len(records) && (records[next].Done.Before(at(now)) || now == 20*time.Second); next++ {
				r := &records[next]
				whole.add(r, p.Attacks[r.Attack].Load)
				shards[rapid.IntRange(0, count-1).Draw(t, "shard")].add(r, p.Attacks[r.Attack].Load)
			}
			whole.look(now)
			for _, s := range shards {
				s.look(now)
			}
		}
		want := whole.summary()
		var inputs []Input
		for i, s := range shards {
			inputs = append(inputs, Input{fmt.Sprint(i), readBack(t, s.summary())})
		}
		got, err := Merge(rapid.Permutation(inputs).Draw(t, "order"), nil)
		require.NoError(t, err)

		require.Equal(t, asJSON(t, want.Total), asJSON(t, got.Total))
		require.Equal(t, asJSON(t, want.Attacks), asJSON(t, got.Attacks))
		require.Equal(t, asJSON(t, want.Slowest), asJSON(t, got.Slowest))
		require.Equal(t, asJSON(t, want.Failures), asJSON(t, got.Failures))
		require.Equal(t, asJSON(t, withoutBreach(want.Verdict.Thresholds, p)), asJSON(t, withoutBreach(got.Verdict.Thresholds, p)))
		require.Equal(t, []any{want.RunID, want.Plan, want.Digest, want.Began, want.Elapsed, want.End, want.Faults}, []any{got.RunID, got.Plan, got.Digest, got.Began, got.Elapsed, got.End, got.Faults})
		require.Len(t, got.Shards, count)
	})
}
