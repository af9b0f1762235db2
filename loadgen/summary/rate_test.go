package summary

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// The rate of a closed loop was (n − 1) / (last sent − first sent): 64 workers whose
// requests took longer than the stage had some 23,000/s.
func TestTheRateOfAClosedLoopIsWhatTheTargetServes(t *testing.T) {
	type known struct {
		name    string
		target  func() simTarget
		workers int
		rate    float64
	}
	seconds := func(v float64) time.Duration { return time.Duration(v * float64(time.Second)) }
	var cases []known
	for _, rate := range []float64{1, 1000, 100_000} {
		for _, workers := range []int{1, 64, 1000} {
			cases = append(cases,
				known{"one server", func() simTarget { return serves(rate) }, workers, rate},
				known{"a latency", func() simTarget { return takes(seconds(float64(workers) / rate)) }, workers, rate})
		}
	}
	for _, c := range cases {
		for what, stage := range map[string]pace.Stage{
			// Long stages, and such as are over before the first answer.
			"duration": closedFor(c.workers, seconds(2*max(100, float64(c.workers))/c.rate)),
			"short":    closedFor(c.workers, seconds(float64(c.workers)/c.rate/3)+1),
			"count":    closedCount(c.workers, uint64(2*c.workers)),
		} {
			t.Run(fmt.Sprintf("%s, %g/s, %d workers, %s", c.name, c.rate, c.workers, what), func(t *testing.T) {
				p := load(stage)
				p.Thresholds = []loadgen.Threshold{
					{Metric: loadgen.MetricRate, AtLeast: loadgen.Limit(fmt.Sprint(0.98*c.rate) + "/s")},
					{Metric: loadgen.MetricRate, AtMost: loadgen.Limit(fmt.Sprint(1.02*c.rate) + "/s"), Stage: loadgen.EachStage},
				}
				s := simulate(t, simulation{plan: p, targets: []simTarget{c.target()}})
				assert.InEpsilon(t, c.rate, s.Attacks[0].RateAchieved, 0.02)
				assert.Equal(t, s.Attacks[0].RateAchieved, s.Total.RateAchieved)
				for _, r := range s.Verdict.Thresholds {
					assert.Equal(t, verdict.Passed, r.Outcome, "%s: %s", r.Threshold, r.Measured())
				}
			})
		}
	}
}

func TestAClosedLoopOfSlowAnswersDoesNotPassARateItNeverHad(t *testing.T) {
	p := load(closedFor(64, time.Second))
	p.Thresholds = []loadgen.Threshold{{Metric: loadgen.MetricRate, AtLeast: "500/s"}}
	s := simulate(t, simulation{plan: p, targets: []simTarget{takes(1500 * time.Millisecond)}})
	assert.Equal(t, verdict.Fail, s.Verdict.Verdict)
	assert.InDelta(t, 42.6667, *s.Verdict.Thresholds[0].Value, 1e-9, "64 / 1.5 s, with six digits")
	assert.InDelta(t, 42.6667, s.Total.RateAchieved, 1e-9)
}

func TestAStageThatNothingFinishedInHasNoRateAndDecidesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		target simTarget
		stop   time.Duration
	}{
		"all fail":    {func(uint64) simAnswer { time.Sleep(time.Millisecond); return simAnswer{} }, 0},
		"all cut off": {takes(time.Minute), 2 * time.Second},
		"none sent": {func(uint64) simAnswer {
			time.Sleep(time.Millisecond)
			return simAnswer{notSent: loadgen.NotSentBackoff}
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := load(closedFor(8, time.Second))
			p.Thresholds = []loadgen.Threshold{
				{Metric: loadgen.MetricRate, AtLeast: "1/s"}, {Metric: loadgen.MetricRate, AtMost: "1000000/s", Stage: loadgen.EachStage},
			}
			s := simulate(t, simulation{plan: p, targets: []simTarget{c.target}, stop: c.stop})
			assert.Zero(t, s.Total.RateAchieved)
			assert.Equal(t, verdict.Undecided, s.Verdict.Verdict)
			for _, r := range s.Verdict.Thresholds {
				assert.Equal(t, verdict.NoSamples, r.Outcome)
			}
		})
	}
}

