package loadgenreceiver

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/metadata"
)

// patience bounds every wait; only a failing test waits that long.
const patience = time.Minute

// target is a real HTTP server that counts what it is asked.
type target struct {
	*httptest.Server
	asked  atomic.Int64
	traced atomic.Int64 // requests with a traceparent
}

func newTarget(t *testing.T) *target {
	s := new(target)
	s.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		s.asked.Add(1)
		if req.Header.Get("traceparent") != "" {
			s.traced.Add(1)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// config of count requests to the target at a rate, as the collector would read it.
func (s *target) config(rate string, count int) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.Metrics.Interval = 50 * time.Millisecond
	cfg.Spans.FlushInterval = 20 * time.Millisecond
	cfg.Plan = map[string]any{"name": "test", "attacks": []any{map[string]any{
		"name": "home",
		"http": map[string]any{"url": s.URL},
		"load": []any{map[string]any{"constant": rate, "count": count}},
	}}}
	return cfg
}

// endless is a configuration whose run ends only when it is stopped.
func (s *target) endless() *Config {
	cfg := s.config("200/s", 1_000_000)
	return cfg
}

// pipes are the pipelines behind the receivers; nil is none.
type pipes struct {
	traces  consumer.Traces
	metrics consumer.Metrics
	logs    consumer.Logs
}

// sinks are pipelines that take everything.
func sinks() (p pipes, traces *consumertest.TracesSink, metrics *consumertest.MetricsSink, logs *consumertest.LogsSink) {
	traces, metrics, logs = new(consumertest.TracesSink), new(consumertest.MetricsSink), new(consumertest.LogsSink)
	return pipes{traces, metrics, logs}, traces, metrics, logs
}

// collector is what the receiver lives in: its receivers, and what it observes.
type collector struct {
	t         *testing.T
	receivers []component.Component
	started   chan *Handle
	ended     chan summary.Summary
}

func newCollector(t *testing.T, set receiver.Settings, cfg *Config, p pipes) *collector {
	require.NoError(t, cfg.Validate())
	c := &collector{t: t, started: make(chan *Handle, 1), ended: make(chan summary.Summary, 1)}
	f := NewFactory(WithObserver(Observer{
		OnStart: func(h *Handle) { c.started <- h },
		OnEnd:   func(s summary.Summary, _ error) { c.ended <- s },
	}))
	add := func(r component.Component, err error) {
		require.NoError(t, err)
		c.receivers = append(c.receivers, r)
	}
	if p.traces != nil {
		add(f.CreateTraces(t.Context(), set, cfg, p.traces))
	}
	if p.metrics != nil {
		add(f.CreateMetrics(t.Context(), set, cfg, p.metrics))
	}
	if p.logs != nil {
		add(f.CreateLogs(t.Context(), set, cfg, p.logs))
	}
	t.Cleanup(func() { require.NoError(t, c.shutdown(patience)) })
	return c
}

// start starts every receiver, as the collector does.
func (c *collector) start() *collector {
	for _, r := range c.receivers {
		require.NoError(c.t, r.Start(c.t.Context(), componenttest.NewNopHost()))
	}
	return c
}

// shutdown shuts every receiver down and returns the first error.
func (c *collector) shutdown(within time.Duration) (first error) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	for _, r := range c.receivers {
		if err := r.Shutdown(ctx); first == nil {
			first = err
		}
	}
	c.receivers = nil
	return first
}

func (c *collector) handle() *Handle      { return await(c.t, c.started, "the run's start") }
func (c *collector) end() summary.Summary { return await(c.t, c.ended, "the run's end") }

func await[T any](t *testing.T, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
	}
	return v
}

func settings() receiver.Settings { return receivertest.NewNopSettings(metadata.Type) }

func (s *target) eventually(t *testing.T, n int64) {
	t.Helper()
	require.Eventually(t, func() bool { return s.asked.Load() >= n }, patience, time.Millisecond)
}
