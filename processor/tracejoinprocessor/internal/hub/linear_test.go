package hub

import (
	"context"
	"encoding/binary"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/lineartest"
)

// spansOf a kind: n of them, of one trace or of one each, under one parent.
func spansOf(kind ptrace.SpanKind, n int, oneTrace bool) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	rs.Resource().Attributes().PutStr("service.instance.id", "a")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	spans.EnsureCapacity(n)
	now := time.Now()
	for i := range n {
		s := spans.AppendEmpty()
		s.SetKind(kind)
		s.SetTraceID(traceID(1))
		if !oneTrace {
			s.SetTraceID(traceID(i))
		}
		var id pcommon.SpanID
		binary.BigEndian.PutUint64(id[:], uint64(i)<<8|uint64(kind))
		s.SetSpanID(id)
		if kind == ptrace.SpanKindServer {
			s.SetParentSpanID(pcommon.SpanID{7: byte(ptrace.SpanKindClient)})
		}
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-time.Second)))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
	}
	return td
}

func recordsOf(n int, fill func(ld plog.Logs, i int) plog.LogRecord) plog.Logs {
	ld := plog.NewLogs()
	ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	for i := range n {
		r := fill(ld, i)
		r.Body().SetStr("a line")
	}
	return ld
}

// Ten times as much takes ten times as long, whatever there is so much of: nothing is
// compared with all others of its payload or trace.
func TestJoiningIsLinear(t *testing.T) {
	for name, c := range muchOf {
		for mode, keep := range map[string]Keep{"all": {All: true}, "a share": {Share: 1, Remember: 1000}} {
			t.Run(name+", of which is kept: "+mode, func(t *testing.T) {
				lineartest.Run(t, c.n, func(n int) func() {
					o := options()
					o.Keep, o.MaxBytes, o.TraceBytes, o.Shards, o.Wait = keep, 1<<40, 1<<38, 1, time.Hour
					h := New(o, Consumers{Traces: consumertest.NewNop(), Metrics: consumertest.NewNop(), Logs: consumertest.NewNop()})
					h.Start()
					to := c.send(t, n)
					return func() {
						require.NoError(t, to(h))
						require.NoError(t, h.Shutdown(context.Background()))
					}
				})
			})
		}
	}
}

// nextOf is another record in the first scope.
func nextOf(ld plog.Logs) plog.LogRecord {
	return ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().AppendEmpty()
}

// muchOf sends n of something.
var muchOf = map[string]struct {
	n    int
	send func(t *testing.T, n int) (to func(h *Hub) error)
}{
	"server spans of one trace": {3000, func(_ *testing.T, n int) func(h *Hub) error {
		client, servers := spansOf(ptrace.SpanKindClient, 1, true), spansOf(ptrace.SpanKindServer, n, true)
		return traces(client, servers)
	}},
	"client spans of one trace": {3000, func(_ *testing.T, n int) func(h *Hub) error {
		return traces(spansOf(ptrace.SpanKindServer, 300, true), spansOf(ptrace.SpanKindClient, n, true))
	}},
	"requests": {3000, func(_ *testing.T, n int) func(h *Hub) error {
		return traces(spansOf(ptrace.SpanKindServer, n, false), spansOf(ptrace.SpanKindClient, n, false))
	}},
	"lines of one trace": {3000, func(_ *testing.T, n int) func(h *Hub) error {
		return logs(recordsOf(n, func(ld plog.Logs, _ int) plog.LogRecord {
			r := nextOf(ld)
			r.SetTraceID(traceID(1))
			return r
		}))
	}},
	"lines of a trace each": {2000, func(_ *testing.T, n int) func(h *Hub) error {
		return logs(recordsOf(n, func(ld plog.Logs, i int) plog.LogRecord {
			r := nextOf(ld)
			r.SetTraceID(traceID(i))
			return r
		}))
	}},
	"lines of a service each": {2000, func(_ *testing.T, n int) func(h *Hub) error {
		return logs(recordsOf(n, func(ld plog.Logs, i int) plog.LogRecord {
			rl := ld.ResourceLogs().AppendEmpty()
			rl.Resource().Attributes().PutStr("service.name", strconv.Itoa(i))
			r := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
			r.SetTraceID(traceID(i))
			return r
		}))
	}},
	"exemplars": {2000, func(_ *testing.T, n int) func(h *Hub) error {
		md := pmetric.NewMetrics()
		m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		es := m.SetEmptyGauge().DataPoints().AppendEmpty().Exemplars()
		for i := range n {
			es.AppendEmpty().SetTraceID(traceID(i))
		}
		return func(h *Hub) error { return h.Metrics(context.Background(), md) }
	}},
}

func traces(all ...ptrace.Traces) func(h *Hub) error {
	return func(h *Hub) error {
		for _, td := range all {
			if err := h.Traces(context.Background(), td); err != nil {
				return err
			}
		}
		return nil
	}
}

func logs(ld plog.Logs) func(h *Hub) error {
	return func(h *Hub) error { return h.Logs(context.Background(), ld) }
}
