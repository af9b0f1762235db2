package pace_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// at calls f once a walk has gone on for d.
func (w *walk) at(d time.Duration, f func()) { time.AfterFunc(time.Until(w.begin.Add(d)), f) }

// intended are the intended times of all requests, from the schedule's zero.
func (w *walk) intended() []time.Duration {
	all := make([]time.Duration, w.Given())
	for n := range all {
		all[n] = w.Iteration(uint64(n)).Intended.Sub(w.begin)
	}
	return all
}

func TestTheRestOfAScheduleGoesFasterAtAHigherSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWalk(t.Context(), t, 0, pace.Stage{Constant: 100, Duration: 10 * time.Second})
		w.at(5*time.Second+time.Millisecond, func() {
			w.SetSpeed(2)
			assert.Equal(t, 200.0, w.Rate(time.Since(w.begin)))
			assert.Equal(t, 100.0, w.Rate(time.Second), "the past stays")
		})
		given := w.run(t, func(uint64) {})
		require.Len(t, given, 1000, "no request is lost, none is added")
		assert.Equal(t, 10*time.Millisecond, given[400]-given[399])
		assert.Equal(t, 5*time.Millisecond, given[900]-given[899])
		assert.InDelta(t, 7.5, given[999].Seconds(), 0.02)
		assert.Equal(t, given, w.intended())
		took, ok := w.Took(10 * time.Second)
		assert.True(t, ok)
		assert.Equal(t, 7500*time.Millisecond+500*time.Microsecond, took)
		assert.Equal(t, 2.0, w.Speed())
	})
}

func TestAPauseShiftsAllThatFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWalk(t.Context(), t, 0,
			pace.Stage{Constant: 100, Duration: time.Second}, pace.Stage{Constant: 10, Duration: time.Second})
		w.at(500*time.Millisecond, func() { w.SetSpeed(0) }) // request 50 is due this moment
		w.at(time.Minute, func() {
			assert.EqualValues(t, 51, w.Given())
			assert.Zero(t, w.Rate(time.Since(w.begin)))
			_, ok := w.Took(2 * time.Second)
			assert.False(t, ok)
			w.SetSpeed(1)
		})
		given := w.run(t, func(uint64) {})
		require.Len(t, given, 110)
		assert.Equal(t, 500*time.Millisecond, given[50])
		assert.Equal(t, time.Minute+10*time.Millisecond, given[51])
		assert.Equal(t, []time.Duration{0, time.Minute + 500*time.Millisecond}, w.stages)
		assert.Equal(t, given, w.intended(), "no request was late, whatever the pause")
		assert.Equal(t, pace.Completed, w.End())
	})
}

func TestAPausedScheduleCanBeStopped(t *testing.T) {
	for _, c := range []struct {
		name  string
		stage pace.Stage
		due   int // at the moment of the pause
	}{
		{"open", pace.Stage{Constant: 100, Duration: time.Second}, 1},
		{"closed", pace.Stage{Max: &pace.Max{Workers: 2}, Duration: time.Second}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				w := newWalk(ctx, t, 0, c.stage)
				w.SetSpeed(0)
				w.at(time.Hour, cancel)
				assert.Len(t, w.run(t, func(uint64) { w.Done() }), c.due)
				assert.Equal(t, time.Hour, time.Since(w.begin))
				assert.Equal(t, pace.Stopped, w.End())
			})
		})
	}
}

func TestAClosedLoopHeedsOnlyThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWalk(t.Context(), t, 0,
			pace.Stage{Max: &pace.Max{Workers: 3}, Duration: 2 * time.Second}, pace.Stage{Constant: 10, Duration: time.Second})
		w.SetSpeed(4)
		w.at(time.Second, func() { w.SetSpeed(0) })
		w.at(11*time.Second, func() { w.SetSpeed(2) })
		var f, open inFlight
		given := w.run(t, func(n uint64) {
			if w.Iteration(n).Open {
				open.start(w, 10*time.Millisecond)
			} else {
				f.start(w, 10*time.Millisecond)
			}
		})
		f.wg.Wait()
		open.wg.Wait()
		for _, at := range given {
			assert.False(t, at > 1100*time.Millisecond && at < 11*time.Second, "%s is in the pause", at)
		}
		assert.Equal(t, 12*time.Second, w.stages[1], "two seconds, and the pause")
		assert.InDelta(t, 12.45, given[len(given)-1].Seconds(), 0.01, "the open stage goes twice as fast")
		assert.EqualValues(t, 3, f.most.Load())
	})
}

// The requests up to t are the integral of speed × rate, whatever the speeds, and
// times never go back.
func TestRequestsAreTheIntegralOfTheRateTimesTheSpeed(t *testing.T) {
	for seed := range uint64(50) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			const rate = 200
			w := newWalk(t.Context(), t, 0, pace.Stage{Constant: rate, Duration: 20 * time.Second})
			type change struct{ at, speed float64 }
			changes := []change{{0, 1}}
			for range r.IntN(12) {
				last := changes[len(changes)-1]
				c := change{math.Round(1e6*(last.at+3*r.Float64()))/1e6 + 1e-6, float64(r.IntN(4)) / 2}
				changes = append(changes, c)
			}
			changes = append(changes, change{changes[len(changes)-1].at + 5, 1})
			for _, c := range changes[1:] {
				w.at(time.Duration(c.at*1e9), func() { w.SetSpeed(c.speed) })
			}
			given := w.run(t, func(uint64) {})
			require.Len(t, given, 20*rate)
			intended := w.intended()
			for n, at := range intended {
				require.True(t, n == 0 || at >= intended[n-1])
				late := given[n] - at // a change is not seen within the last stretch of a wait
				require.True(t, late >= 0 && late < 1200*time.Microsecond, "request %d is %s late", n, late)
				integral := 0.0
				for i, c := range changes {
					end := at.Seconds()
					if i+1 < len(changes) {
						end = min(end, changes[i+1].at)
					}
					integral += c.speed * rate * max(0, end-c.at)
				}
				require.InDelta(t, float64(n), integral, 0.01, "request %d at %s of %v", n, at, changes)
			}
		})
	}
}

func TestASpeedIsANumber(t *testing.T) {
	w := newWalk(t.Context(), t, 0, pace.Stage{Constant: 1, Duration: time.Second})
	for _, speed := range []float64{-1, math.NaN(), math.Inf(1)} {
		assert.Panics(t, func() { w.SetSpeed(speed) })
	}
}
