package evidence

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/goruntime"
	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/runs/diagnosis"
)

var (
	run   = loadgen.RunID{1}
	began = time.Unix(1000, 0)
)

func following() *Gatherer {
	g := &Gatherer{}
	g.Follow(run, began)
	return g
}

// put adds a span of a service to td, by milliseconds after the beginning of the run.
func put(td ptrace.Traces, service string, trace, id, parent byte, kind ptrace.SpanKind, name string, from, to int) ptrace.Span {
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr(attr.ServiceName, service)
	rs.Resource().Attributes().PutStr(attr.ServiceInstanceID, service+"-1")
	s := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	s.SetTraceID(pcommon.TraceID{1, 8: trace})
	s.SetSpanID(pcommon.SpanID{id})
	if parent > 0 {
		s.SetParentSpanID(pcommon.SpanID{parent})
	}
	s.SetKind(kind)
	s.SetName(name)
	s.SetStartTimestamp(pcommon.NewTimestampFromTime(began.Add(time.Duration(from) * time.Millisecond)))
	s.SetEndTimestamp(pcommon.NewTimestampFromTime(began.Add(time.Duration(to) * time.Millisecond)))
	if service == attr.ServiceLoadtrace {
		s.Attributes().PutDouble(attr.ResponseTime, float64(to-from)/1000)
	}
	return s
}

func TestARequestHasItsServerAndTheCallsBelowIt(t *testing.T) {
	g := following()
	td := ptrace.NewTraces()
	put(td, "shop", 7, 4, 3, ptrace.SpanKindClient, "GET /stock", 12, 15)
	put(td, "shop", 7, 5, 3, ptrace.SpanKindClient, "GET /stock", 16, 18)
	put(td, "shop", 7, 3, 2, ptrace.SpanKindServer, "GET /", 2, 19)
	put(td, "stock", 7, 6, 4, ptrace.SpanKindServer, "GET /stock", 13, 14)
	g.addTraces(td)
	late := ptrace.NewTraces() // the join holds it back
	put(late, attr.ServiceLoadtrace, 7, 2, 0, ptrace.SpanKindClient, "GET", 0, 20)
	g.addTraces(late)
	g.addTraces(late) // delivered again

	var e diagnosis.Evidence
	g.Fill(&e)
	require.Len(t, e.Requests, 1)
	r := e.Requests[0]
	assert.Equal(t, 20*time.Millisecond, r.Response)
	assert.Equal(t, 17*time.Millisecond, r.Work())
	assert.Equal(t, "shop", e.Instances[r.Instance].Service)
	require.Len(t, e.Calls, 2)
	assert.Equal(t, began.Add(2*time.Millisecond).UnixNano(), e.Calls[0].Since)
	assert.Zero(t, e.Calls[1].Since, "only the first call waits for the work before it")
}

func TestSpansOfOthersAreNotKept(t *testing.T) {
	g := &Gatherer{}
	td := ptrace.NewTraces()
	put(td, "shop", 7, 3, 2, ptrace.SpanKindServer, "GET /", 2, 19)
	g.addTraces(td)
	assert.Empty(t, g.spans.kept, "before the run")
	g.Follow(run, began)
	td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).SetTraceID(pcommon.TraceID{2})
	g.addTraces(td)
	assert.Empty(t, g.spans.kept, "of another run")
}

// How many calls are under way at once is seen only where no span is left out.
func TestOverTheBoundWholeStretchesOfTimeAreLeftOut(t *testing.T) {
	g := following()
	td := ptrace.NewTraces()
	s := put(td, "shop", 1, 1, 2, ptrace.SpanKindServer, "GET /", 0, 1)
	for i := range 3 * mostSpans {
		at := pcommon.NewTimestampFromTime(began.Add(time.Duration(i) * time.Millisecond))
		s.SetStartTimestamp(at)
		s.SetEndTimestamp(at + 1)
		g.addTraces(td)
	}
	assert.LessOrEqual(t, len(g.spans.kept), mostSpans)
	assert.Greater(t, len(g.spans.kept), mostSpans/3)
	by := map[int64]int{}
	for _, r := range g.spans.kept {
		by[r.begin/stretch]++
	}
	for at, n := range by {
		if at > began.UnixNano()/stretch && at < g.spans.kept[len(g.spans.kept)-1].begin/stretch {
			assert.EqualValues(t, stretch/int64(time.Millisecond), n, "a stretch is whole")
		}
	}
}

