package runner

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/allow"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// Open makes the engine of an attack. Faults of the plan, or of a file that it
// names, are *pace.KeyError values with keys below the attack, joined.
type Open func(s Setup) (loadgen.Engine, error)

// Setup is what an engine is made from.
type Setup struct {
	Run    loadgen.RunID
	Index  int // of the attack in the plan
	Attack loadgen.Attack
	Limits loadgen.Limits
	// Gate is what may be attacked, by the plan and by who carries it out. Engines ask
	// it about every target before the run and about every address they dial.
	Gate allow.Gate
	// Sampler decides which requests get a span, which their trace flags say.
	Sampler loadgen.Sampler
	// Opening ends the opening of the engine, which reads files and may ask the target;
	// nil never does.
	Opening context.Context
	// Cancelled, once closed, ends the grace of a run that is stopped; nil never is.
	Cancelled <-chan struct{}
	// Clock is the run's zero. Records' times are Clock plus a monotonic offset, so
	// that a step of the wall clock cannot bend a latency.
	Clock time.Time
}

// Context is that in which the engine is opened. It says nothing of the run.
func (s *Setup) Context() context.Context {
	if s.Opening == nil {
		return context.Background()
	}
	return s.Opening
}

// TraceState is the W3C tracestate of a request, which has a span or has none.
func (s *Setup) TraceState(sampled bool) string {
	if !sampled {
		return s.Run.TraceState()
	}
	return s.Run.SampledState(s.Sampler)
}

// Options of a Run.
type Options struct {
	ID   loadgen.RunID
	Open Open
	// Opening ends New, with its cause, whatever the engines wait for; nil never does.
	Opening context.Context
	// Begin is when the first attacks begin, such as a moment that the shards of a plan
	// have agreed on; the zero Time is as soon as Do is called. What has passed by
	// then is late.
	Begin time.Time
	// Sink takes every record; see loadgen.Sink.
	Sink loadgen.Sink
	// Event, if set, is told of each event, one at a time; it must return soon.
	Event func(Event)
	// Allowed is what may be attacked whatever the plan allows; the zero List is
	// anything.
	Allowed allow.List
}

// ErrMaxDuration is the cause of a stop by the plan's limit of time.
var ErrMaxDuration = errors.New("limits.max_duration was over")

// Run is one execution of a plan.
type Run struct {
	plan       *loadgen.Plan
	o          Options
	clock      time.Time
	gate       allow.Gate
	attacks    []*attack
	cancelled  chan struct{} // closed when a stop is to have no grace
	cancelOnce sync.Once
	stopped    atomic.Bool
	stop       atomic.Pointer[time.Time] // when the run was stopped; nil if it was not
	failed     atomic.Bool               // an engine ended the run, before anything else did
	ctx        context.Context           // of Do; set before the first attack begins

	eventMu sync.Mutex // serializes o.Event
}

// New checks the plan's loads and opens its engines. Faults are *pace.KeyError
// values, joined.
func New(plan *loadgen.Plan, o Options) (*Run, error) {
	own, err := allow.Parse("limits.allowed_targets", plan.Limits.AllowedTargets)
	if err != nil {
		return nil, err
	}
	r := &Run{plan: plan, o: o, clock: time.Now(), cancelled: make(chan struct{}), gate: allow.New(o.Allowed, own)}
	var faults []error
	for i := range plan.Attacks {
		a, err := r.open(i)
		if o.Opening != nil && o.Opening.Err() != nil { // what err says of the plan follows from that
			if err == nil {
				r.attacks = append(r.attacks, a)
			}
			return nil, errors.Join(context.Cause(o.Opening), r.close())
		}
		if err != nil {
			faults = append(faults, under(fmt.Sprintf("attacks[%d]", i), err))
			continue
		}
		r.attacks = append(r.attacks, a)
	}
	if len(faults) > 0 {
		return nil, errors.Join(append(faults, r.close())...)
	}
	return r, nil
}

func (r *Run) open(i int) (*attack, error) {
	spec := r.plan.Attacks[i]
	schedule, err := pace.New(spec.Load)
	if err != nil {
		return nil, err
	}
	schedule = schedule.Shard(r.plan.Shard)
	engine, err := r.o.Open(Setup{
		Run: r.o.ID, Index: i, Attack: spec, Limits: r.plan.Limits, Gate: r.gate, Sampler: r.plan.Sampler(),
		Opening: r.o.Opening, Cancelled: r.cancelled, Clock: r.clock,
	})
	if err != nil {
		return nil, err
	}
	return &attack{index: i, spec: spec, schedule: schedule, engine: engine, run: r, speed: 1}, nil
}

