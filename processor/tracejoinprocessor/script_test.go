package tracejoinprocessor

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"golang.org/x/tools/txtar"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/metadata"
)

// TestScripts plays testdata/*.txtar in virtual time. A script begins with the
// processor's configuration and goes on with sections:
//
//	traces, logs, metrics   what comes, an item a line: KIND KEY=VALUE ...
//	advance 5s              time passes
//	shutdown                the collector ends
//	out                     what came out since the last one, to be compared
//
// Times are since the script's start, which no coarse clock would show. With UPDATE_GOLDEN=1 out is written instead,
// and the test fails.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			require.NoError(t, err)
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(123_456_789) // virtual
				play(t, archive)
			})
			if os.Getenv("UPDATE_GOLDEN") != "" {
				require.NoError(t, os.WriteFile(file, txtar.Format(archive), 0o644))
				t.Fatalf("wrote %s", file)
			}
		})
	}
}

func play(t *testing.T, archive *txtar.Archive) {
	p := newPipes(t, string(archive.Comment))
	defer p.shutdown()
	outs := 0
	for i := range archive.Files {
		f := &archive.Files[i]
		verb, arg, _ := strings.Cut(f.Name, " ")
		switch verb {
		case "traces":
			require.NoError(t, p.traces.ConsumeTraces(t.Context(), p.spans(string(f.Data))))
		case "logs":
			require.NoError(t, p.logs.ConsumeLogs(t.Context(), p.lines(string(f.Data))))
		case "metrics":
			require.NoError(t, p.metrics.ConsumeMetrics(t.Context(), p.points(string(f.Data))))
		case "advance":
			d, err := time.ParseDuration(arg)
			require.NoError(t, err)
			time.Sleep(d) // virtual
		case "shutdown":
			p.shutdown()
		case "out":
			synctest.Wait()
			outs++
			got := p.out()
			if os.Getenv("UPDATE_GOLDEN") != "" {
				f.Data = []byte(got)
				continue
			}
			require.Equal(t, string(f.Data), got, "out %d", outs)
		default:
			t.Fatalf("no section is called %q", f.Name)
		}
	}
	require.NotZero(t, outs, "the script compares nothing")
}

// pipes is a join with a sink behind each signal.
type pipes struct {
	t       *testing.T
	began   time.Time
	traces  processor.Traces
	metrics processor.Metrics
	logs    processor.Logs
	down    bool

	spanSink   consumertest.TracesSink
	metricSink consumertest.MetricsSink
	logSink    consumertest.LogsSink
}

// configured is the default configuration with some YAML over it.
func configured(t *testing.T, src string) *Config {
	cfg := createDefaultConfig().(*Config)
	raw := map[string]any{}
	require.NoError(t, yaml.Unmarshal([]byte(src), &raw))
	require.NoError(t, confmap.NewFromStringMap(raw).Unmarshal(cfg))
	require.NoError(t, cfg.Validate())
	return cfg
}

func newPipes(t *testing.T, config string) *pipes {
	p := &pipes{t: t, began: time.Now()}
	f, cfg, set := NewFactory(), configured(t, config), processortest.NewNopSettings(metadata.Type)
	var err error
	p.traces, err = f.CreateTraces(t.Context(), set, cfg, &p.spanSink)
	require.NoError(t, err)
	p.metrics, err = f.CreateMetrics(t.Context(), set, cfg, &p.metricSink)
	require.NoError(t, err)
	p.logs, err = f.CreateLogs(t.Context(), set, cfg, &p.logSink)
	require.NoError(t, err)
	require.NoError(t, p.traces.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, p.metrics.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, p.logs.Start(t.Context(), componenttest.NewNopHost()))
	return p
}

func (p *pipes) shutdown() {
	if p.down {
		return
	}
	p.down = true
	require.NoError(p.t, p.logs.Shutdown(p.t.Context()))
	require.NoError(p.t, p.traces.Shutdown(p.t.Context()))
	require.NoError(p.t, p.metrics.Shutdown(p.t.Context()))
}

// item is a line of a script.
type item struct {
	kind string
	keys []string
	of   map[string]string
}

func items(t *testing.T, text string) (all []item) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		it := item{kind: fields[0], of: map[string]string{}}
		for _, f := range fields[1:] {
			k, v, ok := strings.Cut(f, "=")
			require.True(t, ok, line)
			it.keys = append(it.keys, k)
			it.of[k] = v
		}
		all = append(all, it)
	}
	require.NotEmpty(t, all)
	return all
}

func (p *pipes) at(s string) time.Time {
	if s == "" {
		return p.began
	}
	d, err := time.ParseDuration(s)
	require.NoError(p.t, err)
	return p.began.Add(d)
}

// traceID of a number; of "none" it is empty, as an id of a span is.
func traceID(s string) (id pcommon.TraceID) {
	if s == "none" {
		return id
	}
	n, _ := strconv.Atoi(s)
	id[15], id[14], id[0] = byte(n), byte(n>>8), 0xa
	return id
}

