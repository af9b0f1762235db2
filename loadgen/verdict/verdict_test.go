package verdict

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/vitals"
)

func planOf(thresholds ...loadgen.Threshold) *loadgen.Plan {
	return &loadgen.Plan{Thresholds: thresholds, Attacks: []loadgen.Attack{
		{Name: "web", Load: []pace.Stage{{Name: "warm-up"}, {Name: "peak"}}},
		{Name: "calls", Load: []pace.Stage{{Name: "peak"}, {}}},
	}}
}

// good is evidence of a run that nothing speaks against.
func good() *Evidence {
	return &Evidence{Attacks: []Attack{{Name: "web", Sent: 1000, Lag: Tail{Count: 1000, P90: time.Millisecond, P99: 5 * time.Millisecond}}}}
}

func result(o Outcome) Result { return Result{Threshold: "t", Outcome: o} }

// The logic of three values, and distrust above all of it.
func TestVerdictsByOutcomesAndTrust(t *testing.T) {
	for _, c := range []struct {
		results []Result
		trusted bool
		want    Verdict
	}{
		{nil, true, Sound},
		{nil, false, Undecided},
		{[]Result{result(Passed), result(Passed)}, true, Pass},
		{[]Result{result(Passed), result(Passed)}, false, Undecided},
		{[]Result{result(Passed), result(Breached)}, true, Fail},
		{[]Result{result(Passed), result(Breached)}, false, Undecided},
		{[]Result{result(Passed), result(NoSamples)}, true, Undecided},
		{[]Result{result(Breached), result(NoSamples)}, true, Fail},
		{[]Result{result(Breached), result(NoSamples)}, false, Undecided},
	} {
		e := good()
		if !c.trusted {
			e.Faults = []string{"spans were lost"}
		}
		r := Decide(loadgen.Trust{}, e, c.results)
		assert.Equal(t, c.want, r.Verdict, "%+v", c)
		assert.Equal(t, c.trusted, r.Trusted)
		if c.want == Undecided {
			assert.NotEmpty(t, r.Reasons, "a verdict that is withheld has a reason")
		}
	}
}

func TestEachDoubtHasASentence(t *testing.T) {
	for want, spoil := range map[string]func(*Evidence){
		"no request was sent, so nothing was measured":              func(e *Evidence) { e.Attacks[0].Sent = 0 },
		"the run failed: attack web: gone":                          func(e *Evidence) { e.Error = "attack web: gone" },
		"the run did not complete its plan: it was stopped by hand": func(e *Evidence) { e.Interrupted = "it was stopped by hand" },
		"attack web: the schedule was not kept: the p99 schedule lag is 10.1ms, more than 10ms": func(e *Evidence) {
			e.Attacks[0].Lag.P99 = 10_100 * time.Microsecond
		},
		"attack web: the schedule was not kept: the p90 schedule lag is 12ms, more than 10ms": func(e *Evidence) {
			e.Attacks[0].Lag = Tail{Count: 99, P90: 12 * time.Millisecond, P99: time.Second}
		},
		"attack web: the schedule was not kept: 3 planned requests came too late to be sent": func(e *Evidence) { e.Attacks[0].Late = 3 },
		"attack web: requests waited for one of max_connections: the p99 connection wait is 30ms, more than 20ms": func(e *Evidence) {
			e.Attacks[0].Service, e.Attacks[0].ConnWait = 200*time.Millisecond, Tail{Count: 500, P99: 30 * time.Millisecond}
			e.Attacks[0].WaitedFor = "one of max_connections"
		},
		"attack web: 41 requests were not sent: they waited for one of max_connections for the whole timeout of 1s": func(e *Evidence) {
			e.Attacks[0].GaveUp, e.Attacks[0].Timeout, e.Attacks[0].WaitedFor = 41, time.Second, "one of max_connections"
		},
		"attack web: 1 request was not sent: it waited for a stream that the target allows for the whole timeout of 1s": func(e *Evidence) {
			e.Attacks[0].GaveUp, e.Attacks[0].Timeout, e.Attacks[0].WaitedFor = 1, time.Second, "a stream that the target allows"
		},
		"attack web: 1 request failed for want of file descriptors of the generator (error no_files); raise ulimit -n": func(e *Evidence) {
			e.Attacks[0].NoFiles = 1
		},
		"attack web: 2 requests failed for want of local ports of the generator (error no_ports); keep connections alive or widen net.ipv4.ip_local_port_range": func(e *Evidence) {
			e.Attacks[0].NoPorts = 2
		},
		"the generator was starved: its cgroup was throttled in 1.5 % of its periods of CPU, more than 1%": func(e *Evidence) { e.Strain.CPUThrottled = new(0.015) },
		"the generator was starved: the machine's host took 5.5 % of its CPU time (steal), more than 5%":   func(e *Evidence) { e.Strain.CPUSteal = new(0.055) },
		"the generator was starved: the p99 wait of its goroutines for a processor is 12ms, more than 10ms": func(e *Evidence) {
			e.Strain.SchedulerLatency = new(0.012)
		},
		"2 spans were lost": func(e *Evidence) { e.Faults = []string{"2 spans were lost"} },
	} {
		e := good()
		require.Empty(t, Doubts(loadgen.Trust{}, e))
		spoil(e)
		assert.Equal(t, []string{want}, Doubts(loadgen.Trust{}, e))
	}
}

