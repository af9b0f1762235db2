package summary

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// shardsOf is a run of n requests of the attack web, each of 10 ms, over count shards.
func shardsOf(t require.TestingT, n, count int, bend func(i int, r *loadgen.Record), thresholds ...loadgen.Threshold) []Input {
	p := dividedPlan()
	p.Attacks = p.Attacks[:1]
	p.Thresholds = thresholds
	var inputs []Input
	for index := range count {
		s := newProcess(t, p, pace.Shard{Index: index, Count: count})
		for i := index; i < n; i += count {
			r := sent(0, uint64(i), time.Duration(i)*10*time.Millisecond, 0, 10*time.Millisecond)
			if bend != nil {
				bend(i, &r)
			}
			s.add(&r, p.Attacks[0].Load)
		}
		inputs = append(inputs, Input{fmt.Sprintf("%d.json", index), readBack(t, s.summary())})
	}
	return inputs
}

func merged(t *testing.T, inputs []Input) *Summary {
	t.Helper()
	s, err := Merge(inputs, nil)
	require.NoError(t, err)
	return s
}

func TestAMergedRunPassesIfTheSumOfItsShardsDoes(t *testing.T) {
	s := merged(t, shardsOf(t, 1000, 4, nil, loadgen.Threshold{Metric: loadgen.MetricRate, AtLeast: "50/s"}))
	assert.Equal(t, verdict.Pass, s.Verdict.Verdict, "%v", s.Verdict.Reasons)
	assert.Equal(t, 50.0, s.Verdict.Thresholds[0].Limit, "the plan's limit, not a shard's share")
	assert.Empty(t, s.Verdict.Shard)
	assert.Nil(t, s.Shard)
	assert.EqualValues(t, 1000, s.Total.Requests.Planned)
	assert.Equal(t, 50.0, s.Total.RateAchieved)
}

// No shard has a slow request in a hundred more than it may, and the run has; or the other
// way round.
func TestThresholdsAreJudgedOnTheWholeNotOnShards(t *testing.T) {
	p99 := loadgen.Threshold{Metric: loadgen.MetricResponseTime, Percentile: 99, AtMost: "100ms"}
	inputs := shardsOf(t, 1000, 4, func(i int, r *loadgen.Record) {
		if i%100 == 0 && i < 900 { // all in shard 0: 9 of its 250
			r.Done = r.Done.Add(time.Second)
		}
	}, p99)
	assert.Equal(t, verdict.Fail, inputs[0].Summary.Verdict.Verdict)
	s := merged(t, inputs)
	assert.Equal(t, verdict.Pass, s.Verdict.Verdict, "%v", s.Verdict.Reasons)
	assert.Equal(t, verdict.Fail, s.Shards[0].Verdict, "what a shard says of itself stays")
	assert.Equal(t, "merged from 4 of 4 shards; their own verdicts: 3 pass, 1 fail", s.ShardWords())
	s.Shards[2].Generator.OS = "plan9"
	assert.Contains(t, s.ShardWords(), "; their machines differ in ")
}

func TestMissingAndDoubledShardsAreNamedAndMakeTheRunUndecided(t *testing.T) {
	inputs := shardsOf(t, 1000, 4, nil)
	s := merged(t, append(inputs[:2:2], inputs[1]))
	assert.Equal(t, verdict.Undecided, s.Verdict.Verdict)
	assert.Equal(t, []string{"2 of 4 shards are missing: shards 2/4 and 3/4", "shard 1/4 came more than once, and the first of each was counted"}, s.Verdict.Reasons)
	assert.EqualValues(t, 500, s.Total.Requests.Planned)
	assert.NotEmpty(t, s.Verdict.Advice)

	s = merged(t, inputs[:1])
	assert.Equal(t, []string{"3 of 4 shards are missing: shards 1/4, 2/4 and 3/4"}, s.Verdict.Reasons)
	many := shardsOf(t, 100, 50, nil)
	assert.Equal(t, "49 of 50 shards are missing: shards 0/50, 1/50, 2/50, 3/50, 4/50, 5/50, 6/50, 7/50, 8/50, 9/50 and 39 more", merged(t, many[49:]).Verdict.Reasons[0])
}