func TestRatesOfBothKindsOfStages(t *testing.T) {
	p := load(openFor(100, 10*time.Second), closedFor(20, 10*time.Second), openFor(30, 10*time.Second))
	p.Attacks[0].Load[0].Name, p.Attacks[0].Load[1].Name, p.Attacks[0].Load[2].Name = "one", "two", "three"
	p.Thresholds = []loadgen.Threshold{
		{Metric: loadgen.MetricRate, AtLeast: "1/s", Stage: loadgen.EachStage},
		{Metric: loadgen.MetricRate, AtLeast: "29/s", Window: time.Second},
	}
	s := simulate(t, simulation{plan: p, targets: []simTarget{takes(100 * time.Millisecond)}})
	for i, want := range []float64{100, 200, 30, 30} {
		assert.InEpsilon(t, want, *s.Verdict.Thresholds[i].Value, 0.02, s.Verdict.Thresholds[i].Threshold)
	}
	assert.InEpsilon(t, 110, s.Total.RateAchieved, 0.02, "3300 in 30 s")
	assert.Zero(t, s.Total.RateWanted)
}

func TestPausesAndChangesOfSpeedInARate(t *testing.T) {
	steps := func(speeds ...float64) func(*runner.Run) { // one each two seconds
		return func(r *runner.Run) {
			for _, s := range speeds {
				time.Sleep(2 * time.Second)
				_ = r.SetSpeed("", s)
			}
		}
	}
	pauses := func(after, long time.Duration) func(*runner.Run) {
		return func(r *runner.Run) {
			time.Sleep(after)
			_ = r.SetSpeed("", 0)
			time.Sleep(long)
			_ = r.SetSpeed("", 1)
		}
	}
	for name, c := range map[string]struct {
		stage  pace.Stage
		steer  func(*runner.Run)
		rate   float64
		wanted float64
		slow   time.Duration
	}{
		"a pause of an open loop":            {openFor(100, 10*time.Second), steps(0, 1), 100, 100, 0},
		"twice as fast":                      {openFor(100, 10*time.Second), steps(2), 1000. / 6, 1000. / 6, 0},
		"faster, and a pause":                {openFor(100, 10*time.Second), steps(2, 0, 1), 125, 125, 0},
		"half as fast, slow":                 {openFor(0.5, 8*time.Second), steps(0.5), 4. / 14, 4. / 14, 0},
		"a pause between two slow requests":  {openFor(0.5, 8*time.Second), pauses(500*time.Millisecond, time.Minute), 0.5, 0.5, 0},
		"a pause of a closed loop":           {closedFor(10, 10*time.Second), steps(0, 1), 100, 0, 0},
		"the speed of a closed loop":         {closedFor(10, 10*time.Second), steps(4), 100, 0, 0},
		"a long pause of a closed loop":      {closedFor(10, 10*time.Second), pauses(time.Second, time.Hour), 100, 0, 0},
		"a pause before the first answer":    {closedFor(64, time.Second), pauses(100*time.Millisecond, time.Minute), 128 / 3.1, 0, 1500 * time.Millisecond},
		"a pause that ends within an answer": {closedFor(64, 30*time.Second), pauses(time.Second, 100*time.Millisecond), 64 / 1.5, 0, 1500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			if c.slow == 0 {
				c.slow = 100 * time.Millisecond
			}
			p := load(c.stage)
			p.Thresholds = []loadgen.Threshold{{Metric: loadgen.MetricRate, AtLeast: loadgen.Limit(fmt.Sprint(0.97*c.rate) + "/s"), Abort: &loadgen.Abort{After: 2 * time.Second}}}
			if c.wanted > 0 {
				p.Thresholds = append(p.Thresholds,
					loadgen.Threshold{Metric: loadgen.MetricRate, AtLeast: "99%", Abort: &loadgen.Abort{}},
					loadgen.Threshold{Metric: loadgen.MetricRate, AtMost: "101%", Abort: &loadgen.Abort{}},
					loadgen.Threshold{Metric: loadgen.MetricRate, AtLeast: "99%", Window: time.Second, Abort: &loadgen.Abort{}})
			}
			if c.rate != c.wanted || c.wanted == 0 || name == "half as fast, slow" || c.wanted > 100 {
				p.Thresholds[0].Abort = nil // the rate changes on the way
			}
			s := simulate(t, simulation{plan: p, targets: []simTarget{takes(c.slow)}, steer: c.steer})
			assert.InEpsilon(t, c.rate, s.Total.RateAchieved, 0.02)
			assert.InDelta(t, c.wanted, s.Total.RateWanted, 0.01)
			for _, r := range s.Verdict.Thresholds {
				assert.Equal(t, verdict.Passed, r.Outcome, "%s: %s", r.Threshold, r.Measured())
			}
		})
	}
}

