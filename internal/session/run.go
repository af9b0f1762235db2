package session

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadtrace/loadtrace/internal/collectorlog"
	"github.com/loadtrace/loadtrace/internal/session/profiles"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver"
)

// Run is a run that has begun, in a collector of its own. Its methods may be called by any
// goroutine at any time, but for Progress.
type Run struct {
	options Options
	notes   *collectorlog.Notes // nil if the configuration is the user's
	use     *use                // nil unless it is measured
	session *session
	handle  *loadgenreceiver.Handle

	stop, cancel func()        // send a word to watch
	cancelled    chan struct{} // closed by cutOff
	joining      atomic.Bool   // only joins are waited for
	settled      chan struct{}
	over         chan struct{} // closed when what follows is final
	result       Result
	err          error
}

// Result is what became of a run.
type Result struct {
	// Summary has no RunID if the collector ended before it told of the run.
	Summary summary.Summary
	// Interrupted: the run was stopped before it was over.
	Interrupted bool
	// Notes are warnings of the built-in collector, a line each.
	Notes []string
	// Archive is the folder of the run's archive; empty if there is none.
	Archive string
	// Explained: a fault of the summary says why the endpoint of OTLP took no telemetry. What
	// else this process has logged of that endpoint says the same.
	Explained bool
	// Profiles are those of the target, as they came: the last of each kind and moment, at
	// most 32 MiB.
	Profiles []profiles.Profile
}

// Start runs a plan in a collector of this process and returns when the run has begun,
// after o.StartAt if that is given. The end of ctx calls the start off, or else is a Stop.
// The caller must wait for Result.
func Start(ctx context.Context, o Options) (*Run, error) {
	o.store, o.drain = o.Traces != nil, o.Flush
	r := &Run{options: o, cancelled: make(chan struct{}), settled: make(chan struct{}), over: make(chan struct{})}
	if len(o.Configs) == 0 {
		r.notes = &collectorlog.Notes{}
	}
	if o.MeasureUse {
		r.use = newUse()
	}
	if err := r.begin(ctx); err != nil {
		o.beforeShutdown()
		if r.session != nil {
			r.session.shutdown()
		}
		return nil, err
	}
	if r.use != nil && !o.StartAt.IsZero() {
		r.use = newUse() // until now it waited
	}
	ctx, r.stop = context.WithCancel(ctx)
	r.cancel = sync.OnceFunc(func() { close(r.cancelled) })
	go r.finish(ctx)
	return r, nil
}

// begin starts the collector and waits for the run to begin. A collector whose
// addresses, which nobody has asked for, somebody took a moment before it, is
// started again without them.
func (r *Run) begin(ctx context.Context) error {
	o := &r.options
	for {
		uris := o.Configs
		if len(uris) == 0 {
			uri, err := o.config()
			if err != nil {
				return err
			}
			uris = []string{uri}
		}
		s, err := startSession(o.Collector, uris, o.Plan, loadgenreceiver.Start{Run: o.RunID, At: o.StartAt, Watched: o.Watched}, o.Traces, o.Record, r.notes)
		if err != nil {
			return err
		}
		s.listen = o.Listen
		r.session = s
		r.handle, err = s.begin(ctx)
		if !taken(err) || !o.Listen.Any() || o.ListenAsked {
			return err
		}
		o.note("%s is in use, so nothing of the target is taken there.", o.Listen.urls())
		o.Listen = Listen{}
	}
}

// ID names the run.
func (r *Run) ID() loadgen.RunID { return r.handle.RunID() }

// Progress is how far the run is. Rates and quantiles are over the interval since the
// last call, so there should be one caller.
func (r *Run) Progress() summary.Snapshot {
	s := r.handle.Snapshot(time.Now())
	select {
	case <-r.handle.Idle():
		s.Delivering = true
	default:
	}
	s.Joining = r.joining.Load()
	return s
}

// SetSpeed runs an attack, or all if the name is empty, speed times as fast from
// now on: 0 pauses it, 1 is the plan's own rate. Errors are of the arguments.
func (r *Run) SetSpeed(attack string, speed float64) error { return r.handle.SetSpeed(attack, speed) }

// Stop ends the run in order: requests under way have the plan's grace, and telemetry is
// delivered and joined. A first Stop when only that is left gives it up. Stop returns at
// once.
func (r *Run) Stop() { r.stop() }

// StopFor is Stop for a reason in words. It is no interruption: the summary has the reason.
func (r *Run) StopFor(reason string) { r.handle.StopFor(reason) }

// Summary is what the run has done until now, for the collector of a run's shards.
func (r *Run) Summary() *summary.Summary { return r.handle.Until(time.Now()) }

// Cancel ends the run now: it cuts off requests under way, and gives up telemetry that is
// not delivered or joined. It returns at once.
func (r *Run) Cancel() { r.cancel() }

// Settled is closed when Progress has come to its end: nothing more is sent, delivered or
// joined, and the collector shuts down.
func (r *Run) Settled() <-chan struct{} { return r.settled }

// Result waits for the end of the run and of its collector. With an error there may be a
// result too: what was done until then.
func (r *Run) Result() (Result, error) {
	<-r.over
	return r.result, r.err
}

// Complete is Result for a measurement, which is worth nothing if it was not completed
// to its end.
func (r *Run) Complete() (summary.Summary, error) {
	result, err := r.Result()
	if err == nil && result.Summary.End != summary.Completed {
		err = errors.New("the measurement was stopped before its end")
	}
	return result.Summary, err
}

// finish watches the run, shuts its collector down and settles its result.
func (r *Run) finish(ctx context.Context) {
	defer close(r.over)
	defer r.stop()
	d := r.observe(ctx)
	end, err := r.watch(ctx)
	d.wait()
	close(r.settled)
	r.options.beforeShutdown()
	shut := r.session.shutdown()
	sum := &end.summary
	if r.use != nil {
		sum.Usage = r.use.during
	}
	r.session.addJoins(sum)
	r.session.endpoint.reject(r.options.OTLP, sum)
	r.result.Explained = r.explainLoss(sum)
	sum.Environment.Targets = r.session.environments.Targets()
	r.diagnose(d, sum)
	r.archive(sum)
	if err == nil && len(sum.Faults) == 0 && shut != nil {
		err = fmt.Errorf("shut the collector down: %w", shut)
	}
	r.result.Summary, r.result.Interrupted, r.err = *sum, end.interrupted, err
	if r.notes != nil {
		r.result.Notes = r.notes.Lines()
	}
}

// explainLoss adds to the summary why the endpoint took no telemetry, and drops the notes that
// say the same. It reports whether there were such.
func (r *Run) explainLoss(sum *summary.Summary) bool {
	causes := r.session.endpoint.explain(r.options.OTLP, sum)
	if len(causes) == 0 || r.notes == nil {
		return false
	}
	r.notes.Drop(r.options.OTLP, causes)
	return true
}
