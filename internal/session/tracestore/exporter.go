package tracestore

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Type is the exporter's component type.
var Type = component.MustNewType("trace_store")

// NewFactory makes an exporter that adds all traces to store.
func NewFactory(store *Store) exporter.Factory {
	return exporter.NewFactory(Type,
		func() component.Config { return &struct{}{} },
		exporter.WithTraces(func(context.Context, exporter.Settings, component.Config) (exporter.Traces, error) {
			return sink{store: store}, nil
		}, component.StabilityLevelDevelopment),
	)
}

type sink struct {
	component.StartFunc
	component.ShutdownFunc
	store *Store
}

func (sink) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (s sink) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	s.store.Add(td)
	return nil
}