func TestARunThatWasStoppedHasTheRateUntilThen(t *testing.T) {
	for name, c := range map[string]struct {
		stage pace.Stage
		stop  time.Duration
		rate  float64
	}{
		"open":              {openFor(100, time.Hour), 10 * time.Second, 100},
		"open, slow":        {openFor(0.1, time.Hour), 35 * time.Second, 0.1},
		"open, at once":     {openFor(1, time.Hour), time.Millisecond, 1},
		"closed":            {closedFor(10, time.Hour), 10 * time.Second, 100},
		"closed, by count":  {closedCount(10, 1e6), 10 * time.Second, 100},
		"before an answer":  {closedFor(10, time.Hour), time.Millisecond, 10 / 0.1},
		"in a pause":        {openFor(100, 30*time.Second), 20 * time.Second, 100},
		"after it was over": {openFor(100, 10*time.Second), 10*time.Second + 50*time.Millisecond, 100},
	} {
		t.Run(name, func(t *testing.T) {
			p := load(c.stage)
			p.Limits.Grace = time.Second
			sim := simulation{plan: p, targets: []simTarget{takes(100 * time.Millisecond)}, stop: c.stop}
			if name == "in a pause" {
				sim.steer = func(r *runner.Run) {
					time.Sleep(10 * time.Second)
					_ = r.SetSpeed("", 0)
				}
			}
			s := simulate(t, sim)
			assert.InEpsilon(t, c.rate, s.Total.RateAchieved, 0.02)
			if c.stage.Duration == 30*time.Second {
				assert.Equal(t, c.rate, s.Total.RateWanted)
			}
		})
	}
}

// The live rate is of what was sent, not of what ended.
func TestASnapshotsRateIsOfWhatWasSent(t *testing.T) {
	p := load(openFor(100, 10*time.Second))
	simulate(t, simulation{plan: p, targets: []simTarget{takes(4 * time.Second)}, look: func(now time.Duration, a *seen) {
		if now <= 10*time.Second {
			assert.InDelta(t, 100, a.snapshot.RateAchieved, 1, "%s", now)
		}
	}})
	p = load(closedFor(40, 10*time.Second))
	simulate(t, simulation{plan: p, targets: []simTarget{takes(400 * time.Millisecond)}, look: func(now time.Duration, a *seen) {
		if now < 10*time.Second {
			assert.InDelta(t, 100, a.snapshot.RateAchieved, 41, "%s", now) // they end forty at once
		}
	}})
}

// Figures in JSON had up to 17 digits, most of them noise.
func TestFiguresInJSONHaveNoMoreDigitsThanTheyAreGoodFor(t *testing.T) {
	p := load(openFor(34.0/0.7, 7*time.Second))
	p.Thresholds = []loadgen.Threshold{
		{Metric: loadgen.MetricRate, AtLeast: "10/s"}, {Metric: loadgen.MetricRate, AtLeast: "1%"},
		{Metric: loadgen.MetricResponseTime, Percentile: 99, AtMost: "1s"}, {Metric: loadgen.MetricErrorRatio, AtMost: "99%"},
	}
	var n atomic.Int64
	s := simulate(t, simulation{plan: p, targets: []simTarget{func(uint64) simAnswer {
		time.Sleep(time.Duration(n.Add(1)) * 77777)
		return simAnswer{status: 200 + int(n.Load()%3)*150}
	}}})
	text, err := json.Marshal(s)
	require.NoError(t, err)
	assert.NotRegexp(t, `[:.][0-9.]*[1-9][0-9.]{11}[,}]`, string(text))
	assert.NotRegexp(t, `"(value|rate_wanted|rate_achieved|spans_per_request)":[0-9.]*[1-9][0-9.]{8}`, string(text))
}