func gauge(service, name string, v int64) pmetric.Metrics {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr(attr.ServiceName, service)
	m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName(name)
	m.SetEmptyGauge().DataPoints().AppendEmpty().SetIntValue(v)
	return md
}

func TestMetricsOfTheRuntimeBecomeSeriesAndDeltasAddUp(t *testing.T) {
	g := following()
	g.addMetrics(began.Add(time.Second), gauge("shop", "go.goroutine.count", 40))
	g.addMetrics(began.Add(time.Second), gauge(attr.ServiceLoadtrace, "go.goroutine.count", 9000))
	for n := range 3 {
		md := gauge("shop", "x", 0)
		m := md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0)
		m.SetName("go.cpu.time")
		sum := m.SetEmptySum()
		sum.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
		for _, state := range []string{"gc/mark/assist", "gc/mark/dedicated", "gc/mark/idle"} {
			p := sum.DataPoints().AppendEmpty()
			p.SetDoubleValue(1)
			p.Attributes().PutStr("go.cpu.state", "gc")
			p.Attributes().PutStr("go.cpu.detailed_state", state)
		}
		g.addMetrics(began.Add(time.Duration(n)*time.Second), md)
	}
	var e diagnosis.Evidence
	g.Fill(&e)
	require.Len(t, e.Instances, 1)
	assert.Equal(t, diagnosis.Series{{At: time.Second, V: 40}}, e.Instances[0].Series[diagnosis.Goroutines])
	assert.Equal(t, diagnosis.Series{{At: 0, V: 2}, {At: time.Second, V: 4}, {At: 2 * time.Second, V: 6}}, e.Instances[0].Series[diagnosis.CPUGC])
}

func TestSeriesAndInstancesAreBounded(t *testing.T) {
	g := following()
	for n := range 5 * mostPoints {
		g.addMetrics(began.Add(time.Duration(n)*time.Second), gauge("shop", "go.goroutine.count", int64(n)))
	}
	points := g.instances[0].series[diagnosis.Goroutines].points
	assert.Less(t, len(points), mostPoints)
	assert.Greater(t, len(points), mostPoints/3)
	assert.Greater(t, points[len(points)-1].V, float64(4*mostPoints), "it goes on to the end")
	for n := range 2 * mostInstances {
		g.addMetrics(began, gauge(string(rune('a'+n)), "go.goroutine.count", 1))
	}
	assert.Len(t, g.instances, mostInstances)
}

// A target may call its spans and itself whatever it likes.
func TestNamesAreBounded(t *testing.T) {
	g := following()
	td := ptrace.NewTraces()
	for n := range 2 * mostNames {
		put(td, "shop", 7, 4, 3, ptrace.SpanKindClient, strings.Repeat(string(rune('一'+n)), 1000), 12, 15)
	}
	g.addTraces(td)
	assert.Len(t, g.spans.list, mostNames)
	for _, name := range g.spans.list {
		assert.LessOrEqual(t, len(name), mostText)
		assert.True(t, utf8.ValidString(name))
	}
}

func TestACycleIsTheTimeInWhichItWasUnderWayForCertain(t *testing.T) {
	g := following()
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr(attr.ServiceName, "shop")
	for _, end := range []int64{500, 100} { // the second is not plausible
		r := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		r.SetEventName(goruntime.EventGCCycle)
		r.Attributes().PutInt(goruntime.AttrGCStartEarliest, 100)
		r.Attributes().PutInt(goruntime.AttrGCStartLatest, 200)
		r.Attributes().PutInt(goruntime.AttrGCEnd, end)
	}
	g.addLogs(ld)
	assert.Equal(t, []diagnosis.Cycle{{Instance: 0, Begin: 200, End: 500}}, g.cycles)
}
