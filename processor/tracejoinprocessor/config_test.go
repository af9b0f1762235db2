package tracejoinprocessor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/metadata"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/metadatatest"
)

func TestTheDefaultsAreValid(t *testing.T) {
	require.NoError(t, createDefaultConfig().(*Config).Validate())
}

func TestEveryFaultIsToldAtOnceWithItsKeyAndTheFix(t *testing.T) {
	cfg := &Config{
		Wait: -1, MaxTraceBytes: 5, Shards: 100, DrainTimeout: -1,
		Keep:    KeepConfig{All: true, Slow: -1, Share: 2, Remember: -1},
		Metrics: MetricsConfig{Exemplars: 101},
		Logs:    LogsConfig{MaxLines: 65},
	}
	err := cfg.Validate()
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")
	for _, key := range []string{
		"wait", "max_bytes", "max_trace_bytes", "shards", "drain_timeout", "keep::slow", "keep::share", "keep::remember",
		"keep::all", "runtime::max_age", "logs::max_lines", "logs::max_body_bytes", "metrics::interval", "metrics::exemplars",
	} {
		found := 0
		for _, line := range lines {
			if strings.HasPrefix(line, key+": ") && strings.Contains(line, "; write ") {
				found++
			}
		}
		assert.Equal(t, 1, found, key)
	}
	assert.Len(t, lines, 14)
}

func TestSizesHaveUnits(t *testing.T) {
	cfg := configured(t, "{max_bytes: 64MiB, max_trace_bytes: 1MiB}")
	assert.EqualValues(t, 64<<20, cfg.MaxBytes)
	err := confmap.NewFromStringMap(map[string]any{"max_bytes": "much"}).Unmarshal(createDefaultConfig())
	assert.ErrorContains(t, err, "for instance 256MiB")
}

// The collector gives no order in which pipelines are shut down.
func TestWhoeverIsShutDownFirstNothingIsLost(t *testing.T) {
	for _, order := range []string{"traces metrics logs", "metrics traces logs", "logs metrics traces", "logs traces metrics"} {
		t.Run(order, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPipes(t, "wait: 10m")
				require.NoError(t, p.traces.ConsumeTraces(t.Context(), p.spans("client trace=1 span=1 service=x took=1ms")))
				for _, signal := range strings.Fields(order) {
					switch signal {
					case "traces":
						require.NoError(t, p.traces.Shutdown(t.Context()))
						assert.Equal(t, 1, p.spanSink.SpanCount())
					case "metrics":
						require.NoError(t, p.metrics.Shutdown(t.Context()))
						assert.NotZero(t, p.metricSink.DataPointCount(), "the last requests are counted")
					case "logs":
						require.NoError(t, p.logs.Shutdown(t.Context()))
					}
					require.NoError(t, p.traces.ConsumeTraces(t.Context(), ptrace.NewTraces()), "what still comes passes")
				}
				assert.Contains(t, p.out(), "join.released=shutdown")
				require.NoError(t, p.traces.Shutdown(t.Context()), "twice")
			})
		})
	}
}

func TestAnySubsetOfPipelinesWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sink consumertest.TracesSink
		f, cfg := NewFactory(), createDefaultConfig()
		p, err := f.CreateTraces(t.Context(), processortest.NewNopSettings(metadata.Type), cfg, &sink)
		require.NoError(t, err)
		require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
		defer func() { require.NoError(t, p.Shutdown(context.Background())) }()
		require.NoError(t, p.ConsumeTraces(t.Context(), (&pipes{t: t, began: time.Now()}).spans(
			"client trace=1 span=1 service=x took=2ms\nserver trace=1 span=2 parent=1 service=y took=1ms")))
		time.Sleep(DefaultWait) // virtual
		synctest.Wait()
		require.Equal(t, 2, sink.SpanCount())
		joined := sink.AllTraces()[1].ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes()
		status, _ := joined.Get("join.status")
		assert.Equal(t, "complete", status.Str(), "of signals without a pipeline nothing is missing")
	})
}

func TestARefusalReachesTheSenderOfEachSignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := errors.New("busy")
		f, cfg, set, refusing := NewFactory(), createDefaultConfig(), processortest.NewNopSettings(metadata.Type), consumertest.NewErr(busy)
		traces, err := f.CreateTraces(t.Context(), set, cfg, refusing)
		require.NoError(t, err)
		metrics, err := f.CreateMetrics(t.Context(), set, cfg, refusing)
		require.NoError(t, err)
		logs, err := f.CreateLogs(t.Context(), set, cfg, refusing)
		require.NoError(t, err)
		require.NoError(t, traces.Start(t.Context(), componenttest.NewNopHost()))
		p := &pipes{t: t, began: time.Now()}
		assert.ErrorIs(t, traces.ConsumeTraces(t.Context(), p.spans("server trace=1 span=2 took=1ms")), busy)
		assert.ErrorIs(t, metrics.ConsumeMetrics(t.Context(), p.points("sample go.goroutine.count=1")), busy)
		assert.ErrorIs(t, logs.ConsumeLogs(t.Context(), p.lines("line trace=1 body=x")), busy)
		require.NoError(t, traces.Shutdown(t.Context()))
		require.NoError(t, metrics.Shutdown(t.Context()))
		require.NoError(t, logs.Shutdown(t.Context()))
	})
}

