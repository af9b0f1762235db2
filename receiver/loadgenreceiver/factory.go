package loadgenreceiver

import (
	"context"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/metadata"
)

// Option changes what NewFactory makes.
type Option func(*factory)

// WithObserver has every run of the factory's receivers followed.
func WithObserver(o Observer) Option { return func(f *factory) { f.observer = o } }

// WithPlan has the factory's receivers run a plan as it is: checked, with
// its defaults, as planfile returns it. It overrides plan, plan_file and set of
// every configuration, which then needs none of them. The plan must not change.
func WithPlan(p *loadgen.Plan) Option { return func(f *factory) { f.plan = p } }

// WithStart has the factory's receivers name and begin their run as s says. What is
// zero of it is as the configuration says.
func WithStart(s Start) Option { return func(f *factory) { f.start = s } }

// factory makes receivers, and knows the generators that they share.
type factory struct {
	observer Observer
	plan     *loadgen.Plan // nil if the configuration says it
	start    Start
	instance string // service.instance.id of all that its receivers emit
	shared   registry
}

// NewFactory makes the factory of the receiver.
func NewFactory(options ...Option) receiver.Factory {
	f := &factory{instance: uuid.NewString()}
	for _, o := range options {
		o(f)
	}
	return receiver.NewFactory(metadata.Type, f.defaultConfig,
		receiver.WithTraces(f.traces, metadata.TracesStability),
		receiver.WithMetrics(f.metrics, metadata.MetricsStability),
		receiver.WithLogs(f.logs, metadata.LogsStability))
}

func (f *factory) defaultConfig() component.Config {
	cfg := createDefaultConfig().(*Config)
	cfg.given, cfg.start = f.plan, f.start
	return cfg
}

func (f *factory) traces(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Traces) (receiver.Traces, error) {
	m, err := f.member(set, cfg)
	if err != nil {
		return nil, err
	}
	m.of.next.traces = next
	return m, nil
}

func (f *factory) metrics(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Metrics) (receiver.Metrics, error) {
	m, err := f.member(set, cfg)
	if err != nil {
		return nil, err
	}
	m.of.next.metrics = next
	return m, nil
}

func (f *factory) logs(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
	m, err := f.member(set, cfg)
	if err != nil {
		return nil, err
	}
	m.of.next.logs = next
	return m, nil
}

// member is one signal's receiver on the generator of a configuration.
func (f *factory) member(set receiver.Settings, cfg component.Config) (*member, error) {
	c := cfg.(*Config)
	return f.shared.join(c, func() (*generator, error) { return newGenerator(c, set, f.instance, f.observer) })
}