func spanID(s string) (id pcommon.SpanID) {
	n, _ := strconv.Atoi(s)
	id[7], id[6] = byte(n), byte(n>>8)
	return id
}

func (p *pipes) resource(r pcommon.Resource, it item) {
	r.Attributes().PutStr("service.name", it.of["service"])
	for key, name := range map[string]string{
		"instance": "service.instance.id", "host": "host.name", "pod": "k8s.pod.uid", "container": "container.id",
	} {
		if v := it.of[key]; v != "" {
			r.Attributes().PutStr(name, v)
		}
	}
	if pid, err := strconv.Atoi(it.of["pid"]); err == nil {
		r.Attributes().PutInt("process.pid", int64(pid))
	}
}

var kinds = map[string]ptrace.SpanKind{
	"client": ptrace.SpanKindClient, "server": ptrace.SpanKindServer, "internal": ptrace.SpanKindInternal,
}

func (p *pipes) spans(text string) ptrace.Traces {
	td := ptrace.NewTraces()
	for _, it := range items(p.t, text) {
		rs := td.ResourceSpans().AppendEmpty()
		p.resource(rs.Resource(), it)
		s := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		s.SetKind(kinds[it.kind])
		s.SetTraceID(traceID(it.of["trace"]))
		s.SetSpanID(spanID(it.of["span"]))
		if v := it.of["parent"]; v != "" {
			s.SetParentSpanID(spanID(v))
		}
		began := p.at(it.of["at"])
		took, err := time.ParseDuration(it.of["took"])
		require.NoError(p.t, err)
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(began))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(began.Add(took)))
		if it.of["status"] == "error" {
			s.Status().SetCode(ptrace.StatusCodeError)
		}
		if v, err := strconv.ParseUint(it.of["flags"], 0, 32); err == nil {
			s.SetFlags(uint32(v))
		}
		for _, k := range it.keys {
			if strings.Contains(k, ".") {
				put(s.Attributes(), k, it.of[k])
			}
		}
	}
	return td
}

// put a duration as seconds, anything else as text.
func put(a pcommon.Map, k, v string) {
	if d, err := time.ParseDuration(v); err == nil {
		a.PutDouble(k, d.Seconds())
		return
	}
	a.PutStr(k, v)
}

func (p *pipes) lines(text string) plog.Logs {
	ld := plog.NewLogs()
	for _, it := range items(p.t, text) {
		rl := ld.ResourceLogs().AppendEmpty()
		p.resource(rl.Resource(), it)
		r := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		if v := it.of["trace"]; v != "" {
			r.SetTraceID(traceID(v))
		}
		if it.of["at"] != "none" {
			r.SetTimestamp(pcommon.NewTimestampFromTime(p.at(it.of["at"])))
		}
		r.SetEventName(it.of["event"])
		if it.kind == "cycle" {
			p.cycle(r, it)
			continue
		}
		r.SetSeverityText(it.of["severity"])
		r.Body().SetStr(it.of["body"])
		if v := it.of["span"]; v != "" {
			r.SetSpanID(spanID(v))
		}
	}
	return ld
}

// cycle is the event of a GC cycle: number, earliest, latest, end and pause.
func (p *pipes) cycle(r plog.LogRecord, it item) {
	r.SetEventName("goruntime.gc.cycle")
	n, err := strconv.Atoi(it.of["number"])
	require.NoError(p.t, err)
	r.Attributes().PutInt("goruntime.gc.cycle.number", int64(n))
	r.Attributes().PutInt("goruntime.gc.cycle.start.earliest", p.at(it.of["earliest"]).UnixNano())
	r.Attributes().PutInt("goruntime.gc.cycle.start.latest", p.at(it.of["latest"]).UnixNano())
	r.Attributes().PutInt("goruntime.gc.cycle.end", p.at(it.of["end"]).UnixNano())
	put(r.Attributes(), "goruntime.gc.cycle.pause", it.of["pause"])
}

// points: every key with a dot or an underscore is a metric; with exemplar=N all
// of a line name a trace.
func (p *pipes) points(text string) pmetric.Metrics {
	md := pmetric.NewMetrics()
	for _, it := range items(p.t, text) {
		rm := md.ResourceMetrics().AppendEmpty()
		p.resource(rm.Resource(), it)
		ms := rm.ScopeMetrics().AppendEmpty().Metrics()
		for _, k := range it.keys {
			if !strings.ContainsAny(k, "._") {
				continue
			}
			m := ms.AppendEmpty()
			m.SetName(k)
			m.SetEmptySum().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
			point := m.Sum().DataPoints().AppendEmpty()
			v, err := strconv.ParseFloat(it.of[k], 64)
			require.NoError(p.t, err)
			point.SetDoubleValue(v)
			point.SetTimestamp(pcommon.NewTimestampFromTime(p.at(it.of["at"])))
			if e := it.of["exemplar"]; e != "" {
				point.Exemplars().AppendEmpty().SetTraceID(traceID(e))
			}
		}
	}
	return md
}
