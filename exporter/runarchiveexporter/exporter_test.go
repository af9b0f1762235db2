package runarchiveexporter_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/exporter/runarchiveexporter"
	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/runs/archive"
)

var runID = loadgen.RunID{1, 2, 3, 4, 5, 6, 7, 8}

// beginner is what the receiver finds of the exporter.
type beginner interface {
	BeginArchive(archive.Start) (*archive.Writer, error)
}

// exporters are those of a collector with the exporter in some pipelines.
type exporters struct {
	traces  exporter.Traces
	metrics exporter.Metrics
	logs    exporter.Logs // nil without a pipeline of logs
	writer  *archive.Writer
}

func newExporters(t *testing.T, withLogs bool, change func(*runarchiveexporter.Config)) *exporters {
	f := runarchiveexporter.NewFactory()
	cfg := f.CreateDefaultConfig().(*runarchiveexporter.Config)
	cfg.Directory = "file://" + t.TempDir()
	if change != nil {
		change(cfg)
	}
	require.NoError(t, cfg.Validate())
	ctx, set := context.Background(), exportertest.NewNopSettings(f.Type())
	var e exporters
	var err error
	e.traces, err = f.CreateTraces(ctx, set, cfg)
	require.NoError(t, err)
	require.NoError(t, e.traces.Start(ctx, componenttest.NewNopHost()))
	e.metrics, err = f.CreateMetrics(ctx, set, cfg)
	require.NoError(t, err)
	if withLogs {
		e.logs, err = f.CreateLogs(ctx, set, cfg)
		require.NoError(t, err)
	}
	e.writer, err = e.traces.(beginner).BeginArchive(archive.Start{
		Run: runID, Began: time.Now(), Plan: &loadgen.Plan{Name: "p", Attacks: []loadgen.Attack{{Name: "a", HTTP: &loadgen.HTTP{}, Load: []pace.Stage{{}}}}},
	})
	require.NoError(t, err)
	return &e
}

// end shuts the exporters down, after the run has ended.
func (e *exporters) end(t *testing.T) *archive.Run {
	require.NoError(t, e.writer.Conclude(&summary.Summary{RunID: runID.String()}))
	ctx := context.Background()
	require.NoError(t, e.traces.Shutdown(ctx))
	require.NoError(t, e.metrics.Shutdown(ctx))
	if e.logs != nil {
		require.NoError(t, e.logs.Shutdown(ctx))
	}
	run, err := archive.Open(e.writer.Dir())
	require.NoError(t, err)
	return run
}

// joinedSpan is the client span of a request as the join leaves it.
func joinedSpan(id loadgen.TraceID) ptrace.Traces {
	td := ptrace.NewTraces()
	s := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	s.SetKind(ptrace.SpanKindClient)
	s.SetTraceID(pcommon.TraceID(id))
	a := s.Attributes()
	a.PutStr(attr.JoinStatus, "partial")
	a.PutEmptySlice(attr.JoinMissing).FromRaw([]any{"no_runtime", "no_logs"})
	a.PutDouble(attr.JoinUnexplained, 0)
	a.PutDouble(attr.JoinLedger+"server", 0.0021)
	a.PutStr(attr.JoinServerService, "shop\x1b[31m")
	a.PutStr(attr.JoinServerResolution, "child")
	a.PutStr(attr.JoinServerSpan, "0102030405060708")
	a.PutDouble(attr.JoinServerDuration, 0.0021)
	a.PutStr(attr.JoinGCOverlap, "no")
	a.PutDouble(attr.JoinRuntimeGoroutines, 12)
	e := s.Events().AppendEmpty()
	e.SetName(attr.EventLog)
	e.Attributes().PutStr(attr.LogBody, "found")
	return td
}

func lines(t *testing.T, run *archive.Run) (all []archive.Line) {
	for l, err := range run.Logs() {
		require.NoError(t, err)
		all = append(all, *l)
	}
	return all
}

func TestWhatTheJoinWritesOnASpanIsInTheRowOfItsRequest(t *testing.T) {
	e := newExporters(t, false, nil)
	now := time.Now()
	for seq := range uint64(2) {
		e.writer.Record(&loadgen.Record{Seq: seq, Intended: now, Sent: now, Done: now.Add(3 * time.Millisecond), Status: 200})
	}
	for _, id := range []loadgen.TraceID{runID.TraceID(0, 1), runID.TraceID(7, 1), {9, 9}} { // of no attack, of no run
		require.NoError(t, e.traces.ConsumeTraces(t.Context(), joinedSpan(id)))
	}
	run := e.end(t)
	var rows []archive.Request
	for row, err := range run.Requests() {
		require.NoError(t, err)
		rows = append(rows, *row)
	}
	require.Len(t, rows, 2)
	assert.Empty(t, rows[0].JoinStatus, "a request of which no span came has a row")
	assert.False(t, rows[0].LedgerServer.OK)
	j := rows[1].Joined
	assert.Equal(t, "partial", j.JoinStatus)
	assert.Equal(t, "no_runtime,no_logs", j.JoinMissing)
	assert.Equal(t, `shop\x1b[31m`, j.ServerService)
	assert.Equal(t, archive.Known(2100*time.Microsecond), j.ServerDuration)
	assert.Equal(t, archive.Known(time.Duration(0)), j.LedgerNetwork, "a component that is 0 is on no span, and known")
	assert.Equal(t, 1, j.ServerSpans)
	assert.Empty(t, j.ServerSpanID, "it follows from the trace")
	assert.Equal(t, archive.Known(int64(12)), j.RuntimeGoroutines)
	assert.False(t, j.RuntimeHeap.OK)
	got := lines(t, run)
	require.Len(t, got, 1)
	assert.Equal(t, archive.Line{Request: true, Seq: 1, TraceID: runID.TraceID(0, 1).String(), Body: "found"}, got[0])
	assert.True(t, run.Info().Complete)
}

