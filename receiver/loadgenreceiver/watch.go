package loadgenreceiver

import (
	"errors"
	"sync"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
	"github.com/loadtrace/loadtrace/loadgen/vitals"
)

// Why a run is stopped, in words that follow "was stopped: ".
var (
	errStopped  = errors.New("it was stopped by hand")
	errShutdown = errors.New("the collector was shut down")
)

// watch holds a run against its plan's thresholds while it is under way.
type watch struct {
	run    *run
	began  time.Time
	before vitals.Reading
	clock  vitals.Clock

	mu    sync.Mutex // guards what follows; and Readings has one caller at a time
	state *verdict.Watch
	after vitals.Reading
}

func (r *run) newWatch(began time.Time) *watch {
	return &watch{
		run: r, began: began, before: vitals.System().Read(), clock: vitals.ReadClock(),
		state: verdict.NewWatch(r.live.Load().figures.Checks()),
	}
}

// until looks at the thresholds at their interval until done is closed, and once
// more then, with the attacks ended. It stops the run if a threshold wants that.
func (w *watch) until(done <-chan struct{}) {
	defer w.last()
	interval := w.run.live.Load().figures.Interval()
	if interval == 0 {
		<-done
		return
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
			if why, abort := w.look(time.Now()); abort {
				w.run.cancel(errors.New(why))
			}
		}
	}
}

func (w *watch) last() {
	w.look(time.Now())
	w.mu.Lock()
	defer w.mu.Unlock()
	w.after = vitals.System().Read()
}

// look takes the readings of a moment, and says whether and why the run is to be
// aborted. A run that is being stopped is not aborted as well.
func (w *watch) look(now time.Time) (why string, abort bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := now.Sub(w.began)
	w.state.Observe(at, w.run.live.Load().figures.Readings(now, w.run.runner.Accounts()))
	select {
	case <-w.run.ctx.Done():
		return "", false
	case <-w.run.idle:
		return "", false
	default:
	}
	if watched := w.run.cfg.start.Watched; watched != nil && watched() {
		return "", false
	}
	return w.state.Abort(at)
}

// until is what the run has done until now. It takes turns with look.
func (r *run) until(now time.Time) *summary.Summary {
	w := r.watch.Load()
	w.mu.Lock()
	defer w.mu.Unlock()
	s := r.live.Load().figures.Until(now, r.runner.Accounts())
	s.Identify(r.digest, r.entire)
	return s
}

func (w *watch) breached() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state.Breached()
}

// judge gives a summary its verdict, after the end of the run.
func (w *watch) judge(sum *summary.Summary) {
	w.mu.Lock()
	defer w.mu.Unlock()
	sum.Shard = summary.NewShard(w.run.plan.Shard, w.clock)
	sum.Judge(w.run.plan, w.state.Results(), vitals.Between(w.before, w.after))
}
