//go:build linux

package tracejoinprocessor

import (
	"strconv"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// floods by the field that has a megabyte in each payload, or by what there is so much of.
var floods = func() map[string]flooding {
	all := map[string]flooding{}
	for name, fill := range clientFields {
		all["client span: "+name] = flooding{send: func(f *flooded, i int) {
			f.spans(i, func(client, _ ptrace.ResourceSpans) { fill(client, theSpan(client), floodText(i)) })
		}}
	}
	for name, fill := range serverFields {
		all["server span: "+name] = flooding{send: func(f *flooded, i int) {
			f.spans(i, func(_, server ptrace.ResourceSpans) { fill(server, theSpan(server), floodText(i)) })
		}}
	}
	for name, fill := range logFields {
		all["log record: "+name] = flooding{send: func(f *flooded, i int) {
			f.spans(i, func(_, _ ptrace.ResourceSpans) {})
			f.records(func(rl plog.ResourceLogs, records plog.LogRecordSlice) {
				r := records.AppendEmpty()
				r.SetTraceID(floodTrace(i))
				fill(rl, r, floodText(i))
			})
		}}
	}
	for name, fill := range pointFields {
		all["metric point: "+name] = flooding{send: func(f *flooded, i int) {
			f.points("go_goroutines", func(rm pmetric.ResourceMetrics, ps pmetric.NumberDataPointSlice) {
				p := ps.AppendEmpty()
				p.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
				p.SetIntValue(1)
				fill(rm, p, floodText(i))
			})
		}}
	}
	for name, of := range manyFloods {
		all["many: "+name] = of
	}
	return all
}()

var clientFields = map[string]func(rs ptrace.ResourceSpans, s ptrace.Span, text string){
	"text": func(_ ptrace.ResourceSpans, s ptrace.Span, text string) { s.Attributes().PutStr("k", text) },
	"key":  func(_ ptrace.ResourceSpans, s ptrace.Span, text string) { s.Attributes().PutBool(text, true) },
	"bytes": func(_ ptrace.ResourceSpans, s ptrace.Span, text string) {
		s.Attributes().PutEmptyBytes("k").FromRaw([]byte(text))
	},
	"nested map": func(_ ptrace.ResourceSpans, s ptrace.Span, text string) {
		s.Attributes().PutEmptyMap("k").PutEmptyMap("l").PutStr("m", text)
	},
	"event": func(_ ptrace.ResourceSpans, s ptrace.Span, text string) {
		s.Events().AppendEmpty().Attributes().PutStr("k", text)
	},
	"event's name": func(_ ptrace.ResourceSpans, s ptrace.Span, text string) { s.Events().AppendEmpty().SetName(text) },
	"link": func(_ ptrace.ResourceSpans, s ptrace.Span, text string) {
		s.Links().AppendEmpty().Attributes().PutStr("k", text)
	},
	"link's trace state": func(_ ptrace.ResourceSpans, s ptrace.Span, text string) {
		s.Links().AppendEmpty().TraceState().FromRaw(text)
	},
	"name":        func(_ ptrace.ResourceSpans, s ptrace.Span, text string) { s.SetName(text) },
	"status":      func(_ ptrace.ResourceSpans, s ptrace.Span, text string) { s.Status().SetMessage(text) },
	"trace state": func(_ ptrace.ResourceSpans, s ptrace.Span, text string) { s.TraceState().FromRaw(text) },
	"run": func(_ ptrace.ResourceSpans, s ptrace.Span, text string) {
		s.Attributes().PutStr("loadgen.run.id", text)
	},
	"attack": func(_ ptrace.ResourceSpans, s ptrace.Span, text string) {
		s.Attributes().PutStr("loadgen.attack.name", text)
	},
	"resource": func(rs ptrace.ResourceSpans, _ ptrace.Span, text string) {
		rs.Resource().Attributes().PutStr("k", text)
	},
	"resource's schema": func(rs ptrace.ResourceSpans, _ ptrace.Span, text string) { rs.SetSchemaUrl(text) },
	"scope": func(rs ptrace.ResourceSpans, _ ptrace.Span, text string) {
		rs.ScopeSpans().At(0).Scope().Attributes().PutStr("k", text)
	},
	"scope's name": func(rs ptrace.ResourceSpans, _ ptrace.Span, text string) { rs.ScopeSpans().At(0).Scope().SetName(text) },
}

var serverFields = map[string]func(rs ptrace.ResourceSpans, s ptrace.Span, text string){
	"text":   func(_ ptrace.ResourceSpans, s ptrace.Span, text string) { s.Attributes().PutStr("k", text) },
	"route":  func(_ ptrace.ResourceSpans, s ptrace.Span, text string) { s.Attributes().PutStr("http.route", text) },
	"method": func(_ ptrace.ResourceSpans, s ptrace.Span, text string) { s.Attributes().PutStr("rpc.method", text) },
	"name":   func(_ ptrace.ResourceSpans, s ptrace.Span, text string) { s.SetName(text) },
	"namespace": func(rs ptrace.ResourceSpans, _ ptrace.Span, text string) {
		rs.Resource().Attributes().PutStr("service.namespace", text)
	},
	"service": func(rs ptrace.ResourceSpans, _ ptrace.Span, text string) {
		rs.Resource().Attributes().PutStr("service.name", text)
	},
	"instance": func(rs ptrace.ResourceSpans, _ ptrace.Span, text string) {
		rs.Resource().Attributes().PutStr("service.instance.id", text)
	},
	"host": func(rs ptrace.ResourceSpans, _ ptrace.Span, text string) {
		rs.Resource().Attributes().PutStr("host.name", text)
	},
}

var logFields = map[string]func(rl plog.ResourceLogs, r plog.LogRecord, text string){
	"body":        func(_ plog.ResourceLogs, r plog.LogRecord, text string) { r.Body().SetStr(text) },
	"body of map": func(_ plog.ResourceLogs, r plog.LogRecord, text string) { r.Body().SetEmptyMap().PutStr("k", text) },
	"severity":    func(_ plog.ResourceLogs, r plog.LogRecord, text string) { r.SetSeverityText(text) },
	"event name":  func(_ plog.ResourceLogs, r plog.LogRecord, text string) { r.SetEventName(text) },
	"text":        func(_ plog.ResourceLogs, r plog.LogRecord, text string) { r.Attributes().PutStr("k", text) },
	"resource": func(rl plog.ResourceLogs, _ plog.LogRecord, text string) {
		rl.Resource().Attributes().PutStr("k", text)
	},
	"service": func(rl plog.ResourceLogs, _ plog.LogRecord, text string) {
		rl.Resource().Attributes().PutStr("service.name", text)
	},
	"instance of a GC cycle": func(rl plog.ResourceLogs, r plog.LogRecord, text string) {
		rl.Resource().Attributes().PutStr("service.instance.id", text)
		end := time.Now().UnixNano()
		r.SetEventName("goruntime.gc.cycle")
		r.Attributes().PutInt("goruntime.gc.cycle.number", 1)
		r.Attributes().PutInt("goruntime.gc.cycle.start.earliest", end)
		r.Attributes().PutInt("goruntime.gc.cycle.start.latest", end)
		r.Attributes().PutInt("goruntime.gc.cycle.end", end)
	},
}

var pointFields = map[string]func(rm pmetric.ResourceMetrics, p pmetric.NumberDataPoint, text string){
	"resource": func(rm pmetric.ResourceMetrics, _ pmetric.NumberDataPoint, text string) {
		rm.Resource().Attributes().PutStr("k", text)
	},
	"service": func(rm pmetric.ResourceMetrics, _ pmetric.NumberDataPoint, text string) {
		rm.Resource().Attributes().PutStr("service.name", text)
	},
	"instance": func(rm pmetric.ResourceMetrics, _ pmetric.NumberDataPoint, text string) {
		rm.Resource().Attributes().PutStr("service.instance.id", text)
	},
	"text": func(_ pmetric.ResourceMetrics, p pmetric.NumberDataPoint, text string) {
		p.Attributes().PutStr("k", text)
	},
	"label service": func(_ pmetric.ResourceMetrics, p pmetric.NumberDataPoint, text string) {
		p.Attributes().PutStr("service_name", text)
	},
	"label instance": func(_ pmetric.ResourceMetrics, p pmetric.NumberDataPoint, text string) {
		p.Attributes().PutStr("service_name", "shop")
		p.Attributes().PutStr("service_instance_id", text)
	},
	"exemplar": func(_ pmetric.ResourceMetrics, p pmetric.NumberDataPoint, text string) {
		e := p.Exemplars().AppendEmpty()
		e.SetTraceID(floodTrace(len(text)))
		e.FilteredAttributes().PutStr("k", text)
	},
}

const share = "keep: {all: false, share: 1}\n"

// manyFloods are of payloads with about a megabyte of something small.
var manyFloods = map[string]flooding{
	"spans":                               {send: manySpans},
	"spans, of which a share is kept":     {config: share, send: manySpans},
	"spans that nothing takes":            {shut: true, send: manySpans},
	"spans of a share that nothing takes": {config: share, shut: true, send: manySpans},
	"lines":                               {send: func(f *flooded, i int) { manyLines(f, i, 2000) }},
	"lines of a few traces":               {send: func(f *flooded, i int) { manyLines(f, i, 3) }},
	"instances": {send: func(f *flooded, i int) {
		f.points("go_goroutines", func(_ pmetric.ResourceMetrics, ps pmetric.NumberDataPointSlice) {
			for k := range 300 {
				p := ps.AppendEmpty()
				p.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
				p.SetIntValue(1)
				p.Attributes().PutStr("service_name", strconv.Itoa(i*300+k))
			}
		})
	}},
	"times": {send: func(f *flooded, i int) {
		f.points("go.goroutine.count", func(_ pmetric.ResourceMetrics, ps pmetric.NumberDataPointSlice) {
			for k := range 1500 {
				p := ps.AppendEmpty()
				p.SetTimestamp(pcommon.Timestamp(1e9 * (i*1500 + k + 1)))
				p.SetIntValue(1)
			}
		})
	}},
	"exemplars": {config: share, send: func(f *flooded, i int) {
		f.points("requests", func(_ pmetric.ResourceMetrics, ps pmetric.NumberDataPointSlice) {
			es := ps.AppendEmpty().Exemplars()
			for k := range 1500 {
				es.AppendEmpty().SetTraceID(floodTrace(i*1500 + k))
			}
		})
	}},
}

// manySpans are 500 requests, with their server spans, of an instance each, and a line.
func manySpans(f *flooded, i int) {
	clients, servers := ptrace.NewTraces(), ptrace.NewTraces()
	spans := clients.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for k := range 500 {
		floodIDs(spans.AppendEmpty(), i*500+k, 0)
		rs := servers.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", "shop")
		rs.Resource().Attributes().PutStr("service.instance.id", strconv.Itoa(i*500+k))
		floodIDs(rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty(), i*500+k, 1)
	}
	_ = f.traces.ConsumeTraces(f.t.Context(), clients)
	_ = f.traces.ConsumeTraces(f.t.Context(), servers)
	f.records(func(_ plog.ResourceLogs, records plog.LogRecordSlice) {
		for k := range 500 {
			r := records.AppendEmpty()
			r.SetTraceID(floodTrace(i*500 + k))
			r.Body().SetStr("a line of " + strconv.Itoa(k))
		}
	})
}

// manyLines are 5000 of so many traces.
func manyLines(f *flooded, i, traces int) {
	f.records(func(_ plog.ResourceLogs, records plog.LogRecordSlice) {
		for k := range 5000 {
			r := records.AppendEmpty()
			r.SetTraceID(floodTrace(i%10*traces + k%traces))
			r.Body().SetStr("a line of " + strconv.Itoa(k))
		}
	})
}
