// Package tap makes exporters that give telemetry to a function of the process that runs the
// collector, and take it as delivered.
package tap

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Functions are called with each payload, by any goroutine; nil for a signal that the
// exporter does not take. A payload is the pipeline's: it may be read until they return.
type Functions struct {
	Traces  func(ptrace.Traces)
	Metrics func(pmetric.Metrics)
	Logs    func(plog.Logs)
}

// NewFactory makes an exporter without a configuration.
func NewFactory(of component.Type, f Functions) exporter.Factory {
	var options []exporter.FactoryOption
	if f.Traces != nil {
		options = append(options, exporter.WithTraces(func(context.Context, exporter.Settings, component.Config) (exporter.Traces, error) {
			return tap{f: f}, nil
		}, component.StabilityLevelDevelopment))
	}
	if f.Metrics != nil {
		options = append(options, exporter.WithMetrics(func(context.Context, exporter.Settings, component.Config) (exporter.Metrics, error) {
			return tap{f: f}, nil
		}, component.StabilityLevelDevelopment))
	}
	if f.Logs != nil {
		options = append(options, exporter.WithLogs(func(context.Context, exporter.Settings, component.Config) (exporter.Logs, error) {
			return tap{f: f}, nil
		}, component.StabilityLevelDevelopment))
	}
	return exporter.NewFactory(of, func() component.Config { return &struct{}{} }, options...)
}

type tap struct {
	component.StartFunc
	component.ShutdownFunc
	f Functions
}

func (tap) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (t tap) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	t.f.Traces(td)
	return nil
}

func (t tap) ConsumeMetrics(_ context.Context, md pmetric.Metrics) error {
	t.f.Metrics(md)
	return nil
}

func (t tap) ConsumeLogs(_ context.Context, ld plog.Logs) error {
	t.f.Logs(ld)
	return nil
}
