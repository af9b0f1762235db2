package session

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/receiver"

	"github.com/loadtrace/loadtrace/exporter/runarchiveexporter"
	"github.com/loadtrace/loadtrace/internal/session/environments"
	"github.com/loadtrace/loadtrace/internal/session/evidence"
	"github.com/loadtrace/loadtrace/internal/session/otlpresponse"
	"github.com/loadtrace/loadtrace/internal/session/protocolcheck"
	"github.com/loadtrace/loadtrace/internal/session/runfilter"
	"github.com/loadtrace/loadtrace/internal/session/sameorigin"
	"github.com/loadtrace/loadtrace/internal/session/tracestore"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver"
)

// factories are the components, with a loadgen receiver that tells the session of its
// run.
func (s *session) factories(components func() (otelcol.Factories, error), plan *loadgen.Plan, start loadgenreceiver.Start, store *tracestore.Store) (otelcol.Factories, error) {
	f, err := components()
	if err != nil {
		return f, err
	}
	loadgen := loadgenreceiver.NewFactory(
		loadgenreceiver.WithPlan(plan),
		loadgenreceiver.WithStart(start),
		loadgenreceiver.WithObserver(loadgenreceiver.Observer{
			OnStart: func(h *loadgenreceiver.Handle) {
				s.environments.Follow(h.RunID())
				s.own.Follow(h.RunID())
				s.evidence.Follow(h.RunID(), time.Now())
				if store != nil {
					store.Follow(h.RunID())
				}
				s.started <- h
			},
			OnEnd:    func(sum summary.Summary, err error) { s.ended <- outcome{summary: sum, err: err} },
			OnRecord: s.record,
		}))
	f.Receivers[loadgen.Type()] = only{loadgen, s}
	join := tracejoinprocessor.NewFactory(tracejoinprocessor.WithObserver(s.addJoin), tracejoinprocessor.WithRun(s.own.Has))
	f.Processors[join.Type()] = join
	greeted := protocolcheck.NewFactory(&s.connections)
	f.Extensions[greeted.Type()] = greeted
	answers := otlpresponse.NewFactory()
	f.Extensions[answers.Type()] = answers
	sameOrigin := sameorigin.NewFactory()
	f.Extensions[sameOrigin.Type()] = sameOrigin
	sieve := runfilter.NewFactory(&s.own)
	f.Processors[sieve.Type()] = sieve
	archives := runarchiveexporter.NewFactory(runarchiveexporter.WithObserver(s.archived))
	f.Exporters[archives.Type()] = archives
	seen := environments.NewFactory(&s.environments)
	f.Exporters[seen.Type()] = seen
	gathered := evidence.NewFactory(&s.evidence)
	f.Exporters[gathered.Type()] = gathered
	for kind, factory := range f.Exporters {
		if strings.HasPrefix(kind.String(), "otlp_") {
			f.Exporters[kind] = observed{factory, &s.endpoint}
		}
	}
	if store != nil {
		kept := tracestore.NewFactory(store)
		f.Exporters[kept.Type()] = kept
	}
	return f, nil
}

// only lets one configuration of the loadgen receiver take part: a session has
// one run.
type only struct {
	receiver.Factory
	session *session
}

func (o only) CreateTraces(ctx context.Context, set receiver.Settings, cfg component.Config, next consumer.Traces) (receiver.Traces, error) {
	if err := o.session.take(cfg); err != nil {
		return nil, err
	}
	made, err := o.Factory.CreateTraces(ctx, set, cfg, next)
	return starting{made, o.session}, err
}

func (o only) CreateMetrics(ctx context.Context, set receiver.Settings, cfg component.Config, next consumer.Metrics) (receiver.Metrics, error) {
	if err := o.session.take(cfg); err != nil {
		return nil, err
	}
	made, err := o.Factory.CreateMetrics(ctx, set, cfg, next)
	return starting{made, o.session}, err
}

func (o only) CreateLogs(ctx context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
	if err := o.session.take(cfg); err != nil {
		return nil, err
	}
	made, err := o.Factory.CreateLogs(ctx, set, cfg, next)
	return starting{made, o.session}, err
}

// starting takes the target's profiles before a receiver starts, and tells the session why
// it could not start. The collector tells it too, within an error that is about the
// collector.
type starting struct {
	component.Component
	session *session
}

func (r starting) Start(ctx context.Context, host component.Host) error {
	r.session.baseline(ctx)
	err := r.Component.Start(ctx, host)
	if err != nil {
		r.session.mu.Lock()
		defer r.session.mu.Unlock()
		r.session.fault = err
	}
	return err
}
