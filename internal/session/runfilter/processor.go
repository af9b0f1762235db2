package runfilter

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
)

// Type is the processor's component type.
var Type = component.MustNewType("run_filter")

// Config of the processor.
type Config struct {
	// Only passes on the requests of other runs, instead of all but them.
	Only bool `mapstructure:"only"`
}

// NewFactory makes a processor that knows the requests of a run.
func NewFactory(run *Run) processor.Factory {
	return processor.NewFactory(Type,
		func() component.Config { return &Config{} },
		processor.WithTraces(func(_ context.Context, _ processor.Settings, cfg component.Config, next consumer.Traces) (processor.Traces, error) {
			return filter{run: run, only: cfg.(*Config).Only, next: next}, nil
		}, component.StabilityLevelDevelopment),
	)
}

type filter struct {
	component.StartFunc
	component.ShutdownFunc
	run  *Run
	only bool
	next consumer.Traces
}

func (filter) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: true} }

func (s filter) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	s.run.filter(td, s.only)
	if td.ResourceSpans().Len() == 0 {
		return nil
	}
	return s.next.ConsumeTraces(ctx, td)
}
