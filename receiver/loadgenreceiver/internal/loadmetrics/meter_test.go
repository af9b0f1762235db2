package loadmetrics_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/internal/goldentest"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/loadmetrics"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/resource"
)

var (
	run    = loadgen.RunID{1, 2, 3, 4, 5, 6, 7, 8}
	began  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	target = &loadgen.Target{Method: "GET", URL: "http://shop.test/", Scheme: "http", Host: "shop.test", Port: 80}
	plan   = &loadgen.Plan{Name: "checkout", Attacks: []loadgen.Attack{
		{Name: "browse", Load: []pace.Stage{{}}}, {Name: "pay", Load: []pace.Stage{{}}},
	}}
)

func newMeter(limit int) *loadmetrics.Meter {
	return loadmetrics.New(loadmetrics.Options{
		Origin: resource.Attributes{Version: "0.1.0", Instance: "one"}, Run: run, Plan: plan,
		Began: began, Exemplars: 10, Seed: 1, MaxSeries: limit,
	})
}

// took is a request that was sent late by 1 ms and then took d.
func took(seq uint64, d time.Duration) *loadgen.Record {
	intended := began.Add(time.Duration(seq) * time.Millisecond)
	return &loadgen.Record{
		Seq: seq, TraceID: run.TraceID(0, seq), SpanID: run.SpanID(0, seq), Open: true,
		Intended: intended, Sent: intended.Add(time.Millisecond), Done: intended.Add(time.Millisecond + d),
		Target: target, Status: 200, Proto: 11, Reused: true,
		Phases: loadgen.Phases{Write: d / 4, Wait: d / 2, Read: d / 4}, BytesSent: 10, BytesReceived: 100,
	}
}

func TestMetricsOfARunAreAsCommitted(t *testing.T) {
	m := newMeter(0)
	m.Add(took(0, 20*time.Millisecond))
	m.Add(took(1, 80*time.Millisecond))
	bad := took(2, 5*time.Millisecond)
	bad.Attack, bad.Status, bad.Open, bad.Reused, bad.Dialed = 1, 503, false, false, 1
	bad.Intended = bad.Sent
	m.Add(bad)
	failed := took(3, 40*time.Millisecond)
	failed.Outcome, failed.Error, failed.Status, failed.Proto = loadgen.Failed, loadgen.ErrorTimeout, 0, 0
	m.Add(failed)
	m.Add(&loadgen.Record{Seq: 4, Outcome: loadgen.NotSent, NotSent: loadgen.NotSentLate, Target: target, Dialed: 1}) // it waited for a stream in vain
	m.AddUnsent(1, loadgen.NotSentStopped, 7)
	got := m.Collect(began.Add(5*time.Second), loadmetrics.State{
		Attacks: []loadmetrics.AttackState{{Planned: 20, InFlight: 3, RateWanted: 12.5, RateAchieved: 11.25}, {Planned: 8}},
		Spans:   loadmetrics.Spans{Wanted: true, Kept: 4, Made: 5, Delivered: 3, Dropped: 1},
	})
	json, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(got)
	require.NoError(t, err)
	goldentest.Equal(t, "metrics.json", json)
}

// called is a call that took d and ended with a code.
func called(seq uint64, d time.Duration, code int) *loadgen.Record {
	r := took(seq, d)
	r.Attack, r.Proto, r.Status, r.Phases = 1, 0, code, loadgen.Phases{Wait: d}
	r.Target = &loadgen.Target{Method: "shop.v1.Cart/Watch", Scheme: "grpc", Host: "shop.test", Port: 9090, RPC: true}
	return r
}

// One attack of each protocol: their codes are not mixed up, though 0 is OK in the
// one and no answer in the other.
func TestMetricsOfBothProtocolsAreAsCommitted(t *testing.T) {
	m := newMeter(0)
	m.Add(took(0, 20*time.Millisecond))
	m.Add(called(1, 30*time.Millisecond, 0))
	m.Add(called(2, 5*time.Millisecond, 14))
	late := called(3, 50*time.Millisecond, 4)
	late.Outcome, late.Error = loadgen.Failed, loadgen.ErrorTimeout
	late.Stream = &loadgen.Stream{Sent: 1}
	m.Add(late)
	stream := called(4, 40*time.Millisecond, 0)
	stream.Stream = &loadgen.Stream{
		Sent: 3, Received: 4, First: 10 * time.Millisecond,
		Gaps: []time.Duration{time.Millisecond, 2 * time.Millisecond}, GapsCut: 1,
	}
	m.Add(stream)
	json, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(m.Collect(began.Add(5*time.Second), loadmetrics.State{}))
	require.NoError(t, err)
	goldentest.Equal(t, "calls.json", json)
}

