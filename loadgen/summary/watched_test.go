package summary

import (
	"math"
	"math/rand/v2"
	"slices"
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

// watching is an accumulator whose plan has thresholds, and its accounts: two
// attacks of two stages, 100/s for 10 s each.
func watching(thresholds ...loadgen.Threshold) (*Accumulator, []runner.Account) {
	p := plan("web", "calls")
	for i := range p.Attacks {
		p.Attacks[i].Load = []pace.Stage{
			{Name: "warm-up", Constant: 100, Duration: 10 * time.Second},
			{Name: "peak", Constant: 100, Duration: 10 * time.Second},
		}
	}
	p.Thresholds = thresholds
	return New(p, runID, began), []runner.Account{
		{Begun: true, Begin: began, Planned: 2000, Total: 20 * time.Second},
		{Begun: true, Begin: began, Planned: 2000, Total: 20 * time.Second},
	}
}

// onTime has the accounts of watching send what is due by an offset.
func onTime(accounts []runner.Account, by time.Duration) {
	for i := range accounts {
		accounts[i].Stages = make([]pace.Progress, 2)
		for j := range accounts[i].Stages {
			since := by - accounts[i].Begin.Sub(began) - time.Duration(j)*10*time.Second
			if since < 0 {
				continue
			}
			n := min(1000, uint64(since/(10*time.Millisecond))+1)
			begin := at(by - since)
			end := begin.Add(time.Duration(n) * 10 * time.Millisecond)
			accounts[i].Stages[j] = pace.Progress{
				Open: true, Begun: true, Given: n, Left: 1000 - n, Due: n, Begin: begin, End: end, Planned: end,
			}
			p := &accounts[i].Stages[j]
			if p.Until = end; at(by).Before(end) {
				p.Until = at(by)
			}
			p.Ahead = end.Sub(p.Until).Seconds() / 0.01
		}
	}
}

func staged(r loadgen.Record, stage int) *loadgen.Record {
	r.Stage = stage
	return &r
}

func notSent(reason loadgen.NotSentReason) *loadgen.Record {
	return &loadgen.Record{Outcome: loadgen.NotSent, NotSent: reason}
}

func at(d time.Duration) time.Time { return began.Add(d) }

func TestFiguresOfTimesAreThoseOfTheRecords(t *testing.T) {
	times := []loadgen.Metric{loadgen.MetricResponseTime, loadgen.MetricServiceTime, loadgen.MetricScheduleLag}
	var thresholds []loadgen.Threshold
	for _, m := range times {
		for _, stage := range []string{"", "peak"} {
			thresholds = append(thresholds,
				loadgen.Threshold{Metric: m, Percentile: 99.9, AtMost: "1s", Stage: stage},
				loadgen.Threshold{Metric: m, Percentile: 99, AtMost: "1s", Stage: stage},
				loadgen.Threshold{Metric: m, Percentile: 37.5, AtMost: "1s", Stage: stage, Attack: "web"},
				loadgen.Threshold{Metric: m, Stat: loadgen.StatMean, AtMost: "1s", Stage: stage},
				loadgen.Threshold{Metric: m, Stat: loadgen.StatMax, AtMost: "1s", Stage: stage})
		}
	}
	a, accounts := watching(thresholds...)
	rnd := rand.New(rand.NewPCG(1, 2))
	var records []loadgen.Record
	for i := range 4000 {
		us := func(mean float64) time.Duration { return time.Duration(rnd.ExpFloat64() * mean * 1e3) }
		r := sent(i%2, uint64(i/2), time.Duration(i)*5*time.Millisecond, us(90), us(3000))
		r.Stage, r.Open = i/2000, i%7 > 0
		a.Add(&r)
		records = append(records, r)
		if i%900 == 0 {
			a.Snapshot(at(time.Duration(i)*5*time.Millisecond), accounts) // drains the interval
		}
	}
	got := a.Readings(at(20*time.Second), accounts)
	for i, th := range thresholds {
		var values []time.Duration
		for _, r := range records {
			if th.Attack == "web" && r.Attack != 0 || th.Stage != "" && r.Stage != 1 || th.Metric == loadgen.MetricScheduleLag && !r.Open {
				continue
			}
			values = append(values, map[loadgen.Metric]time.Duration{
				loadgen.MetricResponseTime: r.ResponseTime(), loadgen.MetricServiceTime: r.ServiceTime(), loadgen.MetricScheduleLag: r.Lag(),
			}[th.Metric])
		}
		require.EqualValues(t, len(values), got[i].Samples, "%+v", th)
		assert.InEpsilon(t, figureOf(th, values).Seconds(), got[i].Value, 0.006, "%+v", th)
	}
}

// figureOf computes a figure the plain way.
func figureOf(th loadgen.Threshold, values []time.Duration) time.Duration {
	slices.Sort(values)
	switch th.Stat {
	case loadgen.StatMax:
		return values[len(values)-1]
	case loadgen.StatMean:
		var sum time.Duration
		for _, v := range values {
			sum += v
		}
		return sum / time.Duration(len(values))
	}
	return values[int(math.Ceil(th.Percentile*float64(len(values))/100))-1]
}

func TestErrorsAndStatusesAreCounted(t *testing.T) {
	errors := loadgen.Threshold{Metric: loadgen.MetricErrorRatio, AtMost: "1%"}
	inPeak := errors
	inPeak.Stage = "peak"
	status := func(s, stage string) loadgen.Threshold {
		return loadgen.Threshold{Metric: loadgen.MetricStatus, Status: s, AtMost: "1%", Stage: stage}
	}
	a, accounts := watching(errors, inPeak, status("503", ""), status("5xx", ""), status("5xx", "peak"), status("UNAVAILABLE", ""), status("UNAVAILABLE", "warm-up"))
	add := func(n, stage int, bend func(*loadgen.Record)) {
		for range n {
			r := sent(0, 0, 0, 0, time.Millisecond)
			bend(&r)
			a.Add(staged(r, stage))
		}
	}
	add(50, 0, func(*loadgen.Record) {})
	add(5, 1, func(r *loadgen.Record) { r.Status = 503 })
	add(5, 0, func(r *loadgen.Record) { r.Status = 500 })
	add(10, 1, func(r *loadgen.Record) { *r = failed(*r, loadgen.ErrorTimeout, "") })
	add(10, 0, func(r *loadgen.Record) { r.Target, r.Status = &loadgen.Target{RPC: true}, 14 })
	for _, reason := range []loadgen.NotSentReason{loadgen.NotSentLate, loadgen.NotSentError, loadgen.NotSentStopped} {
		for range 5 {
			a.Add(staged(*notSent(reason), 1))
		}
	}
	accounts[0].Unsent, accounts[0].UnsentReason = 10, loadgen.NotSentLate
	accounts[1].Unsent, accounts[1].UnsentReason = 10, loadgen.NotSentStopped
	got := a.Readings(at(time.Second), accounts)
	for i, want := range []verdict.Reading{
		{Value: 50. / 100, Samples: 100}, // 5 + 5 + 10 + 10 and 10 + 10 that were lost, of 80 + 20
		{Value: 25. / 25, Samples: 25},
		{Value: 5. / 80, Samples: 80},
		{Value: 10. / 80, Samples: 80},
		{Value: 5. / 15, Samples: 15},
		{Value: 10. / 80, Samples: 80},
		{Value: 10. / 65, Samples: 65},
	} {
		assert.Equal(t, want.Samples, got[i].Samples, "%d", i)
		assert.InDelta(t, want.Value, got[i].Value, 1e-12, "%d", i)
	}
}

func TestWhatIsNotSentIsNoTime(t *testing.T) {
	a, accounts := watching(
		loadgen.Threshold{Metric: loadgen.MetricResponseTime, Percentile: 50, AtMost: "1s"},
		loadgen.Threshold{Metric: loadgen.MetricRate, AtLeast: "1/s"},
		loadgen.Threshold{Metric: loadgen.MetricRate, AtLeast: "95%"},
		loadgen.Threshold{Metric: loadgen.MetricStatus, Status: "200", AtLeast: "1%"},
		loadgen.Threshold{Metric: loadgen.MetricServiceTime, Stat: loadgen.StatMax, AtMost: "1s", Stage: "peak"})
	a.Add(notSent(loadgen.NotSentLate))
	for i, r := range a.Readings(at(20*time.Second), accounts) {
		assert.Zero(t, r.Samples, "%d", i)
	}
}

// A second of failures in a minute that is good otherwise is seen through a window
// and not over the whole run.
func TestAWindowSlidesOverTheRun(t *testing.T) {
	a, accounts := watching(
		loadgen.Threshold{Metric: loadgen.MetricErrorRatio, AtMost: "10%", Window: 2 * time.Second},
		loadgen.Threshold{Metric: loadgen.MetricErrorRatio, AtMost: "10%"},
		loadgen.Threshold{Metric: loadgen.MetricResponseTime, Percentile: 50, AtMost: "1s", Window: 2 * time.Second, Attack: "calls"},
		loadgen.Threshold{Metric: loadgen.MetricRate, AtLeast: "1/s", Window: 2 * time.Second},
		loadgen.Threshold{Metric: loadgen.MetricRate, AtLeast: "90%", Window: 2 * time.Second, Attack: "web"})
	require.Equal(t, 200*time.Millisecond, a.Interval())
	w := verdict.NewWatch(a.Checks())
	var first time.Duration
	for now := time.Duration(0); now < 20*time.Second; now += 10 * time.Millisecond {
		if now%a.Interval() == 0 && now > 0 {
			onTime(accounts, now)
			got := a.Readings(at(now), accounts)
			w.Observe(now, got)
			if first == 0 && got[0].Samples > 0 {
				first = now
			}
			if now == 5*time.Second {
				assert.InDelta(t, 1, got[4].Value, 0.02)
				assert.InDelta(t, 200, got[3].Value, 2)
				assert.InDelta(t, 0.004, got[2].Value, 0.0001)
				assert.EqualValues(t, 200, got[2].Samples)
			}
		}
		r := sent(0, 0, now, 0, time.Millisecond)
		if now >= 10*time.Second && now < 11*time.Second {
			r.Status = 503
		}
		a.Add(&r)
		r = sent(1, 0, now, 0, 4*time.Millisecond)
		a.Add(&r)
	}
	assert.Equal(t, 2*time.Second, first, "the first whole window")
	got := w.Results()
	assert.Equal(t, verdict.Breached, got[0].Outcome)
	assert.InDelta(t, 0.25, *got[0].Value, 0.01, "100 of 400")
	assert.InDelta(t, 10.6, float64(*got[0].FirstBreach), 0.3)
	assert.Equal(t, verdict.Passed, got[1].Outcome)
	for _, r := range got[2:] {
		assert.Equal(t, verdict.Passed, r.Outcome, r.Threshold)
	}
}

// After an attack nothing comes, which is no fault of the target.
func TestAWindowEndsWithItsAttack(t *testing.T) {
	a, accounts := watching(loadgen.Threshold{Metric: loadgen.MetricRate, AtLeast: "50/s", Window: time.Second, Attack: "web"})
	accounts[0].Begun = false
	assert.Zero(t, a.Readings(at(5*time.Second), accounts)[0].Samples, "it has not begun")
	accounts[0].Begun, accounts[0].Begin = true, at(5*time.Second)
	for now := 5 * time.Second; now <= 7*time.Second; now += 10 * time.Millisecond {
		r := sent(0, 0, now, 0, time.Millisecond)
		a.Add(&r)
		if now%(100*time.Millisecond) == 0 {
			onTime(accounts, now)
			got := a.Readings(at(now), accounts)[0]
			assert.Equal(t, now >= 6*time.Second, got.Samples > 0, "%s", now)
		}
	}
	accounts[0].Ended = true
	assert.Zero(t, a.Readings(at(9*time.Second), accounts)[0].Samples)
	assert.Zero(t, a.Readings(at(19*time.Second), accounts)[0].Samples)
}

// A generator whose workers all wait sends nothing: that is a rate of none, not no data.
func TestAGeneratorThatStallsHasARateOfNone(t *testing.T) {
	p := load(openFor(100, 10*time.Second))
	p.Attacks[0].MaxWorkers = 50
	p.Limits.Overrun = time.Minute
	p.Thresholds = []loadgen.Threshold{
		{Metric: loadgen.MetricRate, AtLeast: "50%", Window: time.Second},
		{Metric: loadgen.MetricRate, AtLeast: "50/s", Window: time.Second},
		{Metric: loadgen.MetricResponseTime, Percentile: 50, AtMost: "1s", Window: time.Second},
	}
	simulate(t, simulation{plan: p, targets: []simTarget{takes(5 * time.Second)}, look: func(now time.Duration, a *seen) {
		if now > 2*time.Second && now < 5*time.Second {
			assert.Positive(t, a.readings[0].Samples)
			assert.Zero(t, a.readings[0].Value)
			assert.Positive(t, a.readings[1].Samples)
			assert.Zero(t, a.readings[1].Value)
			assert.Zero(t, a.readings[2].Samples)
		}
	}})
}

func TestTheVerdictRestsOnTheFigures(t *testing.T) {
	p := plan("web")
	p.Thresholds = []loadgen.Threshold{{Metric: loadgen.MetricResponseTime, Percentile: 99, AtMost: "1s"}}
	a := New(p, runID, began)
	for i := range 200 {
		r := sent(0, uint64(i), 0, 20*time.Millisecond, time.Millisecond)
		a.Add(&r)
	}
	r := failed(sent(0, 200, 0, 0, 0), loadgen.ErrorNoPorts, "cannot assign requested address")
	a.Add(&r)
	accounts := []runner.Account{{Planned: 204, Given: 201, Recorded: 201, Unsent: 3, UnsentReason: loadgen.NotSentLate, Ended: true}}
	w := verdict.NewWatch(a.Checks())
	w.Observe(time.Second, a.Readings(at(time.Second), accounts))
	s := a.Summary(at(time.Second), Conclusion{Accounts: accounts})
	s.Judge(p, w.Results(), vitals.Strain{})
	assert.Equal(t, verdict.Undecided, s.Verdict.Verdict)
	assert.Len(t, s.Verdict.Reasons, 3, "%v", s.Verdict.Reasons)
	assert.Equal(t, verdict.Passed, s.Verdict.Thresholds[0].Outcome)
}
