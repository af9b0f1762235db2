package pace_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// The pacer interface of vegeta, and of ghz.
var _ interface {
	Pace(elapsed time.Duration, hits uint64) (wait time.Duration, stop bool)
	Rate(elapsed time.Duration) float64
} = (*pace.Pacer)(nil)

// walk is a pacer and what it told, with times from the schedule's zero. It runs
// in a bubble of testing/synctest.
type walk struct {
	*pace.Pacer
	begin  time.Time
	stages []time.Duration // by the schedule
	called []time.Duration // when OnStage was called
}

func newWalk(ctx context.Context, t *testing.T, overrun time.Duration, stages ...pace.Stage) *walk {
	w := &walk{begin: time.Now()}
	w.Pacer = pace.NewPacer(ctx, schedule(t, stages...), pace.Options{
		Overrun: overrun,
		Begin:   w.begin,
		Sleep:   time.Sleep,
		OnStage: func(stage int, at time.Time) {
			assert.Len(t, w.stages, stage, "stages begin in order, each once")
			w.stages = append(w.stages, at.Sub(w.begin))
			w.called = append(w.called, time.Since(w.begin))
		},
	})
	return w
}

// run calls send for each request until the pacer stops, and returns when each was
// given out.
func (w *walk) run(t *testing.T, send func(n uint64)) (given []time.Duration) {
	for {
		n := uint64(len(given))
		wait, stop := w.Pace(12345, n)
		assert.Zero(t, wait)
		if stop {
			assert.Equal(t, n, w.Given())
			return given
		}
		given = append(given, time.Since(w.begin))
		send(n)
	}
}

// done ends requests at once.
func (w *walk) done(uint64) { w.Done() }

func TestRequestsAreGivenOutExactlyWhenDue(t *testing.T) {
	stages := []pace.Stage{
		{Constant: 500, Duration: 403 * time.Millisecond},
		{Ramp: &pace.Ramp{From: 0, To: 50}, Count: 20},
		{Sine: &pace.Sine{Mean: 5, Amplitude: 5, Period: time.Second}, Duration: 2 * time.Second},
		{Poisson: &pace.Poisson{Rate: 1000}, Count: 500},
		{Constant: 0.1, Count: 2},
		{Steps: &pace.Steps{From: 10, To: 20, By: 5}, Duration: 3 * time.Second},
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWalk(t.Context(), t, 0, stages...)
		given := w.run(t, w.done)
		want := times(t, schedule(t, stages...))
		assert.Equal(t, want, given)
		assert.Equal(t, pace.Completed, w.End())
		for n, offset := range want {
			iteration := w.Iteration(uint64(n))
			assert.True(t, iteration.Open)
			assert.Equal(t, w.begin.Add(offset), iteration.Intended)
			assert.Equal(t, iteration.Intended.Sub(w.begin), offset)
		}
		assert.Len(t, w.stages, len(stages))
		assert.Equal(t, w.stages, w.called)
		_, stop := w.Pace(0, uint64(len(given)))
		assert.True(t, stop, "a stopped pacer stays stopped")
	})
}

func TestNothingIsGivenOutBeforeBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := pace.NewPacer(t.Context(), schedule(t, pace.Stage{Constant: 1, Count: 1}),
			pace.Options{Begin: began.Add(time.Minute)})
		assert.Zero(t, p.Stage())
		assert.Equal(t, pace.Iteration{}, p.Iteration(0))
		assert.Equal(t, pace.Running, p.End())
		p.Pace(0, 0)
		assert.Equal(t, time.Minute, time.Since(began))
	})
}

func TestTheDefaultSleepIsPreciseInABubbleToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := pace.NewPacer(t.Context(), schedule(t, pace.Stage{Constant: 1000, Count: 10}), pace.Options{})
		for n := range uint64(10) {
			p.Pace(0, n)
			assert.Equal(t, time.Duration(n)*time.Millisecond, time.Since(began))
		}
	})
}

func TestRequestsAreNotEarlyOnTheRealClock(t *testing.T) {
	p := pace.NewPacer(t.Context(), schedule(t, pace.Stage{Constant: 200, Count: 40}), pace.Options{Overrun: time.Minute})
	for n := range uint64(40) {
		_, stop := p.Pace(0, n)
		require.False(t, stop)
		require.GreaterOrEqual(t, time.Since(p.Iteration(n).Intended), time.Duration(0), "request %d", n)
	}
}

func TestACancelEndsALongWaitAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		w := newWalk(ctx, t, time.Hour, pace.Stage{Constant: 0.01, Count: 3})
		assert.Len(t, w.run(t, w.done), 1)
		assert.Equal(t, 5*time.Second, time.Since(w.begin))
		assert.Equal(t, pace.Stopped, w.End())
		planned, exact := w.Planned()
		assert.EqualValues(t, 3, planned)
		assert.True(t, exact)
	})
}

func TestACancelBeforeARequestThatIsDueKeepsItBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := newWalk(ctx, t, time.Hour, pace.Stage{Constant: 1000, Duration: time.Second})
		given := w.run(t, func(n uint64) {
			if n == 4 {
				cancel()
				time.Sleep(100 * time.Millisecond)
			}
		})
		assert.Len(t, given, 5)
		assert.Equal(t, pace.Stopped, w.End())
	})
}

func TestACancelAfterTheLastRequestIsNoStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := newWalk(ctx, t, 0,
			pace.Stage{Constant: 2, Duration: 750 * time.Millisecond},
			pace.Stage{Constant: 0.1, Duration: time.Second}) // holds no request
		w.run(t, func(n uint64) {
			if n == 1 {
				cancel()
			}
		})
		assert.Equal(t, pace.Completed, w.End())
		assert.Equal(t, 500*time.Millisecond, time.Since(w.begin))
	})
}

func TestLateRequestsAreGivenOutUntilTheOverrunIsOver(t *testing.T) {
	for name, c := range map[string]struct {
		overrun time.Duration
		given   int // one each 20 ms, for 100 ms and the overrun
	}{
		"200ms":            {200 * time.Millisecond, 16},
		"0 means 100ms":    {0, 11},
		"10ms means 100ms": {10 * time.Millisecond, 11},
		"long enough":      {time.Minute, 100},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWalk(t.Context(), t, c.overrun, pace.Stage{Constant: 1000, Duration: 100 * time.Millisecond})
				given := w.run(t, func(uint64) { time.Sleep(20 * time.Millisecond) })
				assert.Len(t, given, c.given)
				want := pace.Late
				if c.given == 100 {
					want = pace.Completed
				}
				assert.Equal(t, want, w.End())
				planned, exact := w.Planned()
				assert.EqualValues(t, 100, planned)
				assert.True(t, exact)
			})
		})
	}
}

func TestTheLastRequestSurvivesAPauseOfTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWalk(t.Context(), t, 0, pace.Stage{Constant: 1000, Duration: 100 * time.Millisecond})
		given := w.run(t, func(n uint64) {
			if n == 97 {
				time.Sleep(90 * time.Millisecond)
			}
		})
		assert.Len(t, given, 100)
		assert.Equal(t, pace.Completed, w.End())
	})
}

func TestStagesWithoutARequestBeginToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWalk(t.Context(), t, 0,
			pace.Stage{Constant: 2, Duration: 750 * time.Millisecond}, // half a request is left
			pace.Stage{Constant: 0.1, Duration: time.Second},
			pace.Stage{Constant: 1, Duration: time.Second}, // due after 0.4 s
			pace.Stage{Constant: 0.1, Duration: time.Second},
			pace.Stage{Constant: 0.1, Duration: time.Second},
		)
		given := w.run(t, w.done)
		ms := time.Millisecond
		assert.Equal(t, []time.Duration{0, 500 * ms, 2150 * ms}, given)
		assert.Equal(t, []time.Duration{0, 750 * ms, 1750 * ms, 2750 * ms, 3750 * ms}, w.stages)
		assert.Equal(t, w.stages, w.called)
		assert.Equal(t, 2, w.Iteration(2).Stage)
		assert.Equal(t, 4, w.Stage())
		assert.Equal(t, pace.Completed, w.End())
	})
}

func TestALateStageIsToldWhenItsFirstRequestIsGivenOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWalk(t.Context(), t, time.Minute,
			pace.Stage{Constant: 100, Count: 10}, pace.Stage{Constant: 100, Count: 10})
		w.run(t, func(uint64) { time.Sleep(20 * time.Millisecond) })
		assert.Equal(t, []time.Duration{0, 100 * time.Millisecond}, w.stages)
		assert.Equal(t, []time.Duration{0, 200 * time.Millisecond}, w.called)
	})
}

func TestManyMayAskForRequestsWhileTheyAreGivenOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWalk(t.Context(), t, 0,
			pace.Stage{Constant: 1000, Count: 300},
			pace.Stage{Poisson: &pace.Poisson{Rate: 1000, Seed: 9}, Count: 700},
			pace.Stage{Max: &pace.Max{Workers: 8}, Count: 200},
			pace.Stage{Ramp: &pace.Ramp{From: 100, To: 1000}, Count: 300})
		var (
			wg   sync.WaitGroup
			mu   sync.Mutex
			seen = map[uint64]pace.Iteration{}
		)
		w.run(t, func(n uint64) {
			wg.Go(func() {
				defer w.Done()
				iteration := w.Iteration(n)
				for back := range min(n, 20) {
					w.Iteration(n - back)
				}
				w.Planned()
				w.Rate(time.Since(w.begin))
				w.Stage()
				mu.Lock()
				defer mu.Unlock()
				seen[n] = iteration
			})
		})
		wg.Wait()
		require.Len(t, seen, 1500)
		for n, iteration := range seen {
			require.Equal(t, w.Iteration(n), iteration)
			require.Equal(t, slices.Index([]bool{n < 300, n < 1000, n < 1200, true}, true), iteration.Stage)
		}
	})
}

func TestPaceDoesNotAllocateInOpenStages(t *testing.T) {
	p := pace.NewPacer(t.Context(), schedule(t, pace.Stage{Constant: 2000, Duration: time.Hour}), pace.Options{})
	n := uint64(0)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		p.Pace(0, n)
		p.Iteration(n)
		n++
	}))
}
