package summary

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
	"github.com/loadtrace/loadtrace/loadgen/vitals"
)

// simulation is a run against simulated targets, in virtual time.
type simulation struct {
	plan    *loadgen.Plan
	targets []simTarget                // by attack; the last is that of all others too
	steer   func(*runner.Run)          // in a goroutine of its own
	stop    time.Duration              // when the run is stopped by hand; 0 is not
	look    func(time.Duration, *seen) // at each look at the thresholds
}

// simTarget answers request n. It sleeps for as long as that takes, and gives what
// becomes of the request.
type simTarget func(n uint64) simAnswer

type simAnswer struct {
	status  int // 0: it failed
	notSent loadgen.NotSentReason
}

var fine = simAnswer{status: 200}

// takes answers each request after d.
func takes(d time.Duration) simTarget {
	return func(uint64) simAnswer { time.Sleep(d); return fine }
}

// serves answers so many requests per second, one after another.
func serves(perSecond float64) simTarget {
	var mu sync.Mutex
	var free time.Time
	each := time.Duration(float64(time.Second) / perSecond)
	return func(uint64) simAnswer {
		mu.Lock()
		now := time.Now()
		if free.Before(now) {
			free = now
		}
		free = free.Add(each)
		until := free
		mu.Unlock()
		time.Sleep(until.Sub(now))
		return fine
	}
}

// simEngine sends requests as vegeta does: it asks for a request, and then waits for a
// worker.
type simEngine struct {
	setup  runner.Setup
	target simTarget
}

func (e *simEngine) Close() error { return nil }

func (e *simEngine) Run(ctx context.Context, p *pace.Pacer, sink loadgen.Sink) error {
	cut, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		time.Sleep(e.setup.Limits.Grace)
		cancel()
	})()
	workers := make(chan struct{}, e.setup.Attack.MaxWorkers)
	var wg sync.WaitGroup
	for n := uint64(0); ; n++ {
		if _, stop := p.Pace(0, n); stop {
			break
		}
		workers <- struct{}{}
		wg.Go(func() {
			r := e.carry(ctx, cut, p.Iteration(n), n)
			sink(&r)
			p.Done()
			<-workers
		})
	}
	wg.Wait()
	return nil
}

func (e *simEngine) carry(ctx, cut context.Context, iteration pace.Iteration, n uint64) loadgen.Record {
	r := loadgen.Record{Attack: e.setup.Index, Stage: iteration.Stage, Seq: iteration.Number, Open: iteration.Open, Target: target}
	if ctx.Err() != nil {
		r.Outcome, r.NotSent = loadgen.NotSent, loadgen.NotSentStopped
		return r
	}
	sent := time.Now()
	answers := make(chan simAnswer, 1)
	go func() { answers <- e.target(n) }()
	var got simAnswer
	select {
	case got = <-answers:
	case <-cut.Done():
		r.Error = loadgen.ErrorCancelled
	}
	if got.notSent != "" {
		r.Outcome, r.NotSent = loadgen.NotSent, got.notSent
		return r
	}
	r.Sent, r.Done, r.Intended = sent, time.Now(), sent
	if iteration.Open {
		r.Intended = iteration.Intended
	}
	if r.Status = got.status; got.status == 0 {
		r.Outcome = loadgen.Failed
		if r.Error == "" {
			r.Error = loadgen.ErrorRefused
		}
	}
	return r
}

// seen is the readings of a moment.
type seen struct {
	readings []verdict.Reading
	snapshot Snapshot
	rates    []float64
}

// simulate performs a run and returns its summary, judged as the receiver does.
func simulate(t *testing.T, sim simulation) (s Summary) {
	t.Helper()
	p := sim.plan
	for i := range p.Attacks {
		if a := &p.Attacks[i]; a.MaxWorkers == 0 {
			a.MaxWorkers = 10_000
		}
	}
	if p.Limits.Overrun == 0 {
		p.Limits.Overrun = 5 * time.Second
	}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		a := New(p, runID, began)
		run, err := runner.New(p, runner.Options{
			ID: runID, Sink: a.Add,
			Open: func(s runner.Setup) (loadgen.Engine, error) {
				return &simEngine{s, sim.targets[min(s.Index, len(sim.targets)-1)]}, nil
			},
		})
		require.NoError(t, err)
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		if sim.stop > 0 {
			defer time.AfterFunc(sim.stop, func() { cancel(errors.New("it was stopped by hand")) }).Stop()
		}
		if sim.steer != nil {
			go sim.steer(run)
		}
		w := &simulated{sim: sim, a: a, run: run, watch: verdict.NewWatch(a.Checks()), began: began, cancel: cancel}
		err = w.do(ctx)
		reason := ""
		if cause := run.Cause(); cause != nil {
			reason = cause.Error()
		}
		s = a.Summary(time.Now(), Conclusion{Accounts: run.Accounts(), Stopped: run.Stopped(), Err: err, Reason: reason})
		for i, rate := range a.Rates(run.Accounts()) {
			require.Equal(t, s.Attacks[i].RateAchieved, rate, "the metric is the figure")
		}
		s.Judge(p, w.watch.Results(), vitals.Strain{})
		time.Sleep(time.Hour) // simulated targets that were left alone
	})
	require.Empty(t, s.Faults)
	return s
}

// simulated is a run whose thresholds are watched, as the receiver does.
type simulated struct {
	sim    simulation
	a      *Accumulator
	run    *runner.Run
	watch  *verdict.Watch
	began  time.Time
	cancel context.CancelCauseFunc
}

func (w *simulated) do(ctx context.Context) error {
	idle := make(chan struct{})
	var looks sync.WaitGroup
	looks.Go(func() {
		ticker := time.NewTicker(cmp.Or(w.a.Interval(), time.Second))
		defer ticker.Stop()
		for {
			select {
			case <-idle:
				return
			case <-ticker.C:
				w.look(ctx)
			}
		}
	})
	err := w.run.Do(ctx)
	close(idle)
	looks.Wait()
	w.look(ctx)
	return err
}

func (w *simulated) look(ctx context.Context) {
	now, accounts := time.Now(), w.run.Accounts
	found := &seen{readings: w.a.Readings(now, accounts()), snapshot: w.a.Snapshot(now, accounts()), rates: w.a.Rates(accounts())}
	w.watch.Observe(now.Sub(w.began), found.readings)
	if w.sim.look != nil {
		w.sim.look(now.Sub(w.began), found)
	}
	if ctx.Err() != nil {
		return
	}
	if why, abort := w.watch.Abort(now.Sub(w.began)); abort {
		w.cancel(errors.New(why))
	}
}

// load is a plan of one attack.
func load(stages ...pace.Stage) *loadgen.Plan {
	p := plan("auth")
	p.Attacks[0].Load = stages
	return p
}

// closedFor and closedCount are closed loops.
func closedFor(workers int, d time.Duration) pace.Stage {
	return pace.Stage{Max: &pace.Max{Workers: workers}, Duration: d}
}

func closedCount(workers int, n uint64) pace.Stage {
	return pace.Stage{Max: &pace.Max{Workers: workers}, Count: n}
}

func openFor(rate pace.Rate, d time.Duration) pace.Stage {
	return pace.Stage{Constant: rate, Duration: d}
}
