package summary

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
	"github.com/loadtrace/loadtrace/loadgen/vitals"
)

// The first answers are errors, and soon there; the good ones take longer, and come in
// the grace. The run passed, though a threshold had ended it.
func TestARunThatAThresholdEndedDoesNotPassWhateverComesInTheGrace(t *testing.T) {
	for name, stop := range map[string]time.Duration{"by itself": 0, "and by hand in the grace": 1100 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			p := load(openFor(100, 6*time.Second))
			p.Limits.Grace = 500 * time.Millisecond
			p.Thresholds = []loadgen.Threshold{{Metric: loadgen.MetricErrorRatio, AtMost: "32%", Abort: &loadgen.Abort{}}}
			s := simulate(t, simulation{plan: p, stop: stop, targets: []simTarget{func(n uint64) simAnswer {
				if n < 30 {
					time.Sleep(time.Millisecond)
					return simAnswer{status: 503}
				}
				time.Sleep(400 * time.Millisecond)
				return fine
			}}})
			assert.Equal(t, Stopped, s.End)
			assert.Equal(t, "the threshold error ratio at most 32% was breached", s.StopReason)
			assert.Greater(t, s.Total.Requests.NotSent[loadgen.NotSentStopped], uint64(490))
			require.Less(t, float64(s.Total.Bad())/float64(s.Total.Requests.Sent()), 0.32, "what came in the grace would pass")
			assert.Equal(t, verdict.Fail, s.Verdict.Verdict)
			r := s.Verdict.Thresholds[0]
			assert.Equal(t, verdict.Breached, r.Outcome)
			assert.InDelta(t, 0.49, *r.Value, 0.02)
			assert.True(t, s.Verdict.Aborted())
		})
	}
}

// What we cut off ourselves was an error of the target's: 48.8 % of one that answered
// all else with 200.
func TestRequestsThatTheStopCutOffAreNoErrorsOfTheTargets(t *testing.T) {
	p := load(openFor(100, 6*time.Second))
	p.Limits.Grace = 500 * time.Millisecond
	each := func(one loadgen.Threshold) []loadgen.Threshold {
		stage, window := one, one
		stage.Stage, window.Window = loadgen.EachStage, time.Second
		return []loadgen.Threshold{one, stage, window}
	}
	p.Thresholds = []loadgen.Threshold{{Metric: loadgen.MetricResponseTime, Percentile: 50, AtMost: "1ms", Window: 2 * time.Second, Abort: &loadgen.Abort{}}}
	for _, one := range []loadgen.Threshold{
		{Metric: loadgen.MetricErrorRatio, AtMost: "0%"},
		{Metric: loadgen.MetricStatus, Status: "200", AtLeast: "100%"},
		{Metric: loadgen.MetricResponseTime, Stat: loadgen.StatMax, AtMost: "100ms"},
		{Metric: loadgen.MetricServiceTime, Stat: loadgen.StatMax, AtMost: "100ms"},
	} {
		p.Thresholds = append(p.Thresholds, each(one)...)
	}
	s := simulate(t, simulation{
		plan: p,
		targets: []simTarget{func(n uint64) simAnswer {
			time.Sleep(50 * time.Millisecond)
			if n > 100 {
				time.Sleep(time.Minute)
			}
			return fine
		}},
		look: func(_ time.Duration, a *seen) { assert.Zero(t, a.snapshot.Failed) },
	})
	assert.Equal(t, Stopped, s.End)
	require.Greater(t, s.Total.Cut(), uint64(80))
	assert.Equal(t, s.Total.Cut(), s.Total.Requests.Failed, "they are counted all the same")
	assert.Zero(t, s.Total.Bad())
	assert.EqualValues(t, 0.05, s.Total.ResponseTime.Max)
	assert.EqualValues(t, 0.05, s.Total.ServiceTime.Max)
	assert.Equal(t, s.Total.Requests.Sent(), s.Total.Lag.Count, "the lag is ours")
	assert.InDelta(t, 100, s.Total.RateAchieved, 1, "they were sent")
	for _, r := range s.Slowest {
		assert.Empty(t, r.Error)
	}
	assert.Equal(t, verdict.Breached, s.Verdict.Thresholds[0].Outcome)
	for _, r := range s.Verdict.Thresholds[1:] {
		assert.Equal(t, verdict.Passed, r.Outcome, "%s: %s", r.Threshold, r.Measured())
	}
	assert.Equal(t, verdict.Fail, s.Verdict.Verdict)
}

