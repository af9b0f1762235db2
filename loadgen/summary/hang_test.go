package summary

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// hangs answers after latency, and from a time since the run began on as then does.
func hangs(from, latency time.Duration, then simTarget) simTarget {
	var began time.Time
	var first sync.Once
	return func(n uint64) simAnswer {
		first.Do(func() { began = time.Now() })
		if time.Since(began) >= from {
			return then(n)
		}
		time.Sleep(latency)
		return fine
	}
}

// A closed loop whose target began to hang kept its last rate, for as long as it hung:
// 100/s after ten good seconds and fifty without an answer. A threshold on the rate was
// kept to, and never ended the run.
func TestAClosedLoopWhoseTargetHangsHasNoRateToKeep(t *testing.T) {
	const good, latency = 10 * time.Second, 100 * time.Millisecond
	timesOut := func(uint64) simAnswer { time.Sleep(30 * time.Second); return simAnswer{} }
	backsOff := func(uint64) simAnswer {
		time.Sleep(20 * time.Millisecond)
		return simAnswer{notSent: loadgen.NotSentBackoff}
	}
	for name, c := range map[string]struct {
		stages []pace.Stage
		then   simTarget
		stop   time.Duration
		steer  func(*runner.Run)
		rate   float64 // in the end
		over   time.Duration
	}{
		"until it is stopped":             {[]pace.Stage{closedFor(10, time.Hour)}, takes(time.Hour), time.Minute, nil, 1000. / 60, time.Minute},
		"a loop by count":                 {[]pace.Stage{closedCount(10, 1_000_000)}, takes(time.Hour), time.Minute, nil, 1000. / 60, time.Minute},
		"at its last requests":            {[]pace.Stage{closedCount(10, 1010)}, takes(time.Hour), time.Minute, nil, 1000. / 60, time.Minute},
		"behind the loop's end":           {[]pace.Stage{closedFor(10, 20*time.Second)}, takes(time.Hour), time.Minute, nil, 1000. / 60, time.Minute},
		"within the next stage":           {[]pace.Stage{closedFor(10, 10*time.Second+1), closedFor(10, time.Hour)}, takes(time.Hour), time.Minute, nil, 1000. / 60, time.Minute},
		"until a timeout":                 {[]pace.Stage{closedFor(10, 45*time.Second)}, timesOut, 0, nil, 1000. / 70, 40 * time.Second},
		"nothing is sent any more":        {[]pace.Stage{closedFor(10, 50*time.Second)}, backsOff, 0, nil, 1000. / 50, 50 * time.Second},
		"until it answers again":          {[]pace.Stage{closedFor(10, 50*time.Second)}, takes(35 * time.Second), 0, nil, 1020. / 80, 80 * time.Second},
		"a pause in it does not count":    {[]pace.Stage{closedFor(10, time.Hour)}, takes(time.Hour), time.Minute, pausing(20*time.Second, 10*time.Second), 1000. / 50, time.Minute},
		"with one request going on still": {[]pace.Stage{closedFor(10, time.Hour)}, oneGoesOn(latency), time.Minute, nil, (1000 + 500) / 60., time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			p := load(c.stages...)
			p.Limits.Grace = 5 * time.Second
			p.Limits.Overrun = time.Hour
			p.Thresholds = []loadgen.Threshold{{Metric: loadgen.MetricRate, AtLeast: "50/s"}, {Metric: loadgen.MetricRate, AtLeast: "1/h"}}
			looks := 0
			s := simulate(t, simulation{plan: p, stop: c.stop, steer: c.steer, targets: []simTarget{hangs(good, latency, c.then)}, look: func(now time.Duration, a *seen) {
				if c.steer == nil && now > good+time.Second && now < min(c.over, 45*time.Second) && name != "with one request going on still" {
					looks++
					assert.InEpsilon(t, 1000/now.Seconds(), a.readings[0].Value, 0.02, "%s", now)
					assert.Zero(t, a.snapshot.RateAchieved, "%s", now)
				}
			}})
			assert.InEpsilon(t, c.rate, s.Total.RateAchieved, 0.02)
			assert.InEpsilon(t, c.rate, s.Attacks[0].RateAchieved, 0.02)
			assert.InEpsilon(t, c.rate, *s.Verdict.Thresholds[1].Value, 0.02)
			if c.steer == nil && name != "with one request going on still" {
				assert.Greater(t, looks, 20)
			}
		})
	}
}

// oneGoesOn hangs for all requests but one at a time.
func oneGoesOn(latency time.Duration) simTarget {
	busy := make(chan struct{}, 1)
	return func(uint64) simAnswer {
		select {
		case busy <- struct{}{}:
			time.Sleep(latency)
			<-busy
			return fine
		default:
			time.Sleep(time.Hour)
			return simAnswer{}
		}
	}
}

// pausing pauses a run after a while, for a while.
func pausing(after, long time.Duration) func(*runner.Run) {
	return func(r *runner.Run) {
		time.Sleep(after)
		_ = r.SetSpeed("", 0)
		time.Sleep(long)
		_ = r.SetSpeed("", 1)
	}
}

func TestAThresholdOnTheRateEndsAClosedLoopThatHangs(t *testing.T) {
	p := load(closedFor(10, time.Hour))
	p.Thresholds = []loadgen.Threshold{{Metric: loadgen.MetricRate, AtLeast: "50/s", Abort: &loadgen.Abort{After: 5 * time.Second}}}
	s := simulate(t, simulation{plan: p, targets: []simTarget{hangs(10*time.Second, 100*time.Millisecond, takes(time.Hour))}})
	require.Equal(t, Stopped, s.End)
	assert.Equal(t, "the threshold rate at least 50/s was breached for 5s", s.StopReason)
	// 1000 requests are less than 50/s of more than 20 s.
	assert.InDelta(t, 20, float64(*s.Verdict.Thresholds[0].FirstBreach), 1.01)
	assert.True(t, s.Verdict.Aborted())
}

// Workers that begin together have answers at the same moments, and none between: there
// the rate must not sink, or a threshold would end the run in its first rounds. No look
// is at the moment of an answer, when only some of them may be counted.
func TestTheRateOfAClosedLoopDoesNotSinkBetweenItsRounds(t *testing.T) {
	for _, latency := range []time.Duration{97 * time.Millisecond, 1499 * time.Millisecond, 7001 * time.Millisecond} {
		p := load(closedFor(64, time.Minute))
		want := 64 / latency.Seconds()
		looks := 0
		simulate(t, simulation{plan: p, targets: []simTarget{takes(latency)}, look: func(now time.Duration, a *seen) {
			if a.rates[0] > 0 {
				looks++
				assert.InEpsilon(t, want, a.rates[0], 0.001, "%s after %s", latency, now)
			}
		}})
		assert.Greater(t, looks, 50)
	}
}