func TestAShardThatCannotBeTrustedMakesTheRunUndecidedWithItsNumber(t *testing.T) {
	for what, bend := range map[string]func(s *Summary){
		"shard 2/3: the run failed: attack web: no more files": func(s *Summary) {
			s.End, s.Error = Failed, "attack web: no more files"
			s.Verdict.Reasons = []string{"the run failed: attack web: no more files"}
		},
		"shard 2/3: the run did not complete its plan: it was stopped by hand": func(s *Summary) {
			s.End, s.StopReason = Stopped, "it was stopped by hand"
			s.Verdict.Reasons = []string{"the run did not complete its plan: it was stopped by hand"}
		},
		"shard 2/3: the generator was starved": func(s *Summary) { s.Verdict.Reasons = []string{"the generator was starved"} },
		"shard 2/3: its summary has no verdict": func(s *Summary) {
			s.Verdict = verdict.Report{}
		},
	} {
		inputs := shardsOf(t, 1000, 3, nil)
		bad := inputs[2].Summary
		bad.Verdict.Verdict, bad.Verdict.Trusted = verdict.Undecided, false
		bend(bad)
		s := merged(t, inputs)
		assert.Equal(t, verdict.Undecided, s.Verdict.Verdict)
		assert.Equal(t, []string{what}, s.Verdict.Reasons)
		assert.Equal(t, bad.End, s.End)
		if s.End != Completed {
			assert.Contains(t, s.Error+s.StopReason, "shard 2/3: ")
		}
	}
}

func TestAShardWithoutRequestsIsNoDoubtIfThePlanHasNoneForIt(t *testing.T) {
	inputs := shardsOf(t, 3, 4, nil, loadgen.Threshold{Metric: loadgen.MetricResponseTime, Stat: loadgen.StatMax, AtMost: "1s"})
	assert.Equal(t, verdict.Undecided, inputs[3].Summary.Verdict.Verdict)
	s := merged(t, inputs)
	assert.Equal(t, verdict.Pass, s.Verdict.Verdict, "%v", s.Verdict.Reasons)
	assert.EqualValues(t, 3, s.Total.Requests.OK)

	s = merged(t, shardsOf(t, 0, 2, nil))
	assert.Equal(t, []string{verdict.NothingSent}, s.Verdict.Reasons)
}

func TestAWholeRunIsItsOwnMerger(t *testing.T) {
	p := dividedPlan()
	for _, shard := range []pace.Shard{{}, {Index: 0, Count: 1}} {
		run := newProcess(t, p, shard)
		for i := range 100 {
			r := sent(0, uint64(i), time.Duration(i)*10*time.Millisecond, 0, time.Millisecond)
			run.add(&r, p.Attacks[0].Load)
		}
		want := readBack(t, run.summary())
		assert.Nil(t, want.Addends)
		assert.Equal(t, want, merged(t, []Input{{"-", want}}))
	}
}

// A threshold that ended a shard fails the run if the run breached it too.
func TestAShardThatItsThresholdEndedEndsTheRunOnlyIfTheRunBreachedItToo(t *testing.T) {
	errors := loadgen.Threshold{Metric: loadgen.MetricErrorRatio, AtMost: "10%", Abort: &loadgen.Abort{}}
	for bad, want := range map[int]verdict.Verdict{20: verdict.Undecided, 200: verdict.Fail} {
		inputs := shardsOf(t, 1000, 2, func(i int, r *loadgen.Record) {
			if i%2 == 0 && i/2 < bad {
				r.Status = 500
			}
		}, errors)
		ended := inputs[0].Summary
		ended.End, ended.StopReason = Stopped, "the threshold was breached"
		ended.Verdict.Thresholds[0].Aborted, ended.Verdict.Thresholds[0].Outcome = true, verdict.Breached
		s := merged(t, inputs)
		assert.Equal(t, want, s.Verdict.Verdict)
		if want == verdict.Fail {
			assert.True(t, s.Verdict.Aborted())
		} else {
			assert.Equal(t, []string{"shard 0/2 was ended by a threshold that the whole run kept to: error ratio at most 10%"}, s.Verdict.Reasons)
		}
	}
}

