package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"

	"github.com/loadtrace/loadtrace/cmd/loadtrace/internal/greeting"
	"github.com/loadtrace/loadtrace/cmd/loadtrace/internal/origin"
	"github.com/loadtrace/loadtrace/cmd/loadtrace/internal/peers"
	"github.com/loadtrace/loadtrace/cmd/loadtrace/internal/strangers"
	"github.com/loadtrace/loadtrace/cmd/loadtrace/internal/tracestore"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver"
)

// session is a run in a collector of this process. It is over when the
// collector has shut down.
type session struct {
	started chan *loadgenreceiver.Handle
	ended   chan outcome
	over    chan error // the collector's own end
	peers   peers.Peers
	own     strangers.Run
	// listen is where the target's telemetry is received; first counts the connections
	// there by their first bytes.
	listen listen
	first  greeting.Seen
	// endpoint is that of --otlp.
	endpoint endpoint

	collector *otelcol.Collector
	// callOff ends the start of the collector, in which the plan's files are read and its
	// targets asked.
	callOff   context.CancelFunc
	calledOff bool

	mu    sync.Mutex // guards what follows
	cfg   component.Config
	joins []*tracejoinprocessor.Join
	fault error // of the start of the loadgen receiver
}

// outcome is how a run ended.
type outcome struct {
	summary     summary.Summary
	err         error
	interrupted bool // somebody asked for the end
}

// startSession starts a collector on the configurations, whose loadgen receiver
// carries out plan as start says. store, if any, becomes an exporter that they may name; notes,
// if any, takes the collector's log.
func startSession(uris []string, plan *loadgen.Plan, start loadgenreceiver.Start, store *tracestore.Store, notes *notes) (*session, error) {
	s := &session{
		started: make(chan *loadgenreceiver.Handle, 1),
		ended:   make(chan outcome, 1),
		over:    make(chan error, 1),
	}
	set := settings(func() (otelcol.Factories, error) { return s.factories(plan, start, store) })
	set.ConfigProviderSettings.ResolverSettings.URIs = uris
	set.DisableGracefulShutdown = true // signals stop the run first
	if notes != nil {
		set.LoggingOptions = []zap.Option{zap.WrapCore(notes.core), zap.WrapCore(withoutAttacks)}
	}
	collector, err := otelcol.NewCollector(set)
	if err != nil {
		return nil, fmt.Errorf("make the collector: %w", err)
	}
	s.collector = collector
	ctx, cancel := context.WithCancel(context.Background())
	s.callOff = cancel
	go func() { s.over <- collector.Run(ctx) }()
	return s, nil
}

// factories are the distribution's, with a loadgen receiver that tells the
// session of its run.
func (s *session) factories(plan *loadgen.Plan, start loadgenreceiver.Start, store *tracestore.Store) (otelcol.Factories, error) {
	f, err := components()
	if err != nil {
		return f, err
	}
	loadgen := loadgenreceiver.NewFactory(
		loadgenreceiver.WithPlan(plan),
		loadgenreceiver.WithStart(start),
		loadgenreceiver.WithObserver(loadgenreceiver.Observer{
			OnStart: func(h *loadgenreceiver.Handle) {
				s.peers.Follow(h.RunID())
				s.own.Follow(h.RunID())
				if store != nil {
					store.Follow(h.RunID())
				}
				s.started <- h
			},
			OnEnd: func(sum summary.Summary, err error) { s.ended <- outcome{summary: sum, err: err} },
		}))
	f.Receivers[loadgen.Type()] = only{loadgen, s}
	join := tracejoinprocessor.NewFactory(tracejoinprocessor.WithObserver(s.joined), tracejoinprocessor.WithRun(s.own.Has))
	f.Processors[join.Type()] = join
	greeted := greeting.NewFactory(&s.first)
	f.Extensions[greeted.Type()] = greeted
	loyal := origin.NewFactory()
	f.Extensions[loyal.Type()] = loyal
	sieve := strangers.NewFactory(&s.own)
	f.Processors[sieve.Type()] = sieve
	seen := peers.NewFactory(&s.peers)
	f.Exporters[seen.Type()] = seen
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

// starting tells the session why a receiver could not start. The collector tells it
// too, within an error that is about the collector.
type starting struct {
	component.Component
	session *session
}

func (r starting) Start(ctx context.Context, host component.Host) error {
	err := r.Component.Start(ctx, host)
	if err != nil {
		r.session.mu.Lock()
		defer r.session.mu.Unlock()
		r.session.fault = err
	}
	return err
}

// startFault is why the loadgen receiver did not start, nil if it did. Of a plan that
// cannot be run it is the plan's fault itself.
func (s *session) startFault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == nil {
		return nil
	}
	return bare{strings.TrimPrefix(s.fault.Error(), "prepare the plan: "), s.fault}
}

