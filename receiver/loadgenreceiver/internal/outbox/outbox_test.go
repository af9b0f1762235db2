package outbox_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/goleak"

	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/outbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBusy = errors.New("queue is full")

// pipeline takes numbered batches and answers as told.
type pipeline struct {
	answer func(n int) error
	mu     sync.Mutex // guards got
	got    []int
}

func (p *pipeline) batch(n int) outbox.Batch {
	return outbox.Batch{Items: 10, Bytes: 100, Send: func(context.Context) error {
		if err := p.answer(n); err != nil {
			return err
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.got = append(p.got, n)
		return nil
	}}
}

func (p *pipeline) put(l *outbox.Lane, from, to int) {
	for n := from; n < to; n++ {
		l.Put(p.batch(n))
	}
}

func numbers(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

func TestAPipelineThatRefusesFor30sLosesNothingAndKeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		p := &pipeline{answer: func(int) error {
			if time.Since(begin) < 30*time.Second {
				return errBusy
			}
			return nil
		}}
		box := outbox.New(1 << 20)
		lane := box.Lane(0)
		p.put(lane, 0, 50)
		synctest.Wait()
		assert.EqualValues(t, 5000, box.Bytes())
		time.Sleep(20 * time.Second) // of the bubble's time
		p.put(lane, 50, 100)
		require.NoError(t, lane.Flush(t.Context()))
		assert.Less(t, time.Since(begin), 34*time.Second, "the last retry came late")
		require.NoError(t, box.Shutdown(t.Context()))

		assert.Equal(t, numbers(100), p.got)
		c := lane.Counts()
		assert.Equal(t, outbox.Counts{Put: 1000, Delivered: 1000, Refused: c.Refused}, c)
		assert.NotZero(t, c.Refused)
		assert.Zero(t, box.Bytes())
	})
}

func TestWhatIsOverTheBudgetIsDroppedAndCountedAndTheOlderIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := false
		p := &pipeline{answer: func(int) error {
			if !open {
				return errBusy
			}
			return nil
		}}
		box := outbox.New(1000)
		lane, other := box.Lane(0), box.Lane(0)
		p.put(lane, 0, 12)
		p.put(other, 100, 101) // the budget is that of all lanes
		synctest.Wait()
		assert.EqualValues(t, 20, lane.Counts().Dropped)
		assert.EqualValues(t, 10, other.Counts().Dropped)
		open = true
		require.NoError(t, box.Shutdown(t.Context()))
		assert.Equal(t, numbers(10), p.got)
		assert.EqualValues(t, 100, lane.Counts().Delivered)
	})
}

// Spans that a pipeline refused once took the whole budget, and the few events
// and metrics of healthy pipelines were dropped.
func TestALaneAlwaysHasRoomForItsReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var open atomic.Bool
		p := &pipeline{answer: func(int) error {
			if !open.Load() {
				return errBusy
			}
			return nil
		}}
		box := outbox.New(1000)
		big, small := box.Lane(500), box.Lane(200)
		p.put(big, 0, 12)
		p.put(small, 0, 5)
		assert.EqualValues(t, 40, big.Counts().Dropped, "all but the reserve of the other is there to be used")
		assert.EqualValues(t, 30, small.Counts().Dropped, "beyond its reserve it competes")
		assert.EqualValues(t, 1000, box.Bytes())
		open.Store(true)
		require.NoError(t, errors.Join(big.Flush(t.Context()), small.Flush(t.Context())))
		assert.Zero(t, box.Bytes())
		open.Store(false)
		p.put(small, 0, 12)
		p.put(big, 0, 7)
		assert.EqualValues(t, 100, small.Counts().Dropped, "what was given back can be used again, but for the reserve")
		assert.EqualValues(t, 60, big.Counts().Dropped)
		open.Store(true)
		require.NoError(t, box.Shutdown(t.Context()))
	})
}

func TestWhatAPipelineRefusesForGoodIsDroppedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipeline{answer: func(n int) error {
			if n == 1 {
				return consumererror.NewPermanent(errors.New("cannot be read"))
			}
			return nil
		}}
		box := outbox.New(1000)
		lane := box.Lane(0)
		p.put(lane, 0, 3)
		require.NoError(t, box.Shutdown(t.Context()))
		assert.Equal(t, []int{0, 2}, p.got)
		assert.Equal(t, outbox.Counts{Put: 30, Delivered: 20, Dropped: 10}, lane.Counts())
	})
}

func TestPutNeverWaitsForAPipelineThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		p := &pipeline{answer: func(int) error { <-release; return nil }}
		box := outbox.New(1 << 20)
		lane := box.Lane(0)
		begin := time.Now()
		p.put(lane, 0, 1000)
		assert.Zero(t, time.Since(begin))
		close(release)
		require.NoError(t, box.Shutdown(t.Context()))
		assert.EqualValues(t, 10_000, lane.Counts().Delivered)
	})
}

func TestAShutdownDeliversUntilItsTimeIsOverAndCountsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipeline{answer: func(int) error { time.Sleep(time.Second); return nil }}
		box := outbox.New(1 << 20)
		lane := box.Lane(0)
		p.put(lane, 0, 10)
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, box.Shutdown(ctx), context.DeadlineExceeded)
		want := outbox.Counts{Put: 100, Delivered: 30, Dropped: 70}
		assert.Equal(t, want, lane.Counts())
		time.Sleep(time.Minute) // the delivery that was under way has ended, and does not count twice
		assert.Equal(t, want, lane.Counts())
		lane.Put(p.batch(11))
		assert.EqualValues(t, 80, lane.Counts().Dropped)
		require.NoError(t, box.Shutdown(t.Context()))
		assert.Zero(t, box.Bytes())
	})
}

// A lane that has backed off to its longest wait must not sleep through the
// time that a shutdown has.
func TestAShutdownCutsABackOffShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var open bool
		p := &pipeline{answer: func(int) error {
			if !open {
				return errBusy
			}
			return nil
		}}
		box := outbox.New(1000)
		lane := box.Lane(0)
		p.put(lane, 0, 1)
		time.Sleep(time.Minute)
		synctest.Wait()
		open = true
		begin := time.Now()
		require.NoError(t, box.Shutdown(t.Context()))
		assert.Less(t, time.Since(begin), 200*time.Millisecond)
		assert.EqualValues(t, 10, lane.Counts().Delivered)
	})
}

func TestAFlushEndsWithItsContextOrTheLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipeline{answer: func(int) error { return errBusy }}
		box := outbox.New(1000)
		lane := box.Lane(0)
		require.NoError(t, lane.Flush(t.Context()), "nothing waits")
		p.put(lane, 0, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, lane.Flush(ctx), context.DeadlineExceeded)

		flushed := make(chan error)
		go func() { flushed <- lane.Flush(context.Background()) }()
		synctest.Wait()
		over, cancel := context.WithCancel(t.Context())
		cancel()
		require.Error(t, box.Shutdown(over))
		require.NoError(t, <-flushed)
	})
}
