package joinmetrics_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/internal/goldentest"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/annotate"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/clientspan"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/joinmetrics"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/ledger"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/window"
)

const ms = time.Millisecond

var (
	epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	all   = annotate.Expected{Runtime: true, Logs: true}
)

// request is the nth result: it took n ms, half of it the server's.
func request(n byte, overlap string, missing ...annotate.Missing) *annotate.Result {
	r := &annotate.Result{
		Trace: pcommon.TraceID{n}, Span: pcommon.SpanID{n}, Status: annotate.Complete, Missing: missing, Reason: join.Waited,
	}
	if len(missing) > 0 {
		r.Status = annotate.Partial
	}
	r.Client = clientspan.Client{Run: "r1", Attack: "web", Done: epoch.Add(time.Duration(n) * time.Second)}
	r.Client.Request.Response = time.Duration(n) * ms
	r.Ledger[ledger.Server] = time.Duration(n) * ms / 2
	r.Ledger[ledger.Unexplained] = time.Duration(n) * ms / 2
	r.Runtime.GC.Overlap = overlap
	return r
}

func collect(t *testing.T, m *joinmetrics.Meter, at time.Duration) pmetric.Metrics {
	md, ok := m.Collect(epoch.Add(at), "i")
	require.True(t, ok)
	return md
}

func TestRequestsBecomeMetrics(t *testing.T) {
	m := joinmetrics.New(epoch, 2)
	m.Add(request(1, window.OverlapNo), all, true)
	m.Add(request(2, window.OverlapYes), all, true)
	m.Add(request(3, window.OverlapPossible, annotate.NoLogs), all, true)
	m.Add(request(4, "", annotate.NoServerSpan, annotate.NoRuntime, annotate.NoLogs), all, false)
	foreign := request(5, window.OverlapNo)
	foreign.Client.Run, foreign.Client.Attack, foreign.Reason = "", "", join.OverBudget
	m.Add(foreign, annotate.Expected{}, true)
	json, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(collect(t, m, time.Minute))
	require.NoError(t, err)
	goldentest.Equal(t, "metrics.json", json)
}

func TestWithoutRequestsThereIsNothingToSay(t *testing.T) {
	_, ok := joinmetrics.New(epoch, 2).Collect(epoch, "i")
	assert.False(t, ok)
}

// points of a histogram, by the value of an attribute.
func points(t *testing.T, md pmetric.Metrics, name, key string) map[string]pmetric.ExponentialHistogramDataPoint {
	found := map[string]pmetric.ExponentialHistogramDataPoint{}
	for _, m := range md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		if m.Name() != name {
			continue
		}
		for _, p := range m.ExponentialHistogram().DataPoints().All() {
			name := "" // of the overflow
			if v, ok := p.Attributes().Get(key); ok {
				name = v.AsString()
			}
			found[name] = p
		}
	}
	require.NotEmpty(t, found)
	return found
}

// An exemplar of a trace that was not kept would lead nowhere; it counts all the same.
func TestExemplarsAreTheSlowestThatAreKeptAndAreToldOnce(t *testing.T) {
	m := joinmetrics.New(epoch, 3)
	for n := byte(1); n <= 20; n++ {
		m.Add(request(n, window.OverlapNo), all, n%2 == 1)
	}
	p := points(t, collect(t, m, time.Minute), "join.response_time", "join.gc.overlap")["no"]
	assert.EqualValues(t, 20, p.Count())
	var named []byte
	for _, e := range p.Exemplars().All() {
		named = append(named, e.TraceID()[0])
	}
	assert.Equal(t, []byte{15, 17, 19}, named, "by time")
	m.Add(request(7, window.OverlapNo), all, true)
	p = points(t, collect(t, m, 2*time.Minute), "join.response_time", "join.gc.overlap")["no"]
	assert.EqualValues(t, 21, p.Count(), "counts go on")
	require.Equal(t, 1, p.Exemplars().Len(), "exemplars do not")
	assert.Equal(t, byte(7), p.Exemplars().At(0).TraceID()[0])
}

func TestTheComponentsOfTheLedgerSumToTheResponseTime(t *testing.T) {
	m := joinmetrics.New(epoch, 0)
	for n := byte(1); n <= 50; n++ {
		m.Add(request(n, window.OverlapNo), all, true)
	}
	md := collect(t, m, time.Minute)
	total := 0.0
	for _, p := range points(t, md, "join.ledger.duration", "join.ledger.component") {
		total += p.Sum()
		assert.Zero(t, p.Exemplars().Len())
	}
	assert.InDelta(t, points(t, md, "join.response_time", "join.gc.overlap")["no"].Sum(), total, 1e-9)
}

