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

// shapes are open loads, with the hits and the seconds that they have.
var shapes = map[string][]pace.Stage{
	"constant":      {openFor(200, 10*time.Second)},
	"slow":          {openFor(0.5, 20*time.Second)},
	"ramp":          {{Ramp: &pace.Ramp{From: 0, To: 100}, Duration: 10 * time.Second}},
	"down":          {{Ramp: &pace.Ramp{From: 100, To: 0}, Duration: 10 * time.Second}},
	"count":         {{Constant: 30, Count: 100}},
	"poisson":       {{Poisson: &pace.Poisson{Rate: 50, Seed: 4}, Duration: 10 * time.Second}},
	"several":       {openFor(10, 3*time.Second), {Sine: &pace.Sine{Mean: 20, Amplitude: 20, Period: time.Second}, Duration: 5 * time.Second}, openFor(1, 4*time.Second)},
	"an idle stage": {openFor(99.5, 500*time.Millisecond), openFor(1./3600, 10*time.Second)},
}

// What an open load sends does not depend on how fast the target is, while there are
// workers; nor does its rate, at any moment.
func TestARunThatIsSentOnTimeHasTheWantedRateWhateverTheLatency(t *testing.T) {
	for name, stages := range shapes {
		for _, latency := range []time.Duration{time.Millisecond, 500 * time.Millisecond, 30 * time.Second} {
			t.Run(fmt.Sprintf("%s, %s", name, latency), func(t *testing.T) {
				p := load(stages...)
				p.Thresholds = []loadgen.Threshold{
					{Metric: loadgen.MetricRate, AtLeast: "100%", Abort: &loadgen.Abort{}},
					{Metric: loadgen.MetricRate, AtMost: "100%", Abort: &loadgen.Abort{}},
					{Metric: loadgen.MetricRate, AtLeast: "99.9%", Stage: loadgen.EachStage},
					{Metric: loadgen.MetricRate, AtLeast: "100%", Window: time.Second, Abort: &loadgen.Abort{}},
					{Metric: loadgen.MetricRate, AtMost: "100%", Window: time.Second, Abort: &loadgen.Abort{}},
				}
				s := simulate(t, simulation{plan: p, targets: []simTarget{takes(latency)}})
				assert.Equal(t, Completed, s.End, s.StopReason)
				assert.InEpsilon(t, s.Total.RateWanted, s.Total.RateAchieved, 1e-6)
				for _, r := range s.Verdict.Thresholds {
					if r.Outcome != verdict.Passed && (name != "an idle stage" || r.Outcome != verdict.NoSamples) {
						t.Errorf("%s: %s with %s", r.Threshold, r.Outcome, r.Measured())
					}
				}
			})
		}
	}
}

// A windowed rate compared what ended in the window with what was due in it: 500 ms of
// latency at 100/s made 89.8 %.
func TestAWindowedRateIsNotBreachedByLatency(t *testing.T) {
	p := load(openFor(100, 20*time.Second))
	p.Thresholds = []loadgen.Threshold{
		{Metric: loadgen.MetricRate, AtLeast: "95%", Window: 5 * time.Second},
		{Metric: loadgen.MetricRate, AtLeast: "95/s", Window: 5 * time.Second},
	}
	s := simulate(t, simulation{plan: p, targets: []simTarget{takes(500 * time.Millisecond)}})
	for _, r := range s.Verdict.Thresholds {
		assert.Equal(t, verdict.Passed, r.Outcome, "%s: %s", r.Threshold, r.Measured())
	}
	assert.InDelta(t, 1, *s.Verdict.Thresholds[0].Value, 1e-9)
	assert.InDelta(t, 100, *s.Verdict.Thresholds[1].Value, 1e-6)
}

