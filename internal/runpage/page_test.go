package runpage

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/internal/session/tracestore"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/runs/archive"
	"github.com/loadtrace/loadtrace/runs/report"
)

var (
	run   = loadgen.RunID{1, 2, 3, 4, 5, 6, 7, 8}
	began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	plan  = &loadgen.Plan{Name: "checkout", Attacks: []loadgen.Attack{{Name: "web", HTTP: &loadgen.HTTP{}}}}
)

func record() *loadgen.Record {
	return &loadgen.Record{
		TraceID: run.TraceID(0, 0), SpanID: run.SpanID(0, 0), Open: true, Intended: began, Sent: began.Add(time.Millisecond), Done: began.Add(11 * time.Millisecond),
		Target: &loadgen.Target{Method: "GET", URL: "http://shop/pay"}, Status: 200, Phases: loadgen.Phases{Write: time.Millisecond, Wait: 9 * time.Millisecond},
	}
}

// joinedSpan is the client span of record as the join leaves it, and row what an archive has
// of the same.
func joinedSpan() ptrace.Traces {
	td := ptrace.NewTraces()
	span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetTraceID(pcommon.TraceID(run.TraceID(0, 0)))
	span.SetSpanID(pcommon.SpanID(run.SpanID(0, 0)))
	span.SetKind(ptrace.SpanKindClient)
	span.SetName("GET")
	span.SetStartTimestamp(pcommon.NewTimestampFromTime(began.Add(time.Millisecond)))
	span.SetEndTimestamp(pcommon.NewTimestampFromTime(began.Add(11 * time.Millisecond)))
	a := span.Attributes()
	a.PutStr(attr.RunID, run.String())
	a.PutDouble(attr.ResponseTime, 0.011)
	a.PutStr(attr.JoinStatus, "complete")
	a.PutStr(attr.JoinServerService, "shop")
	a.PutStr(attr.JoinServerInstance, "a1")
	a.PutStr(attr.JoinServerRoute, "/pay")
	a.PutDouble(attr.JoinResponseTime, 0.011)
	for part, v := range map[string]float64{"schedule_lag": 0.001, "write": 0.001, "network": 0.001, "server": 0.008} {
		a.PutDouble(attr.JoinLedger+part, v)
	}
	a.PutDouble(attr.JoinRuntimeAge, 0.5)
	a.PutInt(attr.JoinRuntimeGoroutines, 58)
	a.PutInt(attr.JoinRuntimeHeap, 54_000_000)
	a.PutDouble(attr.JoinRuntimeScheduleP99, 0.000197)
	a.PutDouble(attr.JoinRuntimeWindow, 1)
	a.PutDouble(attr.JoinRuntimeCPU, 0.22)
	a.PutInt(attr.JoinRuntimeGCCycles, 1)
	a.PutDouble(attr.JoinRuntimeGCPause, 0.0000571)
	a.PutStr(attr.JoinGCOverlap, "yes")
	a.PutDouble(attr.JoinGCLeast, 0.003)
	a.PutDouble(attr.JoinGCMost, 0.004)
	a.PutDouble(attr.JoinClockOffset, 0.00001)
	a.PutDouble(attr.JoinClockBound, 0.00009)
	return td
}

func row() *archive.Request {
	r := &archive.Request{}
	r.JoinStatus, r.ServerService, r.ServerInstance, r.ServerRoute = "complete", "shop", "a1", "/pay"
	r.LedgerNetwork, r.LedgerServer = archive.Known(time.Millisecond), archive.Known(8*time.Millisecond)
	r.LedgerRead, r.LedgerUnexplained = archive.Known(time.Duration(0)), archive.Known(time.Duration(0))
	r.RuntimeAge, r.RuntimeGoroutines, r.RuntimeHeap = archive.Known(500*time.Millisecond), archive.Known(int64(58)), archive.Known(int64(54_000_000))
	r.RuntimeScheduleP99, r.RuntimeWindow, r.RuntimeCPU = archive.Known(197*time.Microsecond), archive.Known(time.Second), archive.Known(0.22)
	r.RuntimeGCCycles, r.RuntimeGCPause = archive.Known(int64(1)), archive.Known(57_100*time.Nanosecond)
	r.GCOverlap, r.GCTimeLeast, r.GCTimeMost = "yes", archive.Known(3*time.Millisecond), archive.Known(4*time.Millisecond)
	r.ClockOffset, r.ClockBound = archive.Known(10*time.Microsecond), archive.Known(90*time.Microsecond)
	return r
}

func result() *summary.Summary {
	return &summary.Summary{RunID: run.String(), Plan: "checkout", Began: began, Elapsed: 1, End: summary.Completed, Attacks: []summary.Attack{{Name: "web"}}}
}

// live is the data of a run whose telemetry came.
func live() *report.Data {
	store := tracestore.New(1 << 20)
	store.Follow(run)
	p := New(plan, store)
	p.Record(record())
	store.Add(joinedSpan())
	d := p.builder.Data(result())
	Traces(d, store, began.Add(time.Minute))
	return d
}

// The two feeds of a report say the same of the target, in the same words, which are the
// terminal's.
func TestARunAndItsArchiveSayTheSameOfTheTarget(t *testing.T) {
	w, err := archive.Create(t.TempDir(), archive.Start{Run: run, Plan: plan, PlanYAML: "name: checkout\n", Began: began}, 0)
	require.NoError(t, err)
	w.Record(record())
	w.Join(row())
	require.NoError(t, w.Conclude(result()))
	require.NoError(t, w.Close(context.Background()))
	opened, err := archive.Open(w.Dir())
	require.NoError(t, err)
	late, err := report.Archived(opened)
	require.NoError(t, err)

	d := live()
	require.NotNil(t, d.Requests[0].Trace)
	assert.Equal(t, []string{
		"58 goroutines · heap 51.5 MiB · scheduler latency p99 197 µs",
		"in the 1.00 s around it · 0.22 CPUs busy · 1 GC cycle · paused 57.1 µs · a collection went on for 3.00 ms to 4.00 ms of it",
		"its clock is not known to differ, within ± 100 µs",
	}, d.Requests[0].Trace.Facts)
	assert.Equal(t, d.Requests[0].Trace.Facts, late.Requests[0].Trace.Facts)
	assert.Equal(t, d.Requests[0].Trace.Ledger, late.Requests[0].Trace.Ledger)
	assert.Equal(t, d.Ledger, late.Ledger)
	assert.Equal(t, d.Collections, late.Collections)
	require.Len(t, d.Runtime, 1)
	require.Len(t, late.Runtime, 1)
	assert.Equal(t, d.Runtime[0].Instance, late.Runtime[0].Instance)
	for i, v := range d.Runtime[0].Samples[0].Values {
		assert.InDelta(t, v, late.Runtime[0].Samples[0].Values[i], 1e-9, report.AllLevels()[i].Name)
	}
	assert.Len(t, d.Requests[0].Trace.Spans, 1)
}

func TestAPageWithoutTelemetryIsAPage(t *testing.T) {
	p := New(plan, nil)
	p.Record(record())
	var out bytes.Buffer
	require.NoError(t, p.HTML(&out, result()))
	assert.Contains(t, out.String(), run.String())
}