// One worker, to which a second each is all too little: what is late is not sent. It
// has a stage, though no record of it has.
func TestRequestsThatWereNeverGivenOutAreErrorsOfTheirStage(t *testing.T) {
	p := load(openFor(100, 2*time.Second), openFor(50, 2*time.Second))
	p.Attacks[0].MaxWorkers = 1
	p.Limits.Overrun = 100 * time.Millisecond
	p.Thresholds = []loadgen.Threshold{
		{Metric: loadgen.MetricErrorRatio, AtMost: "1%"}, {Metric: loadgen.MetricErrorRatio, AtMost: "1%", Stage: loadgen.EachStage},
		{Metric: loadgen.MetricErrorRatio, AtMost: "1%", Window: time.Second},
	}
	s := simulate(t, simulation{plan: p, targets: []simTarget{takes(time.Second)}})
	late := s.Total.Requests.NotSent[loadgen.NotSentLate]
	require.Greater(t, late, uint64(290))
	for i, want := range []float64{float64(late) / 300, float64(late-100) / 200, 1, float64(late) / float64(late+1)} {
		r := s.Verdict.Thresholds[i]
		assert.Equal(t, verdict.Breached, r.Outcome, r.Threshold)
		assert.InDelta(t, want, *r.Value, 0.01, r.Threshold)
	}
}

func TestAnAttackThatNeverBeganAfterAnEnginesErrorFailsItsRatio(t *testing.T) {
	p := plan("auth", "browse")
	p.Attacks[1].Load[0].Name = "peak"
	p.Thresholds = []loadgen.Threshold{
		{Metric: loadgen.MetricErrorRatio, AtMost: "50%", Attack: "browse"},
		{Metric: loadgen.MetricErrorRatio, AtMost: "50%", Stage: "peak"},
		{Metric: loadgen.MetricErrorRatio, AtMost: "50%"},
	}
	a := New(p, runID, began)
	for i := range uint64(10) {
		r := sent(0, i, 0, 0, time.Millisecond)
		a.Add(&r)
	}
	accounts := []runner.Account{
		{Begun: true, Ended: true, Stages: []pace.Progress{{Open: true, Begun: true, Given: 10}}},
		{Unsent: 30, UnsentReason: loadgen.NotSentError, Stages: []pace.Progress{{Open: true, Left: 30}}},
	}
	for i, want := range []verdict.Reading{{Value: 1, Samples: 30}, {Value: 1, Samples: 30}, {Value: 0.75, Samples: 40}} {
		assert.Equal(t, want, a.Readings(began.Add(time.Second), accounts)[i])
	}
	accounts[1].UnsentReason = loadgen.NotSentStopped
	for i, want := range []verdict.Reading{{}, {}, {Samples: 10}} {
		assert.Equal(t, want, a.Readings(began.Add(time.Second), accounts)[i], "a stop is no error")
	}
}

