package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/otelcol"
	"go.uber.org/zap"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/collectorlog"
	"github.com/loadtrace/loadtrace/internal/drawn"
	"github.com/loadtrace/loadtrace/internal/reworded"
	"github.com/loadtrace/loadtrace/internal/session/environments"
	"github.com/loadtrace/loadtrace/internal/session/evidence"
	"github.com/loadtrace/loadtrace/internal/session/protocolcheck"
	"github.com/loadtrace/loadtrace/internal/session/runfilter"
	"github.com/loadtrace/loadtrace/internal/session/tracestore"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// session is a run in a collector of this process. It is over when the
// collector has shut down.
type session struct {
	started chan *loadgenreceiver.Handle
	ended   chan outcome
	over    chan error // the collector's own end
	// entered is closed when the collector's Run is under way: a Shutdown before that would
	// race with it.
	entered      chan struct{}
	values       drawn.Values // of the collector's configuration
	environments environments.Recorder
	own          runfilter.Run
	// evidence is what the target's telemetry tells the diagnosis.
	evidence evidence.Gatherer
	// asked takes the profiles of the target; nil if the plan names none, or they cannot be
	// taken.
	asked *asked
	// listen is where the target's telemetry is received; first counts the connections
	// there by their first bytes.
	listen      Listen
	connections protocolcheck.Counter
	// endpoint is that of --otlp.
	endpoint endpoint
	record   loadgen.Sink // nil for none

	collector *otelcol.Collector
	// callOff ends the start of the collector, in which the plan's files are read and its
	// targets asked.
	callOff   context.CancelFunc
	calledOff bool

	mu    sync.Mutex // guards what follows
	cfg   component.Config
	joins []*tracejoinprocessor.Join
	// archives are those of the run that have begun.
	archives []*archive.Writer
	fault    error // of the start of the loadgen receiver
}

// outcome is how a run ended.
type outcome struct {
	summary     summary.Summary
	err         error
	interrupted bool // the user asked for the end
}

// startSession starts a collector of the settings on the configurations, whose loadgen
// receiver runs plan as start says. store, if any, becomes an exporter that they may name; record,
// if any, gets every record; notes, if any, takes the collector's log.
func startSession(set otelcol.CollectorSettings, uris []string, plan *loadgen.Plan, start loadgenreceiver.Start, store *tracestore.Store, record loadgen.Sink, notes *collectorlog.Notes) (*session, error) {
	s := &session{
		record:  record,
		started: make(chan *loadgenreceiver.Handle, 1),
		ended:   make(chan outcome, 1),
		over:    make(chan error, 1),
		entered: make(chan struct{}),
	}
	s.asked = s.newAsked(plan)
	enter := sync.OnceFunc(func() { close(s.entered) })
	components := set.Factories
	set.Factories = func() (otelcol.Factories, error) {
		enter()
		return s.factories(components, plan, start, store)
	}
	set.ConfigProviderSettings.ResolverSettings.URIs = uris
	s.values.Watch(&set.ConfigProviderSettings.ResolverSettings)
	set.DisableGracefulShutdown = true // a signal stops the run first
	if notes != nil {
		set.LoggingOptions = []zap.Option{zap.WrapCore(notes.Core), zap.WrapCore(collectorlog.WithoutAttacks)}
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

// startFault is why the loadgen receiver did not start, nil if it did. Of a plan that
// cannot be run it is the plan's fault itself.
func (s *session) startFault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == nil {
		return nil
	}
	return reworded.Error(strings.TrimPrefix(s.fault.Error(), "prepare the plan: "), s.fault)
}

func (s *session) take(cfg component.Config) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cfg != nil && s.cfg != cfg {
		return badinput.Error(errors.New("--config: more than one loadgen receiver takes part; a run has one plan, so name one in the pipelines"))
	}
	s.cfg = cfg
	return nil
}

// hasNoReceiver reports whether the collector runs and has no loadgen receiver.
func (s *session) hasNoReceiver() bool {
	if s.collector.GetState() != otelcol.StateRunning {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cfg == nil
}

// begin waits for the run to begin. The end of ctx calls it off.
func (s *session) begin(ctx context.Context) (*loadgenreceiver.Handle, error) {
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case run := <-s.started:
			return run, nil
		case err := <-s.over:
			s.over <- nil
			if fault := s.startFault(); fault != nil {
				return nil, s.values.Redact(fault)
			}
			if err == nil {
				err = errors.New("it ended before the run began")
			}
			return nil, s.values.Redact(startFault(err)) // whatever error of the chain it is
		case <-ctx.Done():
			s.calledOff = true
			return nil, calledOff(context.Cause(ctx))
		case <-look.C:
			if s.hasNoReceiver() {
				return nil, badinput.Error(errors.New("--config: no pipeline has the receiver loadgen; add it to receivers of a pipeline"))
			}
		}
	}
}

// CalledOff is for the cause of a context whose end calls the start of a run off.
type CalledOff struct{ By string }

func (c CalledOff) Error() string { return "stopped by " + c.By + " before the run began" }

// calledOff is the error of a start that was called off.
func calledOff(cause error) error {
	if _, known := errors.AsType[CalledOff](cause); known {
		return cause
	}
	return fmt.Errorf("stopped before the run began: %w", cause)
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

// finalOutcome returns the outcome of a run whose collector has ended.
func (s *session) finalOutcome(err error) (outcome, error) {
	select {
	case end := <-s.ended:
		if len(end.summary.Faults) > 0 {
			return end, end.err // losses are reported there
		}
		return end, errors.Join(end.err, err)
	default:
		if err == nil {
			return outcome{}, errors.New("the collector ended during the run")
		}
		return outcome{}, fmt.Errorf("the collector ended during the run: %w", s.values.Redact(err))
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
	go func() { <-s.entered; s.collector.Shutdown() }()
	select {
	case err := <-s.over:
		return err
	case <-s.started: // at the last moment: such a run ends in order
		return <-s.over
	case <-time.After(leaveAfter):
		return nil
	}
}
