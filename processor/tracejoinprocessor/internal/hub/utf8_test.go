package hub

import (
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// One log line that was no UTF-8 was an event of a client span, so that a strict receiver
// refused the payload with all others.
func TestWhatIsPutOnASpanIsUTF8(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const bad = "caf\xe9"
		traces, metrics := new(consumertest.TracesSink), new(consumertest.MetricsSink)
		h := New(options(), Consumers{Traces: traces, Metrics: metrics, Logs: consumertest.NewNop()})
		h.Start()
		td := alone(1, true)
		td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().PutStr("loadgen.run.id", "r")
		td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().PutStr("loadgen.attack.name", "attack")
		require.NoError(t, h.Traces(t.Context(), td))
		servers := alone(1, false)
		for _, rs := range servers.ResourceSpans().All() {
			for _, key := range []string{"service.name", "service.namespace", "service.instance.id"} {
				rs.Resource().Attributes().PutStr(key, bad)
			}
			rs.ScopeSpans().At(0).Spans().At(0).Attributes().PutStr("http.route", "/"+bad)
		}
		require.NoError(t, h.Traces(t.Context(), servers))
		for _, body := range []string{bad, bad + string(make([]byte, 300))} {
			ld := plog.NewLogs()
			rl := ld.ResourceLogs().AppendEmpty()
			rl.Resource().Attributes().PutStr("service.name", bad)
			r := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
			r.SetTraceID(traceID(1))
			r.SetSeverityText(bad)
			r.Body().SetStr(body)
			require.NoError(t, h.Logs(t.Context(), ld))
		}
		time.Sleep(6 * time.Second)
		require.NoError(t, h.Shutdown(t.Context()))
		joined := 0
		for _, td := range traces.AllTraces() {
			for _, rs := range td.ResourceSpans().All() {
				for _, s := range rs.ScopeSpans().At(0).Spans().All() {
					if _, ok := s.Attributes().Get("join.status"); !ok {
						continue
					}
					joined++
					valid(t, s.Attributes())
					assert.Equal(t, 2, s.Events().Len())
					for _, e := range s.Events().All() {
						valid(t, e.Attributes())
					}
					v, _ := s.Attributes().Get("join.server.route")
					assert.Equal(t, "/caf\uFFFD", v.Str())
				}
			}
		}
		assert.Equal(t, 1, joined)
	})
}

func valid(t *testing.T, m pcommon.Map) {
	t.Helper()
	for k, v := range m.All() {
		assert.True(t, utf8.ValidString(v.AsString()), "%s: %q", k, v.AsString())
	}
}