func TestAttacksBeyondTheBoundShareASeries(t *testing.T) {
	m := joinmetrics.New(epoch, 1)
	for n := range joinmetrics.MaxSeries + 20 {
		r := request(1, window.OverlapNo)
		r.Client.Attack = fmt.Sprint(n)
		m.Add(r, all, true)
	}
	over, series := uint64(0), 0
	for _, metric := range collect(t, m, time.Minute).ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		if metric.Name() != "join.response_time" {
			continue
		}
		for _, p := range metric.ExponentialHistogram().DataPoints().All() {
			series++
			if v, ok := p.Attributes().Get("otel.metric.overflow"); ok && v.Bool() {
				over += p.Count()
			}
		}
	}
	assert.Equal(t, joinmetrics.MaxSeries+1, series)
	assert.EqualValues(t, 20, over)
}

// sums are the points of a count, "value@seconds" by attribute.
func sums(t *testing.T, md pmetric.Metrics, name, key string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, m := range md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		if m.Name() != name {
			continue
		}
		for _, p := range m.Sum().DataPoints().All() {
			v, _ := p.Attributes().Get(key)
			found[v.AsString()] = append(found[v.AsString()], fmt.Sprintf("%d@%v", p.IntValue(), p.Timestamp().AsTime().Sub(epoch)))
		}
	}
	return found
}

// A rate needs two points: 500 requests that no server span answered, all within one
// interval, were once none, because their series began with them.
func TestACountBeginsWithThePointBeforeIt(t *testing.T) {
	m := joinmetrics.New(epoch, 0)
	_, ok := m.Collect(epoch.Add(5*time.Second), "i")
	require.False(t, ok)
	m.Add(request(1, window.OverlapNo), all, true)
	md := collect(t, m, 10*time.Second)
	assert.Equal(t, map[string][]string{"complete": {"0@5s", "1@10s"}}, sums(t, md, "join.requests", "join.status"))
	for range 500 {
		m.Add(request(1, window.OverlapNo, annotate.NoServerSpan), all, true)
	}
	md = collect(t, m, 15*time.Second)
	assert.Equal(t, map[string][]string{"complete": {"1@15s"}, "partial": {"0@10s", "500@15s"}}, sums(t, md, "join.requests", "join.status"))
	md = collect(t, m, 20*time.Second)
	assert.Equal(t, map[string][]string{"complete": {"1@20s"}, "partial": {"500@20s"}}, sums(t, md, "join.requests", "join.status"))
}

// After 100 attacks all further ones were one series without a run, and the first 100 were
// sent for as long as the collector lived.
func TestTheSeriesOfAnAttackEndWithIt(t *testing.T) {
	m := joinmetrics.New(epoch, 0)
	attack := func(name string) {
		r := request(1, window.OverlapNo)
		r.Client.Attack = name
		m.Add(r, all, true)
	}
	series := func(at time.Duration) map[string]pmetric.ExponentialHistogramDataPoint {
		return points(t, collect(t, m, at), "join.response_time", "loadgen.attack.name")
	}
	for n := range joinmetrics.MaxSeries + 20 {
		attack(fmt.Sprint(n))
	}
	require.Len(t, series(time.Minute), joinmetrics.MaxSeries+1)
	attack("0") // goes on
	live := series(time.Minute + joinmetrics.Idle - time.Second)
	require.Len(t, live, joinmetrics.MaxSeries+1)
	for name, p := range live {
		assert.False(t, p.Flags().NoRecordedValue(), name)
	}
	marks := series(time.Minute + joinmetrics.Idle)
	require.Len(t, marks, joinmetrics.MaxSeries+1)
	for name, p := range marks {
		assert.Equal(t, name != "0", p.Flags().NoRecordedValue(), "%s: the last points of an attack that has ended have no value", name)
	}
	assert.Zero(t, marks["1"].Count())
	require.Len(t, series(time.Minute+joinmetrics.Idle+time.Second), 1, "and leave")
	collect(t, m, 30*time.Minute)
	for _, metric := range collect(t, m, 31*time.Minute).ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		assert.Equal(t, pmetric.MetricTypeSum, metric.Type(), "%s: no attack has series, and Prometheus takes no metric without points", metric.Name())
	}

	attack("1")
	attack("another")
	again := series(time.Hour)
	require.Len(t, again, 2)
	assert.EqualValues(t, 1, again["1"].Count(), "what comes back begins anew,")
	assert.Equal(t, epoch.Add(31*time.Minute), again["1"].StartTimestamp().AsTime(), "when it had counted nothing")
	assert.Contains(t, again, "another", "with a series of its own")
}