// The wait for a stream counted as the target's time, and nobody looked at it.
func TestTheWaitForConnectionsIsLookedAtWhereItIsLimited(t *testing.T) {
	const one, stream, both = "one of max_connections", "a stream that the target allows", "one of max_connections, or for a stream that the target allows"
	for name, c := range map[string]struct {
		attack loadgen.Attack
		want   string // empty: it is not limited
	}{
		"http/1":                      {loadgen.Attack{HTTP: &loadgen.HTTP{URL: "http://h/", Protocol: loadgen.ProtocolAuto}}, ""},
		"http/1 over TLS":             {loadgen.Attack{HTTP: &loadgen.HTTP{URL: "https://h/", Protocol: loadgen.ProtocolHTTP1}}, ""},
		"max_connections":             {loadgen.Attack{HTTP: &loadgen.HTTP{URL: "http://h/", Protocol: loadgen.ProtocolAuto, MaxConnections: 5}}, one},
		"max_connections of http/1":   {loadgen.Attack{HTTP: &loadgen.HTTP{URL: "https://h/", Protocol: loadgen.ProtocolHTTP1, MaxConnections: 5}}, one},
		"auto over TLS":               {loadgen.Attack{HTTP: &loadgen.HTTP{URL: "HTTPS://h/", Protocol: loadgen.ProtocolAuto}}, stream},
		"targets, which may be https": {loadgen.Attack{HTTP: &loadgen.HTTP{Targets: &loadgen.Targets{}, Protocol: loadgen.ProtocolAuto}}, stream},
		"h2":                          {loadgen.Attack{HTTP: &loadgen.HTTP{URL: "https://h/", Protocol: loadgen.ProtocolHTTP2}}, stream},
		"h2c":                         {loadgen.Attack{HTTP: &loadgen.HTTP{URL: "http://h/", Protocol: loadgen.ProtocolH2C}}, stream},
		"h2 and max_connections":      {loadgen.Attack{HTTP: &loadgen.HTTP{URL: "https://h/", Protocol: loadgen.ProtocolHTTP2, MaxConnections: 1}}, both},
		"gRPC":                        {loadgen.Attack{GRPC: &loadgen.GRPC{Target: "h:1"}}, stream},
	} {
		t.Run(name, func(t *testing.T) {
			p := load(openFor(30, time.Second))
			c.attack.Name, c.attack.Load = p.Attacks[0].Name, p.Attacks[0].Load
			p.Attacks[0] = c.attack
			a := New(p, runID, began)
			for i := range uint64(30) {
				r := sent(0, i, 0, 0, 3*time.Second)
				r.Phases.Conn = 2 * time.Second
				a.Add(&r)
			}
			s := a.Summary(at(time.Second), Conclusion{Accounts: []runner.Account{{Planned: 30, Given: 30, Recorded: 30}}})
			require.Empty(t, s.Faults)
			s.Judge(p, nil, vitals.Strain{})
			if c.want == "" {
				assert.True(t, s.Verdict.Trusted, "%v", s.Verdict.Reasons)
				return
			}
			assert.Equal(t, []string{"attack auth: requests waited for " + c.want + ": the p90 connection wait is 2s, more than 300ms"}, s.Verdict.Reasons)
		})
	}
}

func TestRequestsThatWaitedInVainAreADoubt(t *testing.T) {
	for _, c := range []struct {
		reason loadgen.NotSentReason
		trust  time.Duration
		want   []string
	}{
		{loadgen.NotSentConnectionWait, 0, []string{"attack auth: 3 requests were not sent: they waited for one of max_connections for the whole timeout of 1s"}},
		{loadgen.NotSentConnectionWait, time.Second, nil},
		{loadgen.NotSentBackoff, 0, nil}, // the target refused a dial
	} {
		p := load(openFor(30, time.Second))
		p.Attacks[0].HTTP = &loadgen.HTTP{URL: "http://h/", MaxConnections: 1, Timeout: time.Second}
		p.Trust.ConnectionWait = c.trust
		a := New(p, runID, began)
		r := sent(0, 0, 0, 0, time.Millisecond)
		a.Add(&r)
		for range 3 {
			a.Add(notSent(c.reason))
		}
		s := a.Summary(at(time.Second), Conclusion{Accounts: []runner.Account{{Planned: 4, Given: 4, Recorded: 4}}})
		require.Empty(t, s.Faults)
		s.Judge(p, nil, vitals.Strain{})
		assert.Equal(t, c.want, s.Verdict.Reasons)
	}
}

// A threshold that was breached from the beginning, to abort after a second, ended the run
// after two: the first look was after a second, and the next one a second later.
func TestAnAbortIsLateByASmallPartOfItsTime(t *testing.T) {
	for after, most := range map[time.Duration]time.Duration{
		0:                     time.Second, // the first look
		50 * time.Millisecond: 200 * time.Millisecond,
		time.Second:           1200 * time.Millisecond,
		5 * time.Second:       6 * time.Second,
		10 * time.Second:      12 * time.Second,
		100 * time.Second:     102 * time.Second,
	} {
		p := load(openFor(100, 10*time.Minute))
		p.Thresholds = []loadgen.Threshold{{Metric: loadgen.MetricErrorRatio, AtMost: "1%", Abort: &loadgen.Abort{After: after}}}
		s := simulate(t, simulation{plan: p, targets: []simTarget{func(uint64) simAnswer {
			time.Sleep(time.Millisecond)
			return simAnswer{status: 503}
		}}})
		require.Equal(t, Stopped, s.End, "%s", after)
		ended := s.Elapsed.Duration()
		assert.GreaterOrEqual(t, ended, after, "%s", after)
		assert.LessOrEqual(t, ended, most+10*time.Millisecond, "%s", after)
	}
}
