package summary

import (
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

// simEngine carries out requests as vegeta does: it asks for a request, and then waits for a
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
			r := e.carry(ctx, cut, p.Hit(n), n)
			sink(&r)
			p.Done()
			<-workers
		})
	}
	wg.Wait()
	return nil
}

func (e *simEngine) carry(ctx, cut context.Context, hit pace.Hit, n uint64) loadgen.Record {
	r := loadgen.Record{Attack: e.setup.Index, Stage: hit.Stage, Seq: hit.Number, Open: hit.Open, Target: target}
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
	if hit.Open {
		r.Intended = hit.Intended
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

// simulate carries out a run and gives its summary, judged as the receiver does.
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
		watch, idle := verdict.NewWatch(a.Checks()), make(chan struct{})
		look := func() {
			now := time.Now()
			found := &seen{readings: a.Readings(now, run.Accounts()), snapshot: a.Snapshot(now, run.Accounts()), rates: a.Rates(run.Accounts())}
			watch.Observe(now.Sub(began), found.readings)
			if sim.look != nil {
				sim.look(now.Sub(began), found)
			}
			if ctx.Err() != nil {
				return
			}
			if why, abort := watch.Abort(now.Sub(began)); abort {
				cancel(errors.New(why))
			}
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			interval := a.Interval()
			if interval == 0 {
				interval = time.Second
			}
			ticker := time.NewTicker(interval)
			defer ticker.Stop()
			for {
				select {
				case <-idle:
					return
				case <-ticker.C:
					look()
				}
			}
		})
		err = run.Do(ctx)
		close(idle)
		wg.Wait()
		look()
		reason := ""
		if cause := run.Cause(); cause != nil {
			reason = cause.Error()
		}
		s = a.Summary(time.Now(), Conclusion{Accounts: run.Accounts(), Stopped: run.Stopped(), Err: err, Reason: reason})
		for i, rate := range a.Rates(run.Accounts()) {
			require.Equal(t, s.Attacks[i].RateAchieved, rate, "the metric is the figure")
		}
		s.Judge(p, watch.Results(), vitals.Strain{})
		time.Sleep(time.Hour) // simulated targets that were left alone
	})
	require.Empty(t, s.Faults)
	return s
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
