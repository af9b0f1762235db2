package hub

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// The generator's own events and runtime are nothing of a target's.
func TestWhatCameIsOfTargets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options()
		o.Clients.Services = []string{"k6"}
		h := New(o, Consumers{Traces: consumertest.NewNop(), Metrics: consumertest.NewNop(), Logs: consumertest.NewNop()})
		h.Start()
		lines := func(service string) {
			ld := plog.NewLogs()
			rl := ld.ResourceLogs().AppendEmpty()
			rl.Resource().Attributes().PutStr("service.name", service)
			rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().SetTraceID(pcommon.TraceID{1})
			require.NoError(t, h.Logs(t.Context(), ld))
		}
		samples := func(service string) {
			md := pmetric.NewMetrics()
			rm := md.ResourceMetrics().AppendEmpty()
			rm.Resource().Attributes().PutStr("service.name", service)
			m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
			m.SetName("go.goroutine.count")
			p := m.SetEmptyGauge().DataPoints().AppendEmpty()
			p.SetTimestamp(1)
			p.SetIntValue(7)
			require.NoError(t, h.Metrics(t.Context(), md))
		}
		for _, generator := range []string{"loadtrace", "k6"} {
			lines(generator)
			samples(generator)
			require.NoError(t, h.Traces(t.Context(), alone(1, true)))
			assert.Equal(t, Observed{}, h.Observed(), generator)
		}
		samples("auth")
		assert.Equal(t, Observed{Samples: true}, h.Observed())
		lines("auth")
		assert.Equal(t, Observed{Samples: true, Lines: true}, h.Observed())
		require.NoError(t, h.Traces(t.Context(), alone(1, false)))
		assert.Equal(t, Observed{Spans: true, Samples: true, Lines: true}, h.Observed())
		require.NoError(t, h.Shutdown(t.Context()))
	})
}
