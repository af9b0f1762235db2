package pace_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// inFlight ends requests each after a while, and count them.
type inFlight struct {
	wg        sync.WaitGroup
	now, most atomic.Int64
}

func (f *inFlight) start(w *walk, d time.Duration) {
	f.most.Store(max(f.most.Load(), f.now.Add(1))) // one goroutine sends
	f.wg.Go(func() {
		time.Sleep(d)
		f.now.Add(-1)
		w.Done()
	})
}

func TestAClosedLoopKeepsItsWorkersBusyAndNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWalk(t.Context(), t, 0, pace.Stage{Max: &pace.Max{Workers: 5}, Count: 2000})
		var f inFlight
		r := rand.New(rand.NewPCG(1, 1))
		given := w.run(t, func(n uint64) {
			assert.Equal(t, pace.Iteration{Number: n}, w.Iteration(n), "no intended time in a closed loop")
			f.start(w, time.Duration(r.IntN(1000)+1)*time.Microsecond)
		})
		assert.Len(t, given, 2000)
		assert.EqualValues(t, 5, f.most.Load())
		f.wg.Wait()
		took := time.Since(w.begin)
		assert.InDelta(t, 2000*500*time.Microsecond/5, took, float64(20*time.Millisecond), "all five were busy throughout")
		assert.Equal(t, pace.Completed, w.End())
	})
}

func TestAClosedLoopEndsOnTimeWithAllWorkersBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWalk(t.Context(), t, 0, pace.Stage{Max: &pace.Max{Workers: 3}, Duration: time.Second})
		var f inFlight
		given := w.run(t, func(uint64) { f.start(w, 700*time.Millisecond) })
		assert.Equal(t, time.Second, time.Since(w.begin))
		assert.Len(t, given, 6)
		assert.Equal(t, pace.Completed, w.End())
		f.wg.Wait()
	})
}

func TestACancelEndsAWaitForASlotAtOnce(t *testing.T) {
	for name, stage := range map[string]pace.Stage{
		"with a count":    {Max: &pace.Max{Workers: 2}, Count: 9},
		"with a duration": {Max: &pace.Max{Workers: 2}, Duration: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				w := newWalk(ctx, t, 0, stage, pace.Stage{Constant: 1, Count: 4}, pace.Stage{Max: stage.Max, Duration: time.Second})
				assert.Len(t, w.run(t, func(uint64) {}), 2)
				assert.Equal(t, time.Second, time.Since(w.begin))
				assert.Equal(t, pace.Stopped, w.End())
				planned, exact := w.Planned()
				want := stage.Count
				if want == 0 {
					want = 2
				}
				assert.EqualValues(t, want+4, planned, "a count is planned; of a duration only what was given")
				assert.True(t, exact)
			})
		})
	}
}

func TestStagesJoinAroundClosedLoops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWalk(t.Context(), t, 0,
			pace.Stage{Constant: 2, Duration: 750 * time.Millisecond},
			pace.Stage{Max: &pace.Max{Workers: 2}, Duration: time.Second},
			pace.Stage{Constant: 10, Count: 2},
			pace.Stage{Max: &pace.Max{Workers: 1}, Count: 3},
			pace.Stage{Constant: 5, Count: 2},
		)
		var f inFlight
		type state struct {
			planned uint64
			exact   bool
			rate    float64
		}
		var states []state
		look := func() {
			planned, exact := w.Planned()
			states = append(states, state{planned, exact, w.Rate(time.Since(w.begin))})
		}
		look()
		given := w.run(t, func(n uint64) {
			look()
			f.start(w, 400*time.Millisecond)
		})
		f.wg.Wait()

		ms := func(v ...int) (d []time.Duration) {
			for _, x := range v {
				d = append(d, time.Duration(x)*time.Millisecond)
			}
			return d
		}
		// The request of 500 holds a slot of the loop until 900. The second loop begins
		// at 1950, and waits until only one request of those at 1550, 1750 and 1850 is
		// in flight; it turns at 3050 to the last stage.
		assert.Equal(t, ms(0, 500, 750, 900, 1150, 1300, 1550, 1700, 1750, 1850, 2250, 2650, 3050, 3050, 3250), given)
		assert.Equal(t, ms(0, 750, 1750, 1950, 3050), w.stages)
		for n := range given {
			iteration := w.Iteration(uint64(n))
			if iteration.Open {
				assert.Equal(t, given[n], iteration.Intended.Sub(w.begin))
			} else {
				assert.True(t, iteration.Intended.IsZero())
			}
		}
		assert.Equal(t, []state{
			{9, false, 2}, {9, false, 2}, {9, false, 2}, // 9 are planned beside the first loop's own
			{10, false, 0}, {11, false, 0}, {12, false, 0}, {13, false, 0}, {14, false, 0}, {15, false, 0},
			{15, true, 10}, {15, true, 10},
			{15, true, 0}, {15, true, 0}, {15, true, 0},
			{15, true, 5}, {15, true, 5},
		}, states)
		planned, exact := w.Planned()
		assert.True(t, exact)
		assert.EqualValues(t, w.Given(), planned)
		assert.Equal(t, pace.Completed, w.End())
	})
}

func TestLateRequestsUseUpTheTimeOfAClosedLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWalk(t.Context(), t, 0,
			pace.Stage{Constant: 100, Count: 100},
			pace.Stage{Max: &pace.Max{Workers: 1}, Duration: time.Second},
			pace.Stage{Constant: 10, Count: 10},
		)
		given := w.run(t, func(uint64) {
			time.Sleep(25 * time.Millisecond)
			w.Done()
		})
		assert.Equal(t, []time.Duration{0, time.Second, 2 * time.Second}, w.stages)
		assert.Equal(t, []time.Duration{0, 2500 * time.Millisecond, 2500 * time.Millisecond}, w.called)
		require.Len(t, given, 110, "the loop's time was over when its turn came")
		assert.Equal(t, 2900*time.Millisecond, given[109])
	})
}

func TestTheOverrunOfRequestsBeforeALoopOfUnknownLengthIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWalk(t.Context(), t, 0,
			pace.Stage{Constant: 1000, Count: 1000},
			pace.Stage{Max: &pace.Max{Workers: 1}, Count: 1},
		)
		given := w.run(t, func(uint64) { time.Sleep(100 * time.Millisecond) })
		assert.Equal(t, pace.Late, w.End())
		assert.Len(t, given, 12, "one each 100ms, for a second and the least overrun")
	})
}
