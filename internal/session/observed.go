package session

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// observed makes exporters whose deliveries an endpoint observes.
type observed struct {
	exporter.Factory
	by *endpoint
}

func (o observed) CreateTraces(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Traces, error) {
	set.Logger = o.by.watchLog(set.Logger)
	made, err := o.Factory.CreateTraces(ctx, set, cfg)
	return observedTraces{made, o.by}, err
}

func (o observed) CreateMetrics(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Metrics, error) {
	set.Logger = o.by.watchLog(set.Logger)
	made, err := o.Factory.CreateMetrics(ctx, set, cfg)
	return observedMetrics{made, o.by}, err
}

func (o observed) CreateLogs(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Logs, error) {
	set.Logger = o.by.watchLog(set.Logger)
	made, err := o.Factory.CreateLogs(ctx, set, cfg)
	return observedLogs{made, o.by}, err
}

type observedTraces struct {
	exporter.Traces
	by *endpoint
}

func (o observedTraces) ConsumeTraces(ctx context.Context, t ptrace.Traces) error {
	return o.by.observe(o.Traces.ConsumeTraces(ctx, t))
}

type observedMetrics struct {
	exporter.Metrics
	by *endpoint
}

func (o observedMetrics) ConsumeMetrics(ctx context.Context, m pmetric.Metrics) error {
	return o.by.observe(o.Metrics.ConsumeMetrics(ctx, m))
}

type observedLogs struct {
	exporter.Logs
	by *endpoint
}

func (o observedLogs) ConsumeLogs(ctx context.Context, l plog.Logs) error {
	return o.by.observe(o.Logs.ConsumeLogs(ctx, l))
}