// README's table of attributes and the names that are written must be the same.
func TestEveryAttributeIsInTheReadme(t *testing.T) {
	readme, names := readDocumented(t)
	for _, name := range names {
		assert.True(t, strings.Contains(readme, "`"+name+"`"), "%s is not documented", name)
	}
}

func TestALogSourceIsAskedOnlyIfItIsConfigured(t *testing.T) {
	assert.False(t, configured(t, "{}").Logs.Loki.HasValue())
	cfg := configured(t, `{logs: {loki: {source: {http: {endpoint: 'http://127.0.0.1:3100'}}}}}`)
	loki := cfg.Logs.Loki.Get()
	require.NotNil(t, loki)
	assert.Equal(t, time.Second, loki.PullInterval)
	assert.Equal(t, 5000, loki.Source.PageLines, "the source's own defaults hold")

	cfg.Wait = 2 * time.Second
	assert.ErrorContains(t, cfg.Validate(), "wait: is over before a line can be fetched, 2s after it was written; write more")
	for key, text := range map[string]string{
		"pull_interval": "pull_interval: 1ms", "settle": "settle: -1s", "lookup_timeout": "lookup_timeout: 0s", "lookup_slow": "lookup_slow: -1s",
		"selector": "source: {http: {endpoint: 'http://127.0.0.1:3100'}, selector: nonsense}",
		"endpoint": "settle: 1s",
	} {
		cfg := createDefaultConfig().(*Config)
		raw := map[string]any{}
		require.NoError(t, yaml.Unmarshal([]byte("{logs: {loki: {"+text+"}}}"), &raw))
		require.NoError(t, confmap.NewFromStringMap(raw).Unmarshal(cfg))
		err := confmap.Validate(cfg)
		require.Error(t, err, key)
		assert.Contains(t, err.Error(), key)
	}
}

// A source that is away shows in the collector's own metrics.
func TestWhatTheLogSourceDoesIsCounted(t *testing.T) {
	var away atomic.Bool
	loki := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if away.Load() {
			http.Error(w, "away", http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, `{"status":"success","data":{"resultType":"streams","result":[]}}`)
	}))
	defer loki.Close()
	reading := componenttest.NewTelemetry()
	defer func() { require.NoError(t, reading.Shutdown(context.Background())) }()
	set := metadatatest.NewSettings(reading)
	cfg := configured(t, `{logs: {loki: {pull_interval: 10ms, settle: 0s, source: {http: {endpoint: '`+loki.URL+`'}}}}}`)
	p, err := NewFactory().CreateTraces(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	pulls := func(want string) func() bool {
		return func() bool {
			m, err := reading.GetMetric("otelcol_trace_join_pulls")
			if err != nil {
				return false
			}
			for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
				if v, _ := point.Attributes.Value("pull"); v.AsString() == want && point.Value > 0 {
					return true
				}
			}
			return false
		}
	}
	require.Eventually(t, pulls("answered"), time.Minute, 10*time.Millisecond)
	require.False(t, pulls("failed")())
	away.Store(true)
	require.Eventually(t, pulls("failed"), time.Minute, 10*time.Millisecond)
	requests, err := reading.GetMetric("otelcol_trace_join_loki_requests")
	require.NoError(t, err)
	assert.Len(t, requests.Data.(metricdata.Sum[int64]).DataPoints, 2, "first and repeated")
	require.NoError(t, p.Shutdown(t.Context()))
}

// With one name for both, the metrics of two joins in one collector were one series each,
// with two values.
func TestEachJoinOfACollectorHasMetricsOfItsOwn(t *testing.T) {
	f := NewFactory()
	instances := map[string]bool{}
	for range 2 {
		synctest.Test(t, func(t *testing.T) {
			cfg := createDefaultConfig()
			var sink consumertest.MetricsSink
			set := processortest.NewNopSettings(metadata.Type)
			traces, err := f.CreateTraces(t.Context(), set, cfg, consumertest.NewNop())
			require.NoError(t, err)
			metrics, err := f.CreateMetrics(t.Context(), set, cfg, &sink)
			require.NoError(t, err)
			require.NoError(t, traces.Start(t.Context(), componenttest.NewNopHost()))
			require.NoError(t, metrics.Start(t.Context(), componenttest.NewNopHost()))
			require.NoError(t, traces.ConsumeTraces(t.Context(), (&pipes{t: t, began: time.Now()}).spans("client trace=1 span=1 service=x took=2ms")))
			require.NoError(t, traces.Shutdown(t.Context()))
			require.NoError(t, metrics.Shutdown(t.Context()))
			require.NotZero(t, sink.DataPointCount())
			id, _ := sink.AllMetrics()[0].ResourceMetrics().At(0).Resource().Attributes().Get("service.instance.id")
			instances[id.Str()] = true
		})
	}
	assert.Len(t, instances, 2)
}
