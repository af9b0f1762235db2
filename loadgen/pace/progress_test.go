package pace_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// shown is a Progress with times from the schedule's zero.
type shown struct {
	given, due, left    uint64
	begin, end, planned time.Duration
}

func (w *walk) progress(stage int) shown {
	stages, _ := w.Progress(time.Now())
	p := stages[stage]
	if !p.Begun {
		return shown{left: p.Left}
	}
	s := shown{given: p.Given, due: p.Due, left: p.Left, begin: p.Begin.Sub(w.begin), end: p.End.Sub(w.begin)}
	if p.Open {
		s.planned = p.Planned.Sub(w.begin)
	}
	return s
}

func TestTheProgressOfAStageIsThatOfItsSchedule(t *testing.T) {
	const ms = time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		w := newWalk(t.Context(), t, time.Minute,
			pace.Stage{Constant: 10, Count: 10}, pace.Stage{Max: &pace.Max{Workers: 1}, Count: 3}, pace.Stage{Constant: 10, Count: 10})
		assert.Equal(t, shown{left: 10}, w.progress(0))
		w.run(t, func(n uint64) {
			switch n {
			case 0:
				assert.Equal(t, shown{1, 1, 9, 0, 100 * ms, 100 * ms}, w.progress(0), "a request stands for the time until the next")
			case 3: // and then the generator stalls
				assert.Equal(t, shown{4, 4, 6, 0, 400 * ms, 400 * ms}, w.progress(0))
				time.Sleep(250 * ms)
				assert.Equal(t, shown{4, 5, 6, 0, 550 * ms, 550 * ms}, w.progress(0), "that of 500 is not missing yet")
			case 9:
				assert.Equal(t, shown{10, 10, 0, 0, 1000 * ms, 1000 * ms}, w.progress(0))
				assert.Equal(t, shown{left: 3}, w.progress(1))
			case 11:
				assert.Equal(t, shown{2, 2, 1, 1000 * ms, 1200 * ms, 0}, w.progress(1))
			case 13:
				assert.Equal(t, shown{3, 3, 0, 1000 * ms, 1600 * ms, 0}, w.progress(1))
				assert.Equal(t, shown{1, 2, 9, 1400 * ms, 1600 * ms, 1600 * ms}, w.progress(2), "its first request had to wait")
			case 22:
				time.Sleep(400 * ms)
			}
			if iteration := w.Iteration(n); !iteration.Open {
				time.Sleep(200 * ms)
			}
			w.Done()
		})
		assert.Equal(t, shown{10, 10, 0, 1400 * ms, 2400 * ms, 2400 * ms}, w.progress(2))
		time.Sleep(time.Hour)
		assert.Equal(t, shown{10, 10, 0, 1400 * ms, 2400 * ms, 2400 * ms}, w.progress(2), "it stays as it was")
	})
}

// Given + Lead − Ahead is the integral of the shard's rate until now.
func TestOfTheLastRequestCountsWhatHasPassedOfItsTime(t *testing.T) {
	const ms = time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		s, err := pace.New([]pace.Stage{{Constant: 4, Count: 8}})
		require.NoError(t, err)
		for index := range 2 {
			p := pace.NewPacer(t.Context(), s.Shard(pace.Shard{Index: index, Count: 2}), pace.Options{})
			begin := time.Now()
			go func() {
				for n := uint64(0); ; n++ {
					if _, stop := p.Pace(0, n); stop {
						return
					}
				}
			}()
			for range 20 {
				time.Sleep(90 * ms)
				stages, _ := p.Progress(time.Now())
				at := &stages[0]
				require.Equal(t, time.Now(), at.Until)
				assert.InDelta(t, 2*time.Since(begin).Seconds(), float64(at.Given)+at.Lead-at.Ahead, 1e-6)
			}
			time.Sleep(time.Second)
			stages, _ := p.Progress(time.Now())
			assert.Equal(t, begin.Add(2*time.Second), stages[0].Until)
			assert.Zero(t, stages[0].Ahead)
			assert.Zero(t, stages[0].Lead)
		}
	})
}

func TestTheLastLateRequestEndsItsStage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWalk(t.Context(), t, time.Minute, pace.Stage{Constant: 10, Count: 10})
		w.run(t, func(n uint64) {
			if n == 8 {
				time.Sleep(700 * time.Millisecond)
				assert.Equal(t, shown{9, 10, 1, 0, 1500 * time.Millisecond, time.Second}, w.progress(0))
			}
		})
		assert.Equal(t, shown{10, 10, 0, 0, 1500 * time.Millisecond, time.Second}, w.progress(0))
	})
}

// No time passes for a request in a pause, but for as long as the request before it stands for.
func TestAPauseIsNoTimeOfAStage(t *testing.T) {
	const ms = time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		w := newWalk(t.Context(), t, 0, pace.Stage{Constant: 1, Count: 3})
		pauses := func() time.Duration {
			_, pauses := w.Progress(time.Now())
			return pace.Within(pauses, w.begin, time.Now())
		}
		w.at(400*ms, func() {
			w.SetSpeed(0)
			assert.Equal(t, shown{1, 1, 2, 0, 1000 * ms, 1000 * ms}, w.progress(0))
		})
		w.at(900*ms, func() { assert.Zero(t, pauses()) })
		w.at(5000*ms, func() {
			assert.Equal(t, shown{1, 1, 2, 0, 5000 * ms, 3000 * ms}, w.progress(0))
			assert.Equal(t, 4000*ms, pauses(), "of 4.6 s; the first request had 0.6 s left")
			w.SetSpeed(1)
		})
		w.run(t, func(uint64) {})
		assert.Equal(t, 4600*ms, pauses())
	})
}