// bare is an error in other words.
type bare struct {
	words string
	error
}

func (b bare) Error() string { return b.words }
func (b bare) Unwrap() error { return b.error }

func (s *session) take(cfg component.Config) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cfg != nil && s.cfg != cfg {
		return badInput(errors.New("--config: more than one loadgen receiver takes part; a run has one plan, so name one in the pipelines"))
	}
	s.cfg = cfg
	return nil
}

// without reports whether the collector runs and has no loadgen receiver.
func (s *session) without() bool {
	if s.collector.GetState() != otelcol.StateRunning {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cfg == nil
}

// begin waits for the run to begin. A signal, or the end of ctx, calls it off.
func (s *session) begin(ctx context.Context, signals <-chan string) (*loadgenreceiver.Handle, error) {
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case run := <-s.started:
			return run, nil
		case err := <-s.over:
			s.over <- nil
			if fault := s.startFault(); fault != nil {
				return nil, fault
			}
			if err == nil {
				err = errors.New("it ended before the run began")
			}
			return nil, startFault(err)
		case why := <-signals:
			s.calledOff = true
			return nil, before(why)
		case <-ctx.Done():
			s.calledOff = true
			return nil, fmt.Errorf("stopped before the run began: %w", context.Cause(ctx))
		case <-look.C:
			if s.without() {
				return nil, badInput(errors.New("--config: no pipeline has the receiver loadgen; add it to receivers of a pipeline"))
			}
		}
	}
}

// startFault is why no run began. What the receiver found wrong comes without the
// words that the collector puts before it, which are about itself.
func startFault(err error) error {
	for e := err; e != nil; e = errors.Unwrap(e) {
		inner := errors.Unwrap(e)
		if inner != nil && strings.HasPrefix(e.Error(), `failed to start "loadgen`) {
			return inner
		}
	}
	return fmt.Errorf("start the collector: %w", err)
}

// lastWords is the outcome of a run whose collector has ended, which it tells of
// before that.
func (s *session) lastWords(err error) (outcome, error) {
	select {
	case end := <-s.ended:
		if len(end.summary.Faults) > 0 {
			return end, end.err // what was lost is told there
		}
		return end, errors.Join(end.err, err)
	default:
		if err == nil {
			return outcome{}, errors.New("the collector ended during the run")
		}
		return outcome{}, fmt.Errorf("the collector ended during the run: %w", err)
	}
}

// leaveAfter is how long a collector whose start was called off may take to end. What it
// waits for may not heed that: the opening of a pipe cannot be called off.
const leaveAfter = time.Second

// shutdown ends the collector and returns its error. One whose start was called off is
// left behind if it does not end soon.
func (s *session) shutdown() error {
	if !s.calledOff {
		defer s.callOff()
		s.collector.Shutdown()
		return <-s.over
	}
	s.callOff()
	go s.collector.Shutdown()
	select {
	case err := <-s.over:
		return err
	case <-s.started: // at the last moment: such a run ends in order
		return <-s.over
	case <-time.After(leaveAfter):
		return nil
	}
}
