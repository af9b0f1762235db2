package summary

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// shapes are open loads, with the requests and the seconds that they have.
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