func TestWithAPipelineOfLogsLinesComeThroughItAlone(t *testing.T) {
	e := newExporters(t, true, nil)
	require.NoError(t, e.traces.ConsumeTraces(t.Context(), joinedSpan(runID.TraceID(0, 1))))
	ld := plog.NewLogs()
	put := func(service, body string, id loadgen.TraceID) {
		rl := ld.ResourceLogs().AppendEmpty()
		rl.Resource().Attributes().PutStr(attr.ServiceName, service)
		r := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		r.Body().SetStr(body)
		r.SetSeverityNumber(plog.SeverityNumberWarn)
		r.SetTraceID(pcommon.TraceID(id))
	}
	put("shop", "of a request", runID.TraceID(0, 1))
	put("shop", "of none", loadgen.TraceID{})
	put(attr.ServiceLoadtrace, "an event", loadgen.TraceID{})
	require.NoError(t, e.logs.ConsumeLogs(t.Context(), ld))
	got := lines(t, e.end(t))
	require.Len(t, got, 2)
	assert.Equal(t, archive.Line{Request: true, Seq: 1, TraceID: runID.TraceID(0, 1).String(), Service: "shop", Severity: "WARN", Body: "of a request"}, got[0])
	assert.Equal(t, archive.Line{Service: "shop", Severity: "WARN", Body: "of none"}, got[1])
}

func TestSamplesOfRuntimesAreTaken(t *testing.T) {
	e := newExporters(t, false, nil)
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr(attr.ServiceName, "shop")
	all := rm.ScopeMetrics().AppendEmpty().Metrics()
	for _, name := range []string{"go.memory.used", "http.server.request.duration"} {
		m := all.AppendEmpty()
		m.SetName(name)
		p := m.SetEmptySum().DataPoints().AppendEmpty()
		p.SetIntValue(7)
		p.SetTimestamp(1000)
		p.Attributes().PutStr("go.memory.type", "other")
		p.Attributes().PutStr("a", "b")
	}
	h := all.AppendEmpty()
	h.SetName("go.schedule.duration")
	p := h.SetEmptyExponentialHistogram().DataPoints().AppendEmpty()
	p.SetScale(0)
	p.SetZeroCount(1)
	p.Positive().BucketCounts().FromRaw([]uint64{2, 3})
	p.SetCount(6)
	require.NoError(t, e.metrics.ConsumeMetrics(t.Context(), md))
	var got []archive.Sample
	for s, err := range e.end(t).Runtime() {
		require.NoError(t, err)
		got = append(got, *s)
	}
	assert.Equal(t, []archive.Sample{
		{Time: 1000, Service: "shop", Name: "go.memory.used", Attributes: "a=b,go.memory.type=other", Kind: "sum", Value: 7},
		{Service: "shop", Name: "go.schedule.duration", Kind: "histogram", Count: 6, Bounds: []float64{1, 2, 4}, Buckets: []int64{1, 2, 3, 0}},
	}, got)
}

// In a collector that stays, the archive of a run that has ended is closed without it.
func TestAnArchiveIsClosedWhenNothingMoreIsToldOfItsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newExporters(t, false, func(c *runarchiveexporter.Config) { c.Settle = 10 * time.Second })
		complete := func() bool {
			run, err := archive.Open(e.writer.Dir())
			require.NoError(t, err)
			return run.Info().Complete
		}
		time.Sleep(time.Minute)
		require.NoError(t, e.writer.Conclude(&summary.Summary{RunID: runID.String()}))
		time.Sleep(9 * time.Second)
		require.NoError(t, e.traces.ConsumeTraces(t.Context(), joinedSpan(runID.TraceID(0, 1))))
		time.Sleep(9 * time.Second)
		synctest.Wait()
		assert.False(t, complete())
		time.Sleep(2 * time.Second)
		synctest.Wait()
		assert.True(t, complete())
		assert.FileExists(t, e.writer.Dir()+"/requests.parquet")
		require.NoError(t, e.traces.Shutdown(t.Context()))
		require.NoError(t, e.metrics.Shutdown(t.Context()))
	})
}

func TestConfigsThatAreWrongAreSaidSo(t *testing.T) {
	for _, c := range []struct {
		change func(*runarchiveexporter.Config)
		want   string
	}{
		{func(c *runarchiveexporter.Config) { c.Directory = "" }, "directory: is missing"},
		{func(c *runarchiveexporter.Config) { c.Directory = "s3://bucket/runs" }, `scheme "s3" is not supported`},
		{func(c *runarchiveexporter.Config) { c.Directory = "file://host/runs" }, "directory: is no URL of a folder"},
		{func(c *runarchiveexporter.Config) { c.MaxRunBytes = 1 }, "max_run_bytes: is too small"},
		{func(c *runarchiveexporter.Config) { c.Settle = -1 }, "settle: is negative"},
		{func(c *runarchiveexporter.Config) { c.Retention.MaxAge = -1 }, "retention::max_age: is negative"},
	} {
		cfg := runarchiveexporter.NewFactory().CreateDefaultConfig().(*runarchiveexporter.Config)
		cfg.Directory = "/runs"
		c.change(cfg)
		assert.ErrorContains(t, cfg.Validate(), c.want)
	}
}
