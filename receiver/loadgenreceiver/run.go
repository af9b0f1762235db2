package loadgenreceiver

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/loadtrace/loadtrace/internal/queue"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
	"github.com/loadtrace/loadtrace/loadgen/runner"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/event"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/loadmetrics"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/resource"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/span"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// run is one execution of a plan and the way of its telemetry.
type run struct {
	id       loadgen.RunID
	plan     *loadgen.Plan
	digest   loadgen.PlanDigest
	entire   loadgen.PlanDigest // of the plan that this one is a shard of
	at       time.Time          // when it begins; zero: after the configured delay
	cfg      *Config
	origin   resource.Attributes
	log      *zap.Logger
	observer Observer

	runner *runner.Run
	out    *delivery
	render *span.Renderer
	events *event.Renderer
	keep   []archivist
	live   atomic.Pointer[recorder] // nil until the run begins
	watch  atomic.Pointer[watch]    // nil until the run begins

	ctx      context.Context
	cancel   context.CancelCauseFunc // stops the run in order, with the reason in words
	idle     chan struct{}           // closed when no engine is at work any more
	reported chan struct{}           // closed when the last span and the last event were put
	last     chan struct{}           // closed when the last metrics were put
	ended    chan struct{}           // closed when do has returned
	own      atomic.Uint64           // spans made of the run itself
	lost     atomic.Uint64           // of those, dropped

	archives archives // of the run's goroutine, but for record

	metered time.Time // of the last metric points; of the one goroutine that puts them
}

// newRun opens the plan's engines, no longer than ctx lasts, and starts the queues of its telemetry; do ends the one,
// shutdown the other, or discard both.
func newRun(ctx context.Context, id loadgen.RunID, plan *loadgen.Plan, at time.Time, keep []archivist, g *generator) (*run, error) {
	r := &run{
		id: id, plan: plan, digest: planfile.Digest(plan), entire: planfile.Digest(plan.Entire()), at: at, cfg: g.cfg, origin: g.origin, log: g.set.Logger, observer: g.observer, keep: keep,
		render:   span.New(g.origin, id, plan),
		events:   event.New(g.origin, id, plan),
		idle:     make(chan struct{}),
		reported: make(chan struct{}),
		last:     make(chan struct{}),
		ended:    make(chan struct{}),
	}
	r.ctx, r.cancel = context.WithCancelCause(context.Background())
	allowed, err := g.cfg.allowed()
	if err != nil {
		return nil, err
	}
	r.out, err = newDelivery(g.next, g.set, g.cfg.Queue.MaxBytes)
	if err != nil {
		return nil, err
	}
	r.runner, err = runner.New(plan, runner.Options{
		ID: id, Open: openEngine, Opening: ctx, Begin: at, Allowed: allowed,
		Sink: func(rec *loadgen.Record) {
			r.live.Load().record(rec)
			r.observer.record(rec)
		},
		Event: r.emitEvent,
	})
	if err != nil {
		r.cancel(nil)
		return nil, errors.Join(fmt.Errorf("prepare the plan: %w", err), r.out.shutdown(r.ctx))
	}
	return r, nil
}

// do runs the plan and returns when all telemetry was delivered or
// dropped. It is the run's goroutine. failed is told of an engine's error.
func (r *run) do(failed func(error)) {
	defer close(r.ended)
	defer r.cancel(nil)
	began := r.await()
	r.archives = beginArchives(r.keep, r.archiveStart(began))
	r.live.Store(r.newRecorder(began))
	r.watch.Store(r.newWatch(began))
	r.observer.start(&Handle{r})

	var helpers sync.WaitGroup
	helpers.Go(func() { r.emit(r.idle) })
	helpers.Go(func() { r.watch.Load().until(r.idle) })
	err := r.runner.Do(r.ctx)
	close(r.idle)
	helpers.Wait()
	if err != nil {
		failed(err)
	}
	r.observer.end(r.finish(err), err)
}

// ahead is how long before its beginning a run with an agreed beginning gets to
// work: the first request is then only waiting for its time.
const ahead = 100 * time.Millisecond

// await waits until the run is about to begin, or is stopped, and returns when it
// begins.
func (r *run) await() time.Time {
	if r.at.IsZero() {
		sleep(r.ctx, r.cfg.StartDelay)
		return time.Now()
	}
	sleep(r.ctx, time.Until(r.at)-ahead)
	if now := time.Now(); r.ctx.Err() != nil && now.Before(r.at) {
		return now
	}
	return r.at
}

