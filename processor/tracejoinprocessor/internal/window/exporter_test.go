package window_test

import (
	"expvar"
	"net/http"
	"net/http/httptest"
	"net/http/pprof"
	"runtime"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/config"
	"github.com/prometheus/common/expfmt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/internal/runtimeexporter/exposition"
	"github.com/loadtrace/loadtrace/internal/runtimeexporter/target"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/window"
)

// A service that nobody changed, read by our exporter: what is scraped of it is
// joined, of each of the exporter's targets by its own name.
func TestWhatOurExporterServesIsRead(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/debug/vars", expvar.Handler())
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	server := httptest.NewServer(mux)
	defer server.Close()
	var targets []*target.Target
	for _, service := range []string{"auth", "orders"} {
		one, err := target.New(target.Config{Service: service, Address: server.URL, Timeout: 5 * time.Second, HTTP: config.DefaultHTTPClientConfig})
		require.NoError(t, err)
		defer one.Close()
		targets = append(targets, one)
	}
	s := window.NewStore()
	for i := range 2 {
		answers := []target.Answer{targets[0].Ask(t.Context()), targets[1].Ask(t.Context())}
		families, err := exposition.Families(answers, expfmt.NewFormat(expfmt.TypeTextPlain))
		require.NoError(t, err)
		s.ReadMetrics(scrapedAt(at(time.Duration(i)*time.Second), families))
		runtime.GC()
	}
	for _, one := range targets {
		q := question(100*ms, 200*ms)
		q.Of = window.Identity{Service: one.Service, Instance: one.Instance}
		a := s.Query(q)
		require.Equal(t, window.ByInstance, a.Resolution)
		for _, f := range []window.Field{window.Goroutines, window.Heap, window.GCGoal} {
			assert.True(t, a.Levels[f].OK && a.Levels[f].V > 0, "level %d: %v", f, a.Levels[f])
		}
		for _, f := range []window.Field{window.GCCycles, window.GCPause, window.Allocated} {
			assert.True(t, a.Counts[f].OK && a.Counts[f].V > 0, "count %d: %v", f, a.Counts[f])
		}
		assert.Equal(t, window.OverlapPossible, a.GC.Overlap)
		q.Of.Instance = "the service's own id"
		assert.Equal(t, window.ByService, s.Query(q).Resolution)
	}
}

// scrapedAt makes of families what the collector's prometheus receiver does: the
// resource is the exporter's, and the labels are attributes of the points.
func scrapedAt(ts pcommon.Timestamp, families []*dto.MetricFamily) pmetric.Metrics {
	return payload("go-runtime", "127.0.0.1:9091", func(ms pmetric.MetricSlice) {
		for _, f := range families {
			m := ms.AppendEmpty()
			m.SetName(f.GetName())
			var points pmetric.NumberDataPointSlice
			if f.GetType() == dto.MetricType_COUNTER {
				sum := m.SetEmptySum()
				sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
				points = sum.DataPoints()
			} else {
				points = m.SetEmptyGauge().DataPoints()
			}
			for _, of := range f.GetMetric() {
				p := points.AppendEmpty()
				p.SetTimestamp(ts)
				p.SetDoubleValue(of.GetGauge().GetValue() + of.GetCounter().GetValue())
				for _, l := range of.GetLabel() {
					p.Attributes().PutStr(l.GetName(), l.GetValue())
				}
			}
		}
	})
}