func TestWhatThePlanTrustsIsNoDoubt(t *testing.T) {
	e := good()
	e.Attacks[0].Lag.P99, e.Strain = 40*time.Millisecond, vitals.Strain{CPUSteal: new(0.2), CPUThrottled: new(0.2), SchedulerLatency: new(0.05)}
	assert.Len(t, Doubts(loadgen.Trust{}, e), 4)
	assert.Empty(t, Doubts(loadgen.Trust{ScheduleLag: 40 * time.Millisecond, CPUSteal: "20%", CPUThrottled: "0.2", SchedulerLatency: time.Second}, e))
	e.Strain, e.Attacks[0].Service = vitals.Strain{}, 400*time.Millisecond
	assert.Empty(t, Doubts(loadgen.Trust{}, e), "a tenth of the service time is allowed")

	e = good()
	e.Attacks[0].GaveUp, e.Attacks[0].Timeout = 5, time.Second
	assert.Len(t, Doubts(loadgen.Trust{ConnectionWait: 999 * time.Millisecond}, e), 1)
	assert.Empty(t, Doubts(loadgen.Trust{ConnectionWait: time.Second}, e), "to wait in vain is what the plan tests")
}

func TestWhatIsNotKnownIsSaidAndDoesNotDecide(t *testing.T) {
	r := Decide(loadgen.Trust{}, good(), nil)
	assert.Equal(t, Sound, r.Verdict)
	assert.Len(t, r.Unknown, 3)
}

func watchOf(t loadgen.Threshold) *Watch { return NewWatch(Checks(planOf(t))) }

func TestAThresholdOverTheWholeRunIsDecidedAtItsEnd(t *testing.T) {
	w := watchOf(loadgen.Threshold{Metric: loadgen.MetricErrorRatio, AtMost: "10%"})
	w.Observe(1*time.Second, []Reading{{Value: 0.5, Samples: 2}})
	assert.Equal(t, 1, w.Breached())
	w.Observe(2*time.Second, []Reading{{Value: 0.1, Samples: 10}})
	assert.Zero(t, w.Breached())
	r := w.Results()[0]
	assert.Equal(t, Passed, r.Outcome, "the limit itself is kept to")
	assert.EqualValues(t, 1, *r.FirstBreach)
	assert.EqualValues(t, 0.1, *r.Value)
}

func TestAWindowIsBreachedIfItEverWas(t *testing.T) {
	w := watchOf(loadgen.Threshold{Metric: loadgen.MetricRate, AtLeast: "100/s", Window: 10 * time.Second})
	assert.Equal(t, NoSamples, w.Results()[0].Outcome)
	for i, v := range []float64{120, 80, 90, 130} {
		w.Observe(time.Duration(i)*time.Second, []Reading{{Value: v, Samples: 1}})
	}
	w.Observe(5*time.Second, []Reading{{}})
	r := w.Results()[0]
	assert.Equal(t, Breached, r.Outcome)
	assert.EqualValues(t, 80, *r.Value, "the worst")
	assert.EqualValues(t, 1, *r.FirstBreach)
	assert.Zero(t, w.Breached())
}