func TestShardsOfDifferentRunsAreRefused(t *testing.T) {
	for want, bend := range map[string]func(s *Summary){
		"these are shards of 2 runs: 0102030405060708 (0.json), ffff (1.json); merge the shards of one run":                                           func(s *Summary) { s.RunID = "ffff" },
		"shards 0/2 (0.json) and 1/2 (1.json) are not of one run: they differ in the load of attack web; run all shards with the same plan and flags": func(s *Summary) { s.Addends.Plan.Attacks[0].Digest.Load = "x" },
		"they differ in the thresholds":                                                     func(s *Summary) { s.Addends.Plan.Thresholds[0].AtMost = "3%" },
		"they differ in the order of the attacks or the limits of the plan":                 func(s *Summary) { s.Addends.Plan.Digest = "x" },
		"they differ in trust":                                                              func(s *Summary) { s.Addends.Plan.Trust.ScheduleLag++ },
		"they differ in how many shards there are":                                          func(s *Summary) { s.Shard.Count++ },
		"1.json is the summary of a whole run, 0102030405060708, not of a shard":            func(s *Summary) { s.Shard = nil },
		"1.json cannot be merged: it has no addends: another version of Loadtrace wrote it": func(s *Summary) { s.Addends = nil },
		"its addends are of version 2, and this Loadtrace reads version 1":                  func(s *Summary) { s.Addends.Version = 2 },
	} {
		inputs := shardsOf(t, 100, 2, nil, loadgen.Threshold{Metric: loadgen.MetricErrorRatio, AtMost: "10%"})
		bend(inputs[1].Summary)
		_, err := Merge(inputs, nil)
		assert.ErrorContains(t, err, want)
	}
	_, err := Merge(nil, nil)
	assert.ErrorContains(t, err, "no shards")
}

func TestShardsThatAreUnlikeMakeTheRunUndecided(t *testing.T) {
	for want, bend := range map[string]func(s *Summary){
		`shards 0/2 and 1/2 were run by different versions of Loadtrace: "1" and "2"`: func(s *Summary) { s.Environment.Generator.Versions["loadtrace"] = "2" },
		"shards 0/2 and 1/2 did not begin together: 3s apart, by their clocks":        func(s *Summary) { s.Began = s.Began.Add(3 * time.Second) },
		"attack web: shards 0/2 and 1/2 attacked different addresses: GET http://h/ and GET http://i/": func(s *Summary) {
			s.Attacks[0].Target, s.Addends.Plan.Attacks[0].Digest.Address = "GET http://i/", "x"
		},
	} {
		inputs := shardsOf(t, 1000, 2, nil)
		bend(inputs[1].Summary)
		s := merged(t, inputs)
		assert.Equal(t, verdict.Undecided, s.Verdict.Verdict)
		assert.Equal(t, []string{want}, s.Verdict.Reasons)
	}
}

