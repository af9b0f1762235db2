package pace_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// change of speed after a while.
type change struct {
	after time.Duration
	speed float64
}

func anyChange(t *rapid.T) change {
	return change{
		after: time.Duration(rapid.Int64Range(0, int64(300*time.Millisecond)).Draw(t, "after")),
		speed: rapid.SampledFrom([]float64{0, 0, 1, 2, 3, 0.3, 1. / 7, 1e-9, 1e-300, 1e9, 1e300}).Draw(t, "speed"),
	}
}

// loadOf is any stages, closed loops among them.
func loadOf(t *rapid.T) []pace.Stage {
	var stages []pace.Stage
	for range rapid.IntRange(1, 4).Draw(t, "stages") {
		if rapid.IntRange(0, 3).Draw(t, "kind") > 0 {
			stages = append(stages, anyStage(t))
			continue
		}
		st := pace.Stage{Max: &pace.Max{Workers: rapid.IntRange(1, 4).Draw(t, "workers")}}
		if rapid.Bool().Draw(t, "counted") {
			st.Count = uint64(rapid.IntRange(1, 40).Draw(t, "count"))
		} else {
			st.Duration = time.Duration(rapid.IntRange(1, 500).Draw(t, "ms")) * time.Millisecond
		}
		stages = append(stages, st)
	}
	return stages
}

// A request that was given out at the moment of a change of speed could get another
// intended time, or none during a pause: its response time was then 292 years.
func TestWhatWasGivenOutKeepsItsIntendedTime(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		stages := loadOf(rt)
		changes := rapid.SliceOfN(rapid.Custom(anyChange), 0, 20).Draw(rt, "changes")
		taken := time.Duration(rapid.IntRange(1000, 20_000).Draw(rt, "µs")) * time.Microsecond
		synctest.Test(t, func(t *testing.T) {
			w := newWalk(t.Context(), t, time.Hour, stages...)
			var wg sync.WaitGroup
			wg.Go(func() {
				for _, c := range changes {
					time.Sleep(c.after)
					w.SetSpeed(c.speed)
				}
				w.SetSpeed(1e6) // ends what would take years
			})
			var hits []pace.Iteration
			check := func(n int) {
				iteration := w.Iteration(uint64(n))
				require.Equal(t, hits[n], iteration, "request %d has another time", n)
			}
			given := w.run(t, func(n uint64) {
				iteration := w.Iteration(n)
				now := time.Now()
				hits = append(hits, iteration)
				if iteration.Open {
					require.False(t, iteration.Intended.IsZero(), "request %d has no time", n)
					require.False(t, iteration.Intended.After(now), "request %d was given out %s early", n, iteration.Intended.Sub(now))
					require.False(t, iteration.Intended.Before(w.begin))
				}
				wg.Go(func() {
					time.Sleep(taken)
					w.Done()
				})
			})
			wg.Wait()
			before := time.Time{}
			for n := range given {
				check(n)
				if hits[n].Open {
					require.False(t, hits[n].Intended.Before(before), "request %d is before the one before it", n)
					before = hits[n].Intended
				}
			}
			require.Equal(t, pace.Completed, w.End())
		})
	})
}

// The same on the real clock, where a change and a request meet in any order.
func TestWhatWasGivenOutKeepsItsIntendedTimeUnderARace(t *testing.T) {
	const hits = 5_000
	p := pace.NewPacer(t.Context(), schedule(t, pace.Stage{Constant: 1e6, Count: hits}), pace.Options{Overrun: time.Hour})
	stop, asked := make(chan struct{}), make(chan uint64, 1024)
	var wg sync.WaitGroup
	for seed := range uint64(2) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, 1))
			for {
				select {
				case <-stop:
					return
				default:
					p.SetSpeed([]float64{0, 0, 1, 3, 0.7}[r.IntN(5)])
					p.Progress(time.Now())
				}
			}
		})
	}
	var late []pace.Iteration
	wg.Go(func() {
		for n := range asked {
			late = append(late, p.Iteration(n))
		}
	})
	var first []pace.Iteration
	for n := uint64(0); ; n++ {
		if n%1000 == 999 {
			p.SetSpeed(1) // so that it comes to an end
		}
		if _, over := p.Pace(0, n); over {
			break
		}
		now := time.Now()
		iteration := p.Iteration(n)
		if iteration.Intended.IsZero() || iteration.Intended.After(now) {
			t.Errorf("request %d is due at %s, given out at %s", n, iteration.Intended, now)
		}
		first = append(first, iteration)
		asked <- n
	}
	close(asked)
	close(stop)
	wg.Wait()
	require.Len(t, first, hits)
	for n := range first {
		require.Equal(t, first[n], late[n], "request %d", n)
		require.Equal(t, first[n], p.Iteration(uint64(n)), "request %d", n)
	}
}