func TestAnAbortWantsABreachWithoutABreak(t *testing.T) {
	w := watchOf(loadgen.Threshold{Metric: loadgen.MetricErrorRatio, AtMost: "10%", Abort: &loadgen.Abort{After: 3 * time.Second}})
	look := func(at int, v float64) bool {
		w.Observe(time.Duration(at)*time.Second, []Reading{{Value: v, Samples: 10}})
		_, abort := w.Abort(time.Duration(at) * time.Second)
		return abort
	}
	for at, v := range []float64{0.5, 0.5, 0.5, 0.05, 0.5, 0.5, 0.5} {
		require.False(t, look(at, v), "%d", at)
	}
	assert.True(t, look(7, 0.5))
	assert.True(t, w.Results()[0].Aborted)
	assert.False(t, look(8, 0.5), "once is enough")
}

// Requests under way when a threshold ended the run could bring its figure back in the
// grace, or leave it without samples: the run passed.
func TestAThresholdThatEndedTheRunIsBreached(t *testing.T) {
	for _, after := range []Reading{{Value: 0.01, Samples: 500}, {}, {Value: 0.9, Samples: 500}} {
		for _, window := range []time.Duration{0, time.Second} {
			w := watchOf(loadgen.Threshold{Metric: loadgen.MetricErrorRatio, AtMost: "10%", Window: window, Abort: &loadgen.Abort{}})
			w.Observe(time.Second, []Reading{{Value: 0.5, Samples: 2}})
			_, abort := w.Abort(time.Second)
			require.True(t, abort)
			w.Observe(2*time.Second, []Reading{after})
			r := w.Results()[0]
			assert.Equal(t, Breached, r.Outcome)
			assert.True(t, r.Aborted)
			assert.EqualValues(t, 0.5, *r.Value, "that for which it was ended")
			assert.Equal(t, 1, w.Breached())

			report := Decide(loadgen.Trust{}, good(), w.Results())
			assert.Equal(t, Fail, report.Verdict)
			assert.True(t, report.Aborted())
		}
	}
}

func TestChecksOfStages(t *testing.T) {
	each := Checks(planOf(loadgen.Threshold{Metric: loadgen.MetricStatus, Status: "5xx", AtMost: "1%", Stage: "each"}))
	var words []string
	for i := range each {
		words = append(words, each[i].String())
	}
	assert.Equal(t, []string{
		"status 5xx (web, stage warm-up) at most 1%", "status 5xx (web, stage peak) at most 1%",
		"status 5xx (calls, stage peak) at most 1%", "status 5xx (calls, stage 2 of 2) at most 1%",
	}, words)

	peak := Checks(planOf(loadgen.Threshold{Metric: loadgen.MetricRate, AtLeast: "95%", Stage: "peak"}))[0]
	assert.Equal(t, []int{1, 0}, []int{peak.StageOf(0), peak.StageOf(1)})
	assert.Equal(t, "rate of wanted (stage peak) at least 95%", peak.String())
	warm := Checks(planOf(loadgen.Threshold{Metric: loadgen.MetricRate, AtLeast: "5/s", Stage: "warm-up"}))[0]
	assert.True(t, warm.About(0))
	assert.False(t, warm.About(1))
}

func TestAmountsHaveThreeDigits(t *testing.T) {
	for _, c := range []struct {
		value float64
		unit  string
		want  string
	}{
		{0.0296, "s", "29.6 ms"}, {1.5, "s", "1.5 s"}, {0.0000123, "s", "12.3 µs"}, {0, "s", "0 ns"}, {123.4, "s", "123 s"},
		{0.0005, "ratio", "0.05 %"}, {1, "ratio", "100 %"}, {0.12345, "ratio", "12.3 %"}, {0.9999, "ratio", "100 %"},
		{480, "1/s", "480/s"}, {1234567, "1/s", "1234567/s"}, {0.25, "1/s", "0.25/s"},
	} {
		assert.Equal(t, c.want, Amount(c.value, c.unit))
	}
}
