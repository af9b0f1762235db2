package tracejoinprocessor

import (
	"context"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/metadata"
)

// factory makes processors, and knows the joins that they share.
type factory struct {
	instances func() string // a service.instance.id for the metrics of each join
	shared    registry
}

// NewFactory makes the factory of the processor. A collector needs no options.
func NewFactory(options ...Option) processor.Factory {
	f := &factory{instances: uuid.NewString}
	for _, o := range options {
		o(f)
	}
	return processor.NewFactory(metadata.Type, createDefaultConfig,
		processor.WithTraces(f.traces, metadata.TracesStability),
		processor.WithMetrics(f.metrics, metadata.MetricsStability),
		processor.WithLogs(f.logs, metadata.LogsStability))
}

func (f *factory) traces(_ context.Context, set processor.Settings, cfg component.Config, next consumer.Traces) (processor.Traces, error) {
	h := f.shared.join(cfg.(*Config), set.TelemetrySettings, f.instances)
	h.of.next.Traces = next
	h.flushes = true
	return &traces{handle: h, next: next}, nil
}

func (f *factory) metrics(_ context.Context, set processor.Settings, cfg component.Config, next consumer.Metrics) (processor.Metrics, error) {
	h := f.shared.join(cfg.(*Config), set.TelemetrySettings, f.instances)
	h.of.next.Metrics = next
	h.flushes = true
	return &metrics{handle: h, next: next}, nil
}

func (f *factory) logs(_ context.Context, set processor.Settings, cfg component.Config, next consumer.Logs) (processor.Logs, error) {
	h := f.shared.join(cfg.(*Config), set.TelemetrySettings, f.instances)
	h.of.next.Logs = next
	return &logs{handle: h, next: next}, nil
}

// traces, metrics and logs are a join's handles. One that was never started, as
// when another component fails to start, lets everything through.
type traces struct {
	*handle
	next consumer.Traces
}

func (t *traces) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	if hub := t.of.hub.Load(); hub != nil {
		return hub.Traces(ctx, td)
	}
	return t.next.ConsumeTraces(ctx, td)
}

type metrics struct {
	*handle
	next consumer.Metrics
}

func (m *metrics) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	if hub := m.of.hub.Load(); hub != nil {
		return hub.Metrics(ctx, md)
	}
	return m.next.ConsumeMetrics(ctx, md)
}

type logs struct {
	*handle
	next consumer.Logs
}

func (l *logs) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	if hub := l.of.hub.Load(); hub != nil {
		return hub.Logs(ctx, ld)
	}
	return l.next.ConsumeLogs(ctx, ld)
}