// What a stranger's file says is checked before it is added up.
func TestAddendsThatCannotBeAreRefused(t *testing.T) {
	window := loadgen.Threshold{Metric: loadgen.MetricResponseTime, Percentile: 99, AtMost: "1s", Window: 5 * time.Second}
	stage := loadgen.Threshold{Metric: loadgen.MetricErrorRatio, AtMost: "10%", Stage: "warm-up"}
	response := func(s *Summary) *Histogram { return s.Addends.Attacks[0].Response }
	for what, bend := range map[string]func(s *Summary){
		"a count that overflows":      func(s *Summary) { response(s).Count = math.MaxUint64 },
		"a count of nothing":          func(s *Summary) { response(s).Count = 0 },
		"other counts":                func(s *Summary) { response(s).Count++ },
		"zeros":                       func(s *Summary) { response(s).Zeros = math.MaxUint64 },
		"no sum":                      func(s *Summary) { response(s).Sum = "NaN" },
		"a negative sum":              func(s *Summary) { response(s).Sum = "-5" },
		"a sum that is too long":      func(s *Summary) { response(s).Sum = strings.Repeat("9", 1<<20) },
		"a sum that cannot be":        func(s *Summary) { response(s).Sum = "1" },
		"bounds":                      func(s *Summary) { response(s).Min = -1 },
		"bounds the wrong way":        func(s *Summary) { response(s).Max = response(s).Min - 1 },
		"a scale":                     func(s *Summary) { response(s).Scale = 21 },
		"a scale that is too coarse":  func(s *Summary) { response(s).Scale = -11 },
		"an index":                    func(s *Summary) { response(s).First = math.MaxInt32 },
		"a negative index":            func(s *Summary) { response(s).First = math.MinInt32 },
		"words for buckets":           func(s *Summary) { response(s).Buckets = "one two" },
		"a bucket that overflows":     func(s *Summary) { response(s).Buckets = "9223372036854775807 1" },
		"empty buckets without end":   func(s *Summary) { response(s).Buckets = "1 -9223372036854775808 1" },
		"too many buckets":            func(s *Summary) { response(s).Buckets = strings.Repeat("1 ", 5000) },
		"too many empty buckets":      func(s *Summary) { response(s).Buckets = "1 -4096 1" },
		"buckets that end with none":  func(s *Summary) { response(s).Buckets += " -3" },
		"no histogram":                func(s *Summary) { s.Addends.Attacks[0].Response = nil },
		"other times":                 func(s *Summary) { s.Attacks[0].ServiceTime.P99 = 7 },
		"NaN":                         func(s *Summary) { s.Addends.Attacks[0].Stages[0].Lead = math.NaN() },
		"requests that overflow":      func(s *Summary) { s.Attacks[0].Requests.OK = math.MaxUint64 },
		"requests that do not add up": func(s *Summary) { s.Attacks[0].Requests.Planned++ },
		"negative bytes":              func(s *Summary) { s.Attacks[0].Bytes.Sent = -1 },
		"spans that overflow":         func(s *Summary) { s.Telemetry.SpansMade = 1 << 60 },
		"a status":                    func(s *Summary) { s.Attacks[0].Status["1e9"] = 0 },
		"a reason":                    func(s *Summary) { s.Attacks[0].Requests.NotSent = map[loadgen.NotSentReason]uint64{"x": 0} },
		"no stages":                   func(s *Summary) { s.Addends.Attacks[0].Stages = nil },
		"no attacks":                  func(s *Summary) { s.Addends.Attacks = nil },
		"no plan":                     func(s *Summary) { s.Addends.Plan = Outline{} },
		"another name":                func(s *Summary) { s.Attacks[0].Name = "x" },
		"no thresholds":               func(s *Summary) { s.Addends.Checks = nil },
		"a limit":                     func(s *Summary) { s.Addends.Plan.Thresholds[0].AtMost = "much" },
		"a metric":                    func(s *Summary) { s.Addends.Plan.Thresholds[0].Metric = "joy" },
		"a window":                    func(s *Summary) { s.Addends.Plan.Thresholds[0].Window = 1e-9 },
		"a percentile":                func(s *Summary) { s.Addends.Plan.Thresholds[0].Percentile = 100 },
		"slices out of order":         func(s *Summary) { s.Addends.Checks[0].Slices[3].From = 0 },
		"a slice's histogram":         func(s *Summary) { s.Addends.Checks[0].Slices[0].Times.Count++ },
		"matching":                    func(s *Summary) { s.Addends.Checks[1].Samples.Matching = 1 << 40 },
		"a shard that there is not":   func(s *Summary) { s.Shard.Index = -1 },
		"shards without end":          func(s *Summary) { s.Shard.Count = math.MaxInt },
	} {
		t.Run(what, func(t *testing.T) {
			inputs := shardsOf(t, 1000, 2, func(i int, r *loadgen.Record) { r.Phases.Wait = time.Duration(i+1) * time.Microsecond }, window, stage)
			for i := range inputs {
				looked(inputs[i].Summary)
			}
			bend(inputs[1].Summary)
			_, err := Merge(inputs, nil)
			require.Error(t, err)
			assert.Less(t, len(err.Error()), 1000)
		})
	}
}

// looked gives a summary slices, which shardsOf has not looked for.
func looked(s *Summary) {
	c := &s.Addends.Checks[0]
	c.Slices = nil
	for i := range 20 {
		h := *s.Addends.Attacks[0].Response
		c.Slices = append(c.Slices, Slice{From: time.Duration(i) * time.Second / 2, To: time.Duration(i+1) * time.Second / 2, Samples: Samples{Times: &h}})
	}
}

