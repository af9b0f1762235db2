package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/loadtrace/loadtrace/internal/terminal"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/vitals"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver"
)

// caught are the signals that end a run in order.
type caught struct {
	names chan string
	// early ends with the first signal, which its cause names. It is for what may wait
	// before there is a run.
	early context.Context
	count atomic.Int64
	stop  func()
}

// before is the error of a run that a signal ended before it began.
func before(name string) error { return fmt.Errorf("stopped by %s before the run began", name) }

// catch takes signals until stop is called, also while the summary is printed,
// so that an impatient press does not lose it. The end of ctx ends what is early too.
func catch(ctx context.Context) *caught {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	c := &caught{names: make(chan string, 4)}
	early, end := context.WithCancelCause(ctx)
	c.early = early
	over := make(chan struct{})
	go func() {
		for {
			select {
			case s := <-signals:
				c.count.Add(1)
				end(before(s.String()))
				select {
				case c.names <- s.String():
				default: // four are enough
				}
			case <-over:
				return
			}
		}
	}()
	c.stop = sync.OnceFunc(func() { signal.Stop(signals); close(over); end(nil) })
	return c
}

// watch shows progress until the run has ended and its last requests are joined. A first
// signal stops the run, a second ends the grace and gives up the telemetry that is still to be delivered or
// joined; once only that is left, the first does. A target that is to be stopped first
// sends its telemetry then, and is not waited for.
func (r *planRun) watch(ctx context.Context, s *session, run *loadgenreceiver.Handle, signals *caught) (outcome, error) {
	var joining atomic.Bool
	defer r.showProgress(run, &joining)()

	stop, giveUp := sync.OnceFunc(run.Stop), sync.OnceFunc(s.collector.Shutdown)
	idle, flushed, done := run.Idle(), (<-chan time.Time)(nil), ctx.Done()
	for stopped, cancelled, given := false, false, false; ; {
		select {
		case end := <-s.ended:
			end.interrupted = stopped || cancelled
			r.measureUse()
			if end.err == nil && !given && r.beforeShutdown == nil && s.expects() {
				joining.Store(true)
				s.linger(ctx, signals.names)
			}
			return end, end.err
		case err := <-s.over:
			s.over <- nil
			end, err := s.lastWords(err)
			end.interrupted = stopped || cancelled
			return end, err
		case <-idle:
			idle, flushed = nil, time.After(r.flush)
			r.measureUse()
		case <-flushed:
			given = true
			giveUp()
		case <-done:
			done, cancelled = nil, true
			stop()
		case <-signals.names:
			stop()
			if stopped || idle == nil {
				run.Hurry()
				given = true
				giveUp()
			}
			stopped = true
		}
	}
}

// measureUse notes, once, what used the machine until now.
func (r *planRun) measureUse() {
	if r.before != nil && r.used == nil {
		r.used = vitals.Used(*r.before, vitals.System().Census(time.Now()))
	}
}

// showProgress shows the run's progress until the function that it returns is called.
func (r *planRun) showProgress(run *loadgenreceiver.Handle, joining *atomic.Bool) (done func()) {
	if r.quiet {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		next := func() summary.Snapshot {
			shot := snapshot(run)
			shot.Joining = joining.Load()
			return shot
		}
		terminal.Run(ctx, r.stderr, next, r.screen.options(r.stderr))
	}()
	return func() { cancel(); <-over }
}

func snapshot(run *loadgenreceiver.Handle) summary.Snapshot {
	s := run.Snapshot(time.Now())
	select {
	case <-run.Idle():
		s.Delivering = true
	default:
	}
	return s
}
