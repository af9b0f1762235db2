package evidence

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Type is the exporter's component type.
var Type = component.MustNewType("run_evidence")

// NewFactory makes an exporter that shows all signals to a gatherer.
func NewFactory(g *Gatherer) exporter.Factory {
	return exporter.NewFactory(Type,
		func() component.Config { return &struct{}{} },
		exporter.WithTraces(func(context.Context, exporter.Settings, component.Config) (exporter.Traces, error) {
			return sink{gatherer: g}, nil
		}, component.StabilityLevelDevelopment),
		exporter.WithMetrics(func(context.Context, exporter.Settings, component.Config) (exporter.Metrics, error) {
			return sink{gatherer: g}, nil
		}, component.StabilityLevelDevelopment),
		exporter.WithLogs(func(context.Context, exporter.Settings, component.Config) (exporter.Logs, error) {
			return sink{gatherer: g}, nil
		}, component.StabilityLevelDevelopment),
	)
}

type sink struct {
	component.StartFunc
	component.ShutdownFunc
	gatherer *Gatherer
}

func (sink) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (s sink) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	s.gatherer.addTraces(td)
	return nil
}

func (s sink) ConsumeMetrics(_ context.Context, md pmetric.Metrics) error {
	s.gatherer.addMetrics(time.Now(), md)
	return nil
}

func (s sink) ConsumeLogs(_ context.Context, ld plog.Logs) error {
	s.gatherer.addLogs(ld)
	return nil
}
