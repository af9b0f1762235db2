package hub

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/goruntime"
)

// known is telemetry of all three kinds that belongs together.
func known(f *testing.F) (traces, metrics, logs []byte) {
	td, md, ld := ptrace.NewTraces(), pmetric.NewMetrics(), plog.NewLogs()
	request(td, 1)
	request(td, 2)
	td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().PutDouble("loadgen.response_time", 0.5)
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "auth")
	rm.Resource().Attributes().PutStr("service.instance.id", "a")
	m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("go.goroutine.count")
	m.SetEmptySum().DataPoints().AppendEmpty().SetIntValue(7)
	h := rm.ScopeMetrics().At(0).Metrics().AppendEmpty()
	h.SetName("go.schedule.duration")
	p := h.SetEmptyHistogram().DataPoints().AppendEmpty()
	p.BucketCounts().FromRaw([]uint64{1, 2})
	p.ExplicitBounds().FromRaw([]float64{0.1})
	p.Exemplars().AppendEmpty().SetTraceID(traceID(1))
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "auth")
	r := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	r.SetTraceID(traceID(1))
	r.Body().SetStr("a line\x1b[2J")
	e := rl.ScopeLogs().At(0).LogRecords().AppendEmpty()
	e.SetEventName(goruntime.EventGCCycle)
	e.Attributes().PutInt(goruntime.AttrGCNumber, 1)
	traces, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
	require.NoError(f, err)
	metrics, err = (&pmetric.ProtoMarshaler{}).MarshalMetrics(md)
	require.NoError(f, err)
	logs, err = (&plog.ProtoMarshaler{}).MarshalLogs(ld)
	require.NoError(f, err)
	return traces, metrics, logs
}

// passed counts the spans that left, of any shard, and checks what the join wrote into
// them.
func passed(t *testing.T, n *atomic.Int64) consumer.Traces {
	out, err := consumer.NewTraces(func(_ context.Context, td ptrace.Traces) error {
		n.Add(int64(td.SpanCount()))
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, s := range ss.Spans().All() {
					readable(t, s.Attributes())
				}
			}
		}
		return nil
	})
	require.NoError(t, err)
	return out
}

// readable checks the attributes of the join. Others are as their sender wrote them.
func readable(t *testing.T, attributes pcommon.Map) {
	for k, v := range attributes.All() {
		if len(k) > 5 && k[:5] == "join." && v.Type() == pcommon.ValueTypeStr {
			require.True(t, utf8.ValidString(v.Str()), "%s: %q", k, v.Str())
		}
	}
}

// Whatever senders write into their telemetry, each of their spans leaves once, and in
// the end nothing is held.
func FuzzIntake(f *testing.F) {
	traces, metrics, logs := known(f)
	f.Add(traces, metrics, logs)
	f.Add(traces, []byte{}, logs[:len(logs)/2])
	f.Fuzz(func(t *testing.T, traces, metrics, logs []byte) {
		td, err1 := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(traces)
		md, err2 := (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(metrics)
		ld, err3 := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(logs)
		if err1 != nil || err2 != nil || err3 != nil {
			return // the collector's receiver has refused it
		}
		synctest.Test(t, func(t *testing.T) {
			spans := td.SpanCount()
			var left atomic.Int64
			o := options()
			o.Shards = 2
			h := New(o, Consumers{Traces: passed(t, &left), Metrics: consumertest.NewNop(), Logs: consumertest.NewNop()})
			h.Start()
			require.NoError(t, h.Metrics(t.Context(), md))
			require.NoError(t, h.Logs(t.Context(), ld))
			require.NoError(t, h.Traces(t.Context(), td))
			time.Sleep(2 * o.Wait) // virtual
			require.NoError(t, h.Shutdown(t.Context()))
			require.EqualValues(t, spans, left.Load())
			require.LessOrEqual(t, h.Counts().HeldBytes, o.MaxBytes)
			require.Zero(t, h.counts.outgoing.Load())
		})
	})
}

// Whatever a trace state is, a share of spans is kept by it, and others' members of it
// stay.
func FuzzTraceState(f *testing.F) {
	for _, state := range []string{"", "ot=th:8", "loadtrace=1,ot=th:c;rv:90000000000000", "ot=rv:1", "a=b,a=c", "ot=th:;x:y", "not a tracestate", "ot=p:8;r:62"} {
		f.Add(state, uint64(1)<<55)
	}
	f.Fuzz(func(t *testing.T, state string, random uint64) {
		s, half := spanOf(random, state), Keep{Share: 0.5}
		threshold, err := sampling.ProbabilityToThreshold(half.Share)
		require.NoError(t, err)
		kept := half.samples(s)
		if kept {
			note(s.TraceState(), threshold)
		}
		after := s.TraceState().AsRaw()
		require.LessOrEqual(t, len(after), len(state)+len("ot=th:8;,"))
		require.Equal(t, kept, half.samples(s), "%q, then %q", state, after)
		if kept {
			note(s.TraceState(), threshold)
		}
		require.Equal(t, after, s.TraceState().AsRaw(), "it is noted once")
	})
}
