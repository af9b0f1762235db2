package runarchiveexporter

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/exporter/runarchiveexporter/internal/metadata"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// Option changes what NewFactory makes.
type Option func(*registry)

// WithObserver has a function called with the writer of each archive that begins. The
// exporter goes on to own it.
func WithObserver(began func(*archive.Writer)) Option {
	return func(r *registry) { r.began = began }
}

// NewFactory makes the factory of the exporter. A collector needs no options.
func NewFactory(options ...Option) exporter.Factory {
	r := &registry{}
	for _, o := range options {
		o(r)
	}
	return exporter.NewFactory(metadata.Type, createDefaultConfig,
		exporter.WithTraces(r.traces, metadata.TracesStability),
		exporter.WithMetrics(r.metrics, metadata.MetricsStability),
		exporter.WithLogs(r.logs, metadata.LogsStability))
}

func (r *registry) traces(_ context.Context, set exporter.Settings, cfg component.Config) (exporter.Traces, error) {
	m, err := r.join(cfg.(*Config), set)
	return &traces{m}, err
}

func (r *registry) metrics(_ context.Context, set exporter.Settings, cfg component.Config) (exporter.Metrics, error) {
	m, err := r.join(cfg.(*Config), set)
	return &metrics{m}, err
}

func (r *registry) logs(_ context.Context, set exporter.Settings, cfg component.Config) (exporter.Logs, error) {
	m, err := r.join(cfg.(*Config), set)
	if err == nil {
		m.of.takesLogs = true
	}
	return &logs{m}, err
}

// traces, metrics and logs are a keeper's exporters.
type (
	traces  struct{ *member }
	metrics struct{ *member }
	logs    struct{ *member }
)

// Capabilities: what passes is only read.
func (m *member) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// ConsumeTraces reads what the join knows of the requests of runs. It never refuses: what
// cannot be written is counted in the archive.
func (t *traces) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	t.of.spans(td)
	return nil
}

// ConsumeMetrics reads the samples of the targets' runtimes.
func (m *metrics) ConsumeMetrics(_ context.Context, md pmetric.Metrics) error {
	m.of.samples(md)
	return nil
}

// ConsumeLogs reads the lines of the targets.
func (l *logs) ConsumeLogs(_ context.Context, ld plog.Logs) error {
	l.of.lines(ld)
	return nil
}