// discard releases a run that is not to begin.
func (r *run) discard() error {
	r.cancel(nil)
	return errors.Join(r.runner.Close(), r.out.shutdown(r.ctx))
}

// shutdown stops the run, gives what waits until drain or ctx is over, and
// drops the rest. The last quarter of that time is for the metrics, which are
// last since they say what became of the spans.
func (r *run) shutdown(ctx context.Context, drain time.Duration) error {
	r.cancel(errShutdown)
	wait(ctx, r.idle)
	if end, ok := ctx.Deadline(); ok {
		drain = min(drain, time.Until(end))
	}
	draining, cancel := context.WithTimeout(ctx, drain)
	defer cancel()
	settling, cancel := context.WithTimeout(draining, drain*3/4)
	defer cancel()
	wait(settling, r.reported)
	err := queue.Shutdown(settling, r.out.traces, r.out.logs)
	wait(draining, r.last)
	err = errors.Join(err, queue.Shutdown(draining, r.out.metrics))
	if !wait(ctx, r.ended) {
		err = errors.Join(err, fmt.Errorf("stop run %s: %w", r.id, ctx.Err()))
	}
	return err
}

func (r *run) archiveStart(began time.Time) archive.Start {
	src, err := event.PlanYAML(r.plan)
	if err != nil {
		r.log.Error("the plan is missing in the archive", zap.Error(err))
	}
	return archive.Start{Run: r.id, Plan: r.plan, PlanYAML: src, Began: began, Environment: r.origin.Environment}
}

func (r *run) newRecorder(began time.Time) *recorder {
	rec := &recorder{
		batch: r.cfg.Spans.Batch,
		meter: loadmetrics.New(loadmetrics.Options{
			Origin: r.origin, Run: r.id, Plan: r.plan, Began: began,
			Exemplars: r.cfg.Metrics.Exemplars, Seed: binary.BigEndian.Uint64(r.id[:]),
		}),
		figures: summary.New(r.plan, r.id, began),
		archive: r.archives.record,
	}
	if r.out.traces != nil {
		rec.put = func(records []loadgen.Record) { r.out.putRecords(records, r.render.Requests) }
	}
	return rec
}

// emit puts spans and metrics at their intervals until done is closed.
func (r *run) emit(done <-chan struct{}) {
	spans := time.NewTicker(r.cfg.Spans.FlushInterval)
	defer spans.Stop()
	metrics := time.NewTicker(r.cfg.Metrics.Interval)
	defer metrics.Stop()
	for {
		select {
		case <-done:
			return
		case <-spans.C:
			r.live.Load().flush()
		case now := <-metrics.C:
			r.putMetrics(now)
		}
	}
}

// putMetrics puts a point of each series. Back ends that keep milliseconds refuse a
// second one in the same: at the end of a run, when the spans settle at once, the last
// two were that close.
func (r *run) putMetrics(now time.Time) {
	if r.out.metrics != nil {
		if next := r.metered.Add(time.Millisecond); now.Before(next) {
			now = next
		}
		r.metered = now
		r.out.putMetrics(r.live.Load().collect(now, r.state(), r.spansOf))
	}
}

// emitEvent puts an event of the runner.
func (r *run) emitEvent(e runner.Event) {
	switch e.Kind {
	case runner.RunStarted:
		r.putEvent(r.events.RunStart(e.Time))
	case runner.AttackStarted:
		r.putEvent(r.events.AttackStart(e.Time, e.Attack), nil)
	case runner.StageStarted:
		r.putEvent(r.events.StageStart(e.Time, e.Attack, e.Stage), nil)
	case runner.SpeedChanged:
		r.putEvent(r.events.AttackSpeed(e.Time, e.Attack, e.Speed), nil)
	case runner.AttackEnded:
		r.putEvent(r.events.AttackStop(e.Time, e.Attack), nil)
	}
}

func (r *run) putEvent(l plog.Logs, err error) {
	switch {
	case err != nil:
		r.log.Error("an event of the run is missing", zap.Error(err))
	case r.out.logs != nil:
		r.out.putLogs(l)
	}
}

// sleep until d is over or ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// wait until done is closed or ctx ends, and report whether it was closed.
func wait(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}