// A rate needs two points: 500 timeouts, all within one interval, were once none, because
// their series began with them.
func TestACountBeginsWithThePointBeforeIt(t *testing.T) {
	m := newMeter(0)
	counted := func(after time.Duration) (points []string) {
		for _, sm := range m.Collect(began.Add(after), loadmetrics.State{}).ResourceMetrics().At(0).ScopeMetrics().All() {
			for _, metric := range sm.Metrics().All() {
				if metric.Name() != attr.MetricRequests {
					continue
				}
				for _, p := range metric.Sum().DataPoints().All() {
					outcome, _ := p.Attributes().Get(attr.Outcome)
					points = append(points, fmt.Sprintf("%s %d@%v", outcome.Str(), p.IntValue(), p.Timestamp().AsTime().Sub(began)))
				}
			}
		}
		return points
	}
	m.Add(took(0, time.Millisecond))
	assert.Equal(t, []string{"finished 0@0s", "finished 1@5s"}, counted(5*time.Second))
	for i := range uint64(500) {
		r := took(1+i, time.Second)
		r.Outcome, r.Error, r.Status = loadgen.Failed, loadgen.ErrorTimeout, 0
		m.Add(r)
	}
	assert.Equal(t, []string{"finished 1@10s", "failed 0@5s", "failed 500@10s"}, counted(10*time.Second))
	assert.Equal(t, []string{"finished 1@15s", "failed 500@15s"}, counted(15*time.Second))
}

// The latency of a request that we cut off ourselves was the target's.
func TestTheTimeOfARequestThatWasCutOffIsNoLatency(t *testing.T) {
	m := newMeter(0)
	m.Add(took(0, 20*time.Millisecond))
	cut := took(1, time.Minute)
	cut.Outcome, cut.Error, cut.Status = loadgen.Failed, loadgen.ErrorCancelled, 0
	m.Add(cut)
	for name, want := range map[string]uint64{
		attr.MetricResponseTime: 1, attr.MetricClientDuration: 1, attr.MetricPhaseDuration: 1, attr.MetricScheduleLag: 2,
	} {
		points := collected(t, m, name)
		assert.Equal(t, want, points.At(0).Count(), name)
	}
}

// The two service times are metrics of their own, but the response time is one
// of both, and two points with equal attributes are invalid.
func TestProtocolsShareOneOverflow(t *testing.T) {
	m := newMeter(2)
	m.Add(took(0, time.Millisecond))
	for n := range uint64(3) {
		m.Add(called(n, time.Millisecond, int(n)))
		r := took(n, time.Millisecond)
		r.Status = 400
		m.Add(r)
	}
	assert.Equal(t, 2, collected(t, m, attr.MetricResponseTime).Len())
	assert.EqualValues(t, 6, collected(t, m, attr.MetricResponseTime).At(1).Count())
	assert.EqualValues(t, 3, collected(t, m, attr.MetricClientDuration).At(1).Count())
	calls := collected(t, m, attr.MetricCallDuration)
	assert.Equal(t, 1, calls.Len())
	assert.EqualValues(t, 3, calls.At(0).Count())
}

func TestTheSlowestAreAlwaysAmongTheExemplarsAndTheOthersAreASample(t *testing.T) {
	m := newMeter(0)
	order := rand.New(rand.NewPCG(1, 2)).Perm(10_000)
	for _, n := range order {
		m.Add(took(uint64(n), time.Duration(n+1)*time.Microsecond))
	}
	exemplars := collected(t, m, attr.MetricClientDuration).At(0).Exemplars()
	require.Equal(t, 10, exemplars.Len())
	var slow, low int
	seen := map[pcommon.TraceID]bool{}
	for i := range exemplars.Len() {
		e := exemplars.At(i)
		seen[e.TraceID()] = true
		if e.DoubleValue() > 9995e-6 {
			slow++
		}
		if e.DoubleValue() < 5000e-6 {
			low++
		}
	}
	assert.Equal(t, 5, slow)
	assert.Len(t, seen, 10, "a request is an exemplar once")
	assert.NotZero(t, low, "the sample is not of the slow half only")
}

func TestExemplarsNameTheSpanAtItsTrueTimeInOrderAndAreNotSentAgain(t *testing.T) {
	m := newMeter(0)
	for n := range uint64(1000) {
		m.Add(took(n, time.Duration(1000-n)*time.Millisecond))
	}
	exemplars := collected(t, m, attr.MetricClientDuration).At(0).Exemplars()
	require.Equal(t, 10, exemplars.Len())
	for i := range exemplars.Len() {
		e := exemplars.At(i)
		seq := uint64(1000 - int(e.DoubleValue()*1000+0.5))
		assert.Equal(t, pcommon.TraceID(run.TraceID(0, seq)), e.TraceID())
		assert.Equal(t, pcommon.SpanID(run.SpanID(0, seq)), e.SpanID())
		assert.Equal(t, took(seq, time.Duration(1000-seq)*time.Millisecond).Done, e.Timestamp().AsTime())
		if i > 0 {
			before := exemplars.At(i - 1)
			assert.True(t, before.Timestamp() < e.Timestamp() ||
				before.Timestamp() == e.Timestamp() && before.DoubleValue() <= e.DoubleValue())
		}
	}
	again := collected(t, m, attr.MetricClientDuration).At(0)
	assert.Zero(t, again.Exemplars().Len())
	assert.EqualValues(t, 1000, again.Count(), "the histogram is cumulative")
}