// A shard whose slices would take too much memory has only some. The whole is between its
// shards.
func TestAWindowWhoseSlicesAreCutIsJudgedByTheShardsWhereTheyAgree(t *testing.T) {
	window := loadgen.Threshold{Metric: loadgen.MetricResponseTime, Percentile: 99, AtMost: "1s", Window: 5 * time.Second}
	inputs := shardsOf(t, 1000, 2, nil, window)
	value := 0.25
	for i := range inputs {
		r := &inputs[i].Summary.Verdict.Thresholds[0]
		r.Outcome, r.Value = verdict.Passed, &value
	}
	inputs[1].Summary.Addends.Checks[0].Cut = true
	s := merged(t, inputs)
	assert.Equal(t, verdict.Pass, s.Verdict.Verdict, "%v", s.Verdict.Reasons)
	assert.Equal(t, 0.25, *s.Verdict.Thresholds[0].Value)

	inputs[0].Summary.Verdict.Thresholds[0].Outcome = verdict.Breached
	s = merged(t, inputs)
	assert.Equal(t, verdict.Undecided, s.Verdict.Verdict)
	assert.Contains(t, s.Verdict.Reasons[0], "cannot be judged on the whole run")
}

// Shards look at their clocks a moment early or late, and one of them stalls.
func TestWindowsOfShardsThatLookAtDifferentMomentsAreThoseOfTheRun(t *testing.T) {
	window := loadgen.Threshold{Metric: loadgen.MetricErrorRatio, AtMost: "50%", Window: time.Second}
	p := dividedPlan()
	p.Attacks, p.Thresholds = p.Attacks[:1], []loadgen.Threshold{window}
	var inputs []Input
	for index := range 2 {
		s := newProcess(t, p, pace.Shard{Index: index, Count: 2})
		for tick := range 100 {
			now := time.Duration(tick+1)*100*time.Millisecond + time.Duration(index*tick%7)*time.Millisecond
			r := sent(0, uint64(2*tick+index), now-50*time.Millisecond, 0, time.Millisecond)
			if tick >= 40 && tick < 50 && index == 0 || tick >= 60 && tick < 70 {
				r.Status = 500
			}
			s.add(&r, p.Attacks[0].Load)
			if index == 1 && tick >= 20 && tick < 24 {
				continue // it stalls
			}
			s.look(now)
		}
		inputs = append(inputs, Input{fmt.Sprint(index), readBack(t, s.summary())})
	}
	r := merged(t, inputs).Verdict.Thresholds[0]
	require.Equal(t, verdict.Breached, r.Outcome)
	assert.Equal(t, 1.0, *r.Value)
	assert.InDelta(t, 6.6, float64(*r.FirstBreach), 0.11, "half of the requests were errors from 4 s on in one shard, and all from 6 s on")
}

func TestASumOfNanosecondsIsExact(t *testing.T) {
	n := nanos{lo: math.MaxUint64}
	n.add(nanos{hi: 3, lo: 2})
	assert.Equal(t, nanos{hi: 4, lo: 1}, n)
	back, err := parseNanos(n.String())
	require.NoError(t, err)
	assert.Equal(t, n, back)
	assert.Equal(t, "73786976294838206465", n.String())
	assert.InEpsilon(t, 73786976294838206465.0, n.float(), 1e-15)
	for _, bad := range []string{"", "x", "-1", "1.5", strings.Repeat("9", 39)} {
		_, err := parseNanos(bad)
		assert.Error(t, err, bad)
	}
}

func FuzzASummaryOfAStrangerIsMergedOrRefused(f *testing.F) {
	f.Add([]byte(`{"run_id": "1", "shard": {"index": 0, "count": 2}, "attacks": [{}], "addends": {"version": 1}}`))
	good, err := json.Marshal(shardsOf(f, 50, 2, nil, loadgen.Threshold{Metric: loadgen.MetricErrorRatio, AtMost: "10%", Stage: "warm-up"})[1].Summary)
	require.NoError(f, err)
	f.Add(good)
	f.Fuzz(func(t *testing.T, text []byte) {
		s := &Summary{}
		if json.Unmarshal(text, s) == nil {
			_, _ = Merge([]Input{{"x", s}}, nil)
		}
	})
}