// Ten workers and 100 ms are 100/s, of 200/s that are wanted for ten seconds.
func TestAGeneratorThatCannotKeepUpHasALowerRate(t *testing.T) {
	for overrun, want := range map[time.Duration]float64{
		time.Minute:     100,            // all 2000, in 20 s
		5 * time.Second: 1500. / 15,     // the rest is too late
		100:             1010. / 10.100, // the least overrun
	} {
		p := load(openFor(200, 10*time.Second))
		p.Attacks[0].MaxWorkers = 10
		p.Limits.Overrun = overrun
		p.Thresholds = []loadgen.Threshold{
			{Metric: loadgen.MetricRate, AtLeast: "95%"}, {Metric: loadgen.MetricRate, AtLeast: "190/s", Stage: loadgen.EachStage},
			{Metric: loadgen.MetricRate, AtLeast: "95%", Window: 2 * time.Second},
		}
		s := simulate(t, simulation{plan: p, targets: []simTarget{takes(100 * time.Millisecond)}})
		assert.InEpsilon(t, want, s.Total.RateAchieved, 0.02, "%s", overrun)
		assert.Equal(t, 200.0, s.Total.RateWanted)
		for i, low := range []float64{0.5, want, 0.5} {
			r := s.Verdict.Thresholds[i]
			assert.Equal(t, verdict.Breached, r.Outcome, r.Threshold)
			assert.InEpsilon(t, low, *r.Value, 0.03, r.Threshold)
		}
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

func TestRatesOfSeveralAttacks(t *testing.T) {
	two := func(order loadgen.Order, one, other pace.Stage) *loadgen.Plan {
		p := plan("auth", "browse")
		p.Order = order
		p.Attacks[0].Load, p.Attacks[1].Load = []pace.Stage{one}, []pace.Stage{other}
		return p
	}
	for name, c := range map[string]struct {
		plan              *loadgen.Plan
		one, other, total float64
		wanted            float64
	}{
		"side by side":    {two(loadgen.Parallel, openFor(100, 10*time.Second), openFor(50, 5*time.Second)), 100, 50, 125, 125},
		"in sequence":     {two(loadgen.Sequence, openFor(100, 10*time.Second), openFor(50, 5*time.Second)), 100, 50, 1250. / 15, 1250. / 15},
		"closed and open": {two(loadgen.Parallel, closedFor(5, 10*time.Second), openFor(50, 10*time.Second)), 50, 50, 100, 0},
		"closed loops":    {two(loadgen.Sequence, closedFor(5, 10*time.Second), closedCount(10, 500)), 50, 100, 1000. / 15, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := simulate(t, simulation{plan: c.plan, targets: []simTarget{takes(100 * time.Millisecond)}})
			assert.InEpsilon(t, c.one, s.Attacks[0].RateAchieved, 0.02)
			assert.InEpsilon(t, c.other, s.Attacks[1].RateAchieved, 0.02)
			assert.InEpsilon(t, c.total, s.Total.RateAchieved, 0.02)
			assert.InDelta(t, c.wanted, s.Total.RateWanted, 0.01)
		})
	}
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
		"a pause between two slow hits":      {openFor(0.5, 8*time.Second), pauses(500*time.Millisecond, time.Minute), 0.5, 0.5, 0},
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

// Of two attacks one keeps its schedule, and the other only in its first stage.
func TestRatesAreComparedWithWhatTheScheduleWants(t *testing.T) {
	whole := loadgen.Threshold{Metric: loadgen.MetricRate, AtLeast: "95%"}
	web, peak, absolute := whole, whole, whole
	web.Attack = "web"
	peak.Attack, peak.Stage = "web", "peak"
	absolute.AtLeast = "190/s"
	a, _ := watching(whole, web, peak, absolute)
	a.plan.Attacks[0].MaxWorkers = 10
	late := func(n uint64) simAnswer {
		time.Sleep(10 * time.Millisecond)
		if n >= 1000 {
			time.Sleep(190 * time.Millisecond)
		}
		return fine
	}
	s := simulate(t, simulation{plan: a.plan, targets: []simTarget{late, takes(time.Second)}, look: func(now time.Duration, a *seen) {
		got := a.readings
		if now < 10*time.Second {
			assert.InDelta(t, 1, got[0].Value, 1e-9)
			assert.InDelta(t, 1, got[1].Value, 1e-9)
			assert.Zero(t, got[2].Samples, "the stage has not begun")
			assert.InDelta(t, 200, got[3].Value, 1.5, "one of two may be a moment ahead")
		}
	}})
	// web sends 1000, and 750 in fifteen seconds: five of them are overrun.
	for i, want := range []float64{3750. / 25 / 200, 1750. / 25 / 100, 0.5, 3750. / 25} {
		assert.InEpsilon(t, want, *s.Verdict.Thresholds[i].Value, 0.02, s.Verdict.Thresholds[i].Threshold)
	}
	assert.InDelta(t, 250, s.Attacks[0].Requests.NotSent[loadgen.NotSentLate], 12, "%v", s.Attacks[0].Requests)
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

func TestShardsShareARate(t *testing.T) {
	whole := load(openFor(100, 10*time.Second), closedFor(9, 10*time.Second))
	whole.Attacks[0].MaxWorkers, whole.Attacks[0].Workers = 3000, 3
	whole.Thresholds = []loadgen.Threshold{{Metric: loadgen.MetricRate, AtLeast: "98/s", Stage: loadgen.EachStage}}
	for index := range 3 {
		p, err := whole.Split(pace.Shard{Index: index, Count: 3})
		require.NoError(t, err)
		s := simulate(t, simulation{plan: p, targets: []simTarget{takes(90 * time.Millisecond)}})
		for i, want := range []float64{100. / 3, 100. / 3} {
			assert.InEpsilon(t, want, *s.Verdict.Thresholds[i].Value, 0.02)
			assert.Equal(t, verdict.Passed, s.Verdict.Thresholds[i].Outcome)
		}
	}
}

func TestIntervalsCountOnceAndWithoutPauses(t *testing.T) {
	i := func(a, b int) pace.Interval {
		return pace.Interval{Begin: began.Add(time.Duration(a) * time.Second), End: began.Add(time.Duration(b) * time.Second)}
	}
	for _, c := range []struct {
		of     pace.Interval
		pauses []pace.Interval
		after  time.Duration
		want   []pace.Interval
	}{
		{i(0, 10), nil, 0, []pace.Interval{i(0, 10)}},
		{i(0, 10), []pace.Interval{i(2, 4), i(6, 7)}, 0, []pace.Interval{i(0, 2), i(4, 6), i(7, 10)}},
		{i(0, 10), []pace.Interval{i(2, 4), i(6, 7)}, time.Second, []pace.Interval{i(0, 3), i(4, 10)}},
		{i(3, 10), []pace.Interval{i(2, 4), i(9, 12)}, 0, []pace.Interval{i(4, 9)}},
		{i(3, 10), []pace.Interval{i(2, 11)}, 0, nil},
		{i(3, 10), []pace.Interval{i(0, 3), i(10, 11)}, 0, []pace.Interval{i(3, 10)}},
	} {
		assert.Equal(t, c.want, appendWithout(nil, c.of, c.pauses, c.after))
	}
	assert.Equal(t, 8*time.Second, union([]pace.Interval{i(5, 6), i(0, 4), i(2, 3), i(3, 5), i(8, 10), i(9, 10)}))
	assert.Zero(t, union(nil))
}

// beside is a plan of attacks that go on at the same time.
func beside(stages ...pace.Stage) *loadgen.Plan {
	names := make([]string, len(stages))
	for i := range names {
		names[i] = fmt.Sprint("attack", i)
	}
	p := plan(names...)
	p.Order = loadgen.Parallel
	for i := range stages {
		p.Attacks[i].Load = []pace.Stage{stages[i]}
	}
	return p
}

// The total rate was of the time until the next request of the slowest attack: 100/s
// beside 1/m had 25.5/s after a second.
func TestASlowAttackDoesNotStretchTheTimeOfTheOthers(t *testing.T) {
	poisson := pace.Stage{Poisson: &pace.Poisson{Rate: 5, Seed: 4}, Duration: 4 * time.Second}
	for name, c := range map[string]struct {
		stages    []pace.Stage
		low, high float64
	}{
		"twice a second": {[]pace.Stage{openFor(50, 4*time.Second), openFor(2, 4*time.Second)}, 51.9, 52.1},
		"once a minute":  {[]pace.Stage{openFor(100, 4*time.Second), openFor(1./60, 4*time.Second)}, 100.2, 100.3},
		"a minute of it": {[]pace.Stage{openFor(100, 4*time.Second), openFor(1./60, time.Minute)}, 1, 100.1},
		"two slow ones":  {[]pace.Stage{openFor(0.25, 20*time.Second), openFor(0.1, 20*time.Second)}, 0.349, 0.351},
		"three":          {[]pace.Stage{openFor(3, 4*time.Second), openFor(7, 4*time.Second), openFor(0.25, 4*time.Second)}, 10.24, 10.26},
		"poisson":        {[]pace.Stage{openFor(50, 4*time.Second), poisson}, 50, 60},
		// Ten of the closed loop end at once.
		"beside closed loop": {[]pace.Stage{closedFor(10, 4*time.Second), openFor(1./60, 4*time.Second)}, 70, 115},
	} {
		for _, stage := range []string{"", "shared"} {
			t.Run(name+stage, func(t *testing.T) {
				p := beside(c.stages...)
				for i := range p.Attacks {
					p.Attacks[i].Load[0].Name = stage
				}
				p.Thresholds = []loadgen.Threshold{
					{Metric: loadgen.MetricRate, AtLeast: "1/m", Window: time.Second, Stage: stage},
					{Metric: loadgen.MetricRate, AtLeast: "1/m", Stage: stage},
				}
				looks := 0
				s := simulate(t, simulation{plan: p, targets: []simTarget{takes(100 * time.Millisecond)}, look: func(now time.Duration, a *seen) {
					if now < 200*time.Millisecond || now > 4*time.Second {
						return
					}
					for i, r := range a.readings {
						if r.Samples == 0 {
							continue
						}
						looks++
						low, high := c.low, c.high
						if name == "beside closed loop" && now < time.Second {
							low, high = 1, 200 // its workers end at once
						}
						if name == "poisson" && now < time.Second {
							low = 45
						}
						if name == "poisson" && i == 0 {
							low, high = 46, 70
						}
						assert.GreaterOrEqual(t, r.Value, low, "%d after %s", i, now)
						assert.LessOrEqual(t, r.Value, high, "%d after %s", i, now)
					}
				}})
				assert.Greater(t, looks, 50)
				if name != "a minute of it" {
					assert.GreaterOrEqual(t, s.Total.RateAchieved, c.low)
					assert.LessOrEqual(t, s.Total.RateAchieved, c.high)
				}
			})
		}
	}
}

func TestARateOfSeveralAttacksIsNotBreachedOnTheWay(t *testing.T) {
	p := beside(openFor(50, 4*time.Second), openFor(2, 4*time.Second))
	p.Thresholds = []loadgen.Threshold{
		{Metric: loadgen.MetricRate, AtLeast: "51/s", Window: time.Second, Abort: &loadgen.Abort{}},
		{Metric: loadgen.MetricRate, AtMost: "53/s", Window: time.Second, Abort: &loadgen.Abort{}},
		{Metric: loadgen.MetricRate, AtLeast: "51/s", Abort: &loadgen.Abort{}},
		{Metric: loadgen.MetricRate, AtLeast: "100%", Abort: &loadgen.Abort{}},
	}
	s := simulate(t, simulation{plan: p, targets: []simTarget{takes(time.Millisecond)}})
	assert.Equal(t, Completed, s.End, s.StopReason)
	for _, r := range s.Verdict.Thresholds {
		assert.Equal(t, verdict.Passed, r.Outcome, "%s: %s", r.Threshold, r.Measured())
	}
}

// Of a shard, the time before its first request counted in full: 1/2 of 4/s had 1.6/s
// of 2/s.
func TestAShardThatIsOnTimeHasItsShareOfTheRateAtAnyMoment(t *testing.T) {
	for _, shard := range []pace.Shard{{Index: 0, Count: 2}, {Index: 1, Count: 2}, {Index: 2, Count: 3}, {Index: 7, Count: 8}} {
		for _, several := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, several: %t", shard, several), func(t *testing.T) {
				rate := pace.Rate(2 * shard.Count)
				whole := load(openFor(rate, 6*time.Second))
				want := 2.0
				if several {
					whole, want = beside(openFor(rate, 6*time.Second), openFor(rate, 6*time.Second)), 4
				}
				for i := range whole.Attacks {
					whole.Attacks[i].MaxWorkers = 100
				}
				for _, window := range []time.Duration{0, time.Second, 2 * time.Second} {
					whole.Thresholds = append(whole.Thresholds,
						loadgen.Threshold{Metric: loadgen.MetricRate, AtLeast: loadgen.Limit(fmt.Sprint(0.99*want*float64(shard.Count)) + "/s"), Window: window, Abort: &loadgen.Abort{}},
						loadgen.Threshold{Metric: loadgen.MetricRate, AtMost: loadgen.Limit(fmt.Sprint(1.01*want*float64(shard.Count)) + "/s"), Window: window, Abort: &loadgen.Abort{}},
						loadgen.Threshold{Metric: loadgen.MetricRate, AtLeast: "100%", Window: window, Abort: &loadgen.Abort{}})
				}
				p, err := whole.Split(shard)
				require.NoError(t, err)
				s := simulate(t, simulation{plan: p, targets: []simTarget{takes(10 * time.Millisecond)}})
				assert.Equal(t, Completed, s.End, s.StopReason)
				for _, r := range s.Verdict.Thresholds {
					assert.Equal(t, verdict.Passed, r.Outcome, "%s: %s", r.Threshold, r.Measured())
				}
				assert.InEpsilon(t, want, s.Total.RateAchieved, 0.001)
			})
		}
	}
}

// 110 requests in 1.1 s made 99.99999999999999/s, which breached a limit of 100/s.
func TestARateThatIsWhatThePlanWantsIsExactlyThat(t *testing.T) {
	for n := range 200 {
		p := load(openFor(100, time.Duration(n+1)*100*time.Millisecond))
		p.Thresholds = []loadgen.Threshold{{Metric: loadgen.MetricRate, AtLeast: "100/s"}, {Metric: loadgen.MetricRate, AtMost: "100/s"}}
		s := simulate(t, simulation{plan: p, targets: []simTarget{takes(time.Millisecond)}})
		require.Equal(t, verdict.Pass, s.Verdict.Verdict, "%d: %+v", n, s.Verdict)
		require.InDelta(t, 100, s.Total.RateAchieved, 0)
		require.InDelta(t, 100, s.Total.RateWanted, 0)
	}
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