func TestTheSameSeedChoosesTheSameExemplars(t *testing.T) {
	choice := func() (ids []pcommon.TraceID) {
		m := newMeter(0)
		for n := range uint64(1000) {
			m.Add(took(n, time.Millisecond))
		}
		exemplars := collected(t, m, attr.MetricResponseTime).At(0).Exemplars()
		for i := range exemplars.Len() {
			ids = append(ids, exemplars.At(i).TraceID())
		}
		return ids
	}
	assert.Equal(t, choice(), choice())
}

func TestSeriesBeyondTheLimitShareOneAndAreCounted(t *testing.T) {
	m := newMeter(5)
	for status := 200; status < 220; status++ {
		r := took(uint64(status), time.Millisecond)
		r.Status = status
		m.Add(r)
		m.Add(r)
	}
	points := collected(t, m, attr.MetricClientDuration)
	require.Equal(t, 5, points.Len())
	var total uint64
	for i := range points.Len() {
		total += points.At(i).Count()
	}
	assert.EqualValues(t, 40, total, "nothing is lost")
	overflow, ok := points.At(4).Attributes().Get(attr.MetricOverflow)
	require.True(t, ok)
	assert.True(t, overflow.Bool())
	assert.EqualValues(t, 32, points.At(4).Count())
	assert.EqualValues(t, 64, m.Overflowed(), "32 latencies and 32 outcomes")
}

// Methods that the conventions do not know share one attribute value, so they
// must share a series too: two points with equal attributes are invalid.
func TestUnknownMethodsShareASeries(t *testing.T) {
	m := newMeter(0)
	for i, method := range []string{"BREW", "PROPFIND"} {
		r := took(uint64(i), time.Millisecond)
		r.Target = &loadgen.Target{Method: method, Host: "shop.test", Port: 80}
		m.Add(r)
	}
	points := collected(t, m, attr.MetricClientDuration)
	require.Equal(t, 1, points.Len())
	assert.EqualValues(t, 2, points.At(0).Count())
}

func TestAHistogramTellsQuantilesWithinItsResolution(t *testing.T) {
	m := newMeter(0)
	for n := 1; n <= 1000; n++ {
		m.Add(took(uint64(n), time.Duration(n)*time.Millisecond))
	}
	p := collected(t, m, attr.MetricClientDuration).At(0)
	assert.InDelta(t, 500.5, p.Sum(), 1e-6)
	assert.InDelta(t, 0.001, p.Min(), 1e-9)
	assert.InDelta(t, 1, p.Max(), 1e-9)
	assert.GreaterOrEqual(t, p.Scale(), int32(4))
	var count uint64
	for _, n := range p.Positive().BucketCounts().AsRaw() {
		count += n
	}
	assert.EqualValues(t, 1000, count+p.ZeroCount())
}

func collected(t *testing.T, m *loadmetrics.Meter, name string) pmetric.ExponentialHistogramDataPointSlice {
	t.Helper()
	return collectedAt(t, m, name, began.Add(time.Minute))
}

func collectedAt(t *testing.T, m *loadmetrics.Meter, name string, at time.Time) pmetric.ExponentialHistogramDataPointSlice {
	t.Helper()
	metrics := m.Collect(at, loadmetrics.State{}).ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics()
	for i := range metrics.Len() {
		if metrics.At(i).Name() == name {
			return metrics.At(i).ExponentialHistogram().DataPoints()
		}
	}
	t.Fatalf("no metric %s", name)
	return pmetric.ExponentialHistogramDataPointSlice{}
}

// BenchmarkAdd reports time and allocations per record.
func BenchmarkAdd(b *testing.B) {
	m := newMeter(0)
	records := make([]*loadgen.Record, 1024)
	for i := range records {
		records[i] = took(uint64(i), time.Duration(i+1)*time.Microsecond)
	}
	b.ReportAllocs()
	for n := range b.N {
		m.Add(records[n%len(records)])
	}
}

func TestAddingARecordOfAKnownSeriesAllocatesNothing(t *testing.T) {
	m := newMeter(0)
	r := took(0, time.Millisecond)
	for range 100 {
		m.Add(r)
	}
	assert.Zero(t, testing.AllocsPerRun(100, func() { m.Add(r) }))
}