// Do runs the plan. It may be called once, and returns when the last
// request has ended and every engine is closed. Cancelling ctx stops the run in
// order. An error is an engine's, never a failed request.
func (r *Run) Do(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r.ctx = ctx
	defer context.AfterFunc(ctx, func() { r.stop.Store(new(time.Now())) })()
	giveUp := func(err error) {
		if ctx.Err() == nil {
			r.failed.Store(true) // before anybody can see the stop
		}
		stop(err)
	}
	begin := r.begin()
	if d := r.plan.Limits.MaxDuration; d > 0 {
		timer := time.AfterFunc(time.Until(begin)+d, func() { stop(ErrMaxDuration) })
		defer timer.Stop()
	}
	r.emit(RunStarted, -1, -1, begin)
	var err error
	if r.plan.Order == loadgen.Sequence {
		err = r.sequence(ctx, begin, giveUp)
	} else {
		err = r.parallel(ctx, begin, giveUp)
	}
	return errors.Join(err, r.close())
}

// Cancel cuts off what is under way, without the plan's grace, once the run is stopped.
func (r *Run) Cancel() { r.cancelOnce.Do(func() { close(r.cancelled) }) }

// begin is the zero of the first attacks.
//
// Subtle: it gets the run's own monotonic clock, so that a step of the wall clock
// between now and then cannot tear it from the records, whose clock is that. By a
// monotonic reading of its own, taken at another moment, it would be some nanoseconds
// off what the shards have agreed on: the two clocks do not run alike.
func (r *Run) begin() time.Time {
	if r.o.Begin.IsZero() {
		return time.Now()
	}
	return r.clock.Add(r.o.Begin.Round(0).Sub(r.clock))
}

func (r *Run) sequence(ctx context.Context, begin time.Time, giveUp func(error)) error {
	for _, a := range r.attacks {
		if ctx.Err() != nil {
			r.stopped.Store(true)
			return nil
		}
		if err := a.do(ctx, begin); err != nil {
			giveUp(err)
			return err
		}
		begin = time.Now()
	}
	return nil
}

// parallel gives all attacks the same zero, and stops all when one engine fails.
func (r *Run) parallel(ctx context.Context, begin time.Time, giveUp func(error)) error {
	errs := make([]error, len(r.attacks))
	var wg sync.WaitGroup
	for i, a := range r.attacks {
		wg.Go(func() {
			if errs[i] = a.do(ctx, begin); errs[i] != nil {
				giveUp(errs[i])
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// SetSpeed runs the schedule of an attack, or of all if the name is empty,
// speed times as fast from now on, as pace.Pacer.SetSpeed tells; 0 pauses it. An
// attack that has not begun will begin at that speed. Errors are of the arguments:
// no attack of that name, a speed that is negative or no number.
func (r *Run) SetSpeed(attack string, speed float64) error {
	if !(speed >= 0 && speed <= math.MaxFloat64) {
		return fmt.Errorf("speed %v: give 0 to pause, 1 for the plan's own rate, 2 for twice that", speed)
	}
	known := false
	for _, a := range r.attacks {
		if attack == "" || a.spec.Name == attack {
			known = true
			a.setSpeed(speed)
			r.emitSpeed(a.index, speed)
		}
	}
	if !known {
		return fmt.Errorf("the plan has no attack %q", attack)
	}
	return nil
}

// Close releases a run that Do was not called of.
func (r *Run) Close() error { return r.close() }

func (r *Run) close() error {
	var errs []error
	for _, a := range r.attacks {
		errs = append(errs, a.engine.Close())
	}
	return errors.Join(errs...)
}

func (r *Run) emit(kind EventKind, attack, stage int, at time.Time) {
	r.pass(Event{Kind: kind, Time: at, Attack: attack, Stage: stage})
}

func (r *Run) emitSpeed(attack int, speed float64) {
	r.pass(Event{Kind: SpeedChanged, Time: time.Now(), Attack: attack, Stage: -1, Speed: speed})
}

func (r *Run) pass(e Event) {
	if r.o.Event == nil {
		return
	}
	r.eventMu.Lock()
	defer r.eventMu.Unlock()
	r.o.Event(e)
}

// Clock is the run's zero.
func (r *Run) Clock() time.Time { return r.clock }

// Stopped reports whether the run was stopped before its plan was complete.
func (r *Run) Stopped() bool { return r.stopped.Load() }

// stopReason is why a request whose turn did not come was not sent: the run was
// stopped, or an engine failed and ended it.
func (r *Run) stopReason() loadgen.NotSentReason {
	if r.failed.Load() {
		return loadgen.NotSentError
	}
	return loadgen.NotSentStopped
}

// Cause of a stop, after Do: that of the context that it was given,
// ErrMaxDuration, or an engine's error. It is nil if the run was not stopped.
func (r *Run) Cause() error {
	if !r.Stopped() {
		return nil
	}
	return context.Cause(r.ctx)
}

// Accounts of the attacks, in the plan's order. It may be called at any time.
func (r *Run) Accounts() []Account {
	accounts := make([]Account, len(r.attacks))
	for i, a := range r.attacks {
		accounts[i] = a.account()
	}
	return accounts
}

// under puts parent before the key of every *pace.KeyError in err.
func under(parent string, err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, e := range joined.Unwrap() {
			out = append(out, under(parent, e))
		}
		return errors.Join(out...)
	}
	var key *pace.KeyError
	if errors.As(err, &key) {
		return key.Under(parent)
	}
	return fmt.Errorf("%s: %w", parent, err)
}
