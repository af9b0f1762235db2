package queue_test

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

	"github.com/loadtrace/loadtrace/internal/queue"
	"github.com/loadtrace/loadtrace/internal/queue/queuetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBusy = errors.New("queue is full")

// pipeline takes numbered batches and answers as told.
type pipeline struct {
	answer func(n int) error
	mu     sync.Mutex // guards got
	got    []int
}

// queue of numbers.
func (p *pipeline) queue(b queue.Budget) *queue.Queue[int] {
	return queue.New(queue.Options[int]{Budget: b, Send: func(_ context.Context, n *int) error {
		if err := p.answer(*n); err != nil {
			return err
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.got = append(p.got, *n)
		return nil
	}})
}

func numbered(n int) queue.Batch[int] { return queue.Batch[int]{Items: 10, Bytes: 100, Data: n} }

func put(q *queue.Queue[int], from, to int) {
	for n := from; n < to; n++ {
		q.Put(numbered(n))
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
		pool := queue.NewPool(1 << 20)
		q := p.queue(pool.Share(0))
		put(q, 0, 50)
		synctest.Wait()
		assert.EqualValues(t, 5000, pool.Bytes())
		time.Sleep(20 * time.Second) // of the bubble's time
		put(q, 50, 100)
		require.NoError(t, q.Flush(t.Context()))
		assert.Less(t, time.Since(begin), 34*time.Second, "the last retry came late")
		require.NoError(t, queue.Shutdown(t.Context(), q))

		assert.Equal(t, numbers(100), p.got)
		c := q.Counts()
		assert.Equal(t, queue.Counts{Put: 1000, Delivered: 1000, Retries: c.Retries}, c)
		assert.NotZero(t, c.Retries)
		assert.Zero(t, pool.Bytes())
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
		pool := queue.NewPool(1000)
		q, other := p.queue(pool.Share(0)), p.queue(pool.Share(0))
		put(q, 0, 12)
		put(other, 100, 101) // the budget is that of all queues
		synctest.Wait()
		assert.EqualValues(t, 20, q.Counts().Dropped())
		assert.EqualValues(t, 10, other.Counts().Dropped())
		open = true
		require.NoError(t, queue.Shutdown(t.Context(), q, other))
		assert.Equal(t, numbers(10), p.got)
		assert.EqualValues(t, 100, q.Counts().Delivered)
	})
}

// Spans that a pipeline refused once took the whole budget, and the few events
// and metrics of healthy pipelines were dropped.
func TestAQueueAlwaysHasRoomForItsReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var open atomic.Bool
		p := &pipeline{answer: func(int) error {
			if !open.Load() {
				return errBusy
			}
			return nil
		}}
		pool := queue.NewPool(1000)
		big, small := p.queue(pool.Share(500)), p.queue(pool.Share(200))
		put(big, 0, 12)
		put(small, 0, 5)
		assert.EqualValues(t, 40, big.Counts().Dropped(), "all but the reserve of the other is there to be used")
		assert.EqualValues(t, 30, small.Counts().Dropped(), "beyond its reserve it competes")
		assert.EqualValues(t, 1000, pool.Bytes())
		open.Store(true)
		require.NoError(t, errors.Join(big.Flush(t.Context()), small.Flush(t.Context())))
		assert.Zero(t, pool.Bytes())
		open.Store(false)
		put(small, 0, 12)
		put(big, 0, 7)
		assert.EqualValues(t, 100, small.Counts().Dropped(), "what was given back can be used again, but for the reserve")
		assert.EqualValues(t, 60, big.Counts().Dropped())
		open.Store(true)
		require.NoError(t, queue.Shutdown(t.Context(), big, small))
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
		pool := queue.NewPool(1000)
		q := p.queue(pool.Share(0))
		put(q, 0, 3)
		require.NoError(t, queue.Shutdown(t.Context(), q))
		assert.Equal(t, []int{0, 2}, p.got)
		assert.Equal(t, queue.Counts{Put: 30, Delivered: 20, Refused: 10}, q.Counts())
	})
}

func TestPutNeverWaitsForAPipelineThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		p := &pipeline{answer: func(int) error { <-release; return nil }}
		pool := queue.NewPool(1 << 20)
		q := p.queue(pool.Share(0))
		begin := time.Now()
		put(q, 0, 1000)
		assert.Zero(t, time.Since(begin))
		close(release)
		require.NoError(t, queue.Shutdown(t.Context(), q))
		assert.EqualValues(t, 10_000, q.Counts().Delivered)
	})
}

func TestAShutdownDeliversUntilItsTimeIsOverAndCountsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipeline{answer: func(int) error { time.Sleep(time.Second); return nil }}
		pool := queue.NewPool(1 << 20)
		q := p.queue(pool.Share(0))
		put(q, 0, 10)
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, queue.Shutdown(ctx, q), context.DeadlineExceeded)
		want := queue.Counts{Put: 100, Delivered: 30, Undelivered: 70}
		assert.Equal(t, want, q.Counts())
		time.Sleep(time.Minute) // the delivery that was under way has ended, and does not count twice
		assert.Equal(t, want, q.Counts())
		q.Put(numbered(11))
		assert.EqualValues(t, 80, q.Counts().Dropped())
		require.NoError(t, queue.Shutdown(t.Context(), q))
		assert.Zero(t, pool.Bytes())
	})
}

// A queue that has backed off to its longest wait must not sleep through the
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
		pool := queue.NewPool(1000)
		q := p.queue(pool.Share(0))
		put(q, 0, 1)
		time.Sleep(time.Minute)
		synctest.Wait()
		open = true
		begin := time.Now()
		require.NoError(t, queue.Shutdown(t.Context(), q))
		assert.Less(t, time.Since(begin), 200*time.Millisecond)
		assert.EqualValues(t, 10, q.Counts().Delivered)
	})
}

func TestAFlushEndsWithItsContextOrTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipeline{answer: func(int) error { return errBusy }}
		pool := queue.NewPool(1000)
		q := p.queue(pool.Share(0))
		require.NoError(t, q.Flush(t.Context()), "nothing waits")
		put(q, 0, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, q.Flush(ctx), context.DeadlineExceeded)

		flushed := make(chan error)
		go func() { flushed <- q.Flush(context.Background()) }()
		synctest.Wait()
		over, cancel := context.WithCancel(t.Context())
		cancel()
		require.Error(t, queue.Shutdown(over, q))
		require.NoError(t, <-flushed)
	})
}

// What queues up behind a slow delivery goes as one, in order, up to a number of items;
// what an attempt was made with stays as it is.
func TestBatchesThatQueueUpAreMerged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		attempts := 0
		q := queue.New(queue.Options[string]{
			Merge: func(first *string, next string) { *first += next }, MergeItems: 30,
			Send: func(_ context.Context, s *string) error {
				time.Sleep(time.Second)
				if attempts++; attempts == 1 {
					return errBusy
				}
				got = append(got, *s)
				return nil
			},
		})
		for _, s := range []string{"a", "b", "c", "d", "e"} {
			q.Put(queue.Batch[string]{Items: 10, Data: s})
			synctest.Wait()
		}
		require.NoError(t, queue.Shutdown(t.Context(), q, nil))
		assert.Equal(t, []string{"a", "bcd", "e"}, got)
		assert.Equal(t, queue.Counts{Put: 50, Delivered: 50, Retries: 1}, q.Counts())
	})
}

func TestWhatIsDroppedIsGivenBackOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dropped []int
		q := queue.New(queue.Options[int]{
			Budget:  queue.NewPool(400).Share(0),
			Dropped: func(n *int) { dropped = append(dropped, *n) },
			Send: func(_ context.Context, n *int) error {
				switch *n {
				case 0:
					return consumererror.NewPermanent(errors.New("cannot be read"))
				case 1:
					return nil
				}
				time.Sleep(time.Hour)
				return nil
			},
		})
		put(q, 0, 6) // two have no room
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, queue.Shutdown(ctx, q), context.DeadlineExceeded)
		put(q, 6, 7)
		time.Sleep(2 * time.Hour)
		assert.Equal(t, []int{4, 5, 0, 2, 3, 6}, dropped)
		assert.Equal(t, queue.Counts{Put: 70, Delivered: 10, Rejected: 30, Refused: 10, Undelivered: 20}, q.Counts())
	})
}

// drained is a queue as queuetest sees it.
type drained struct {
	*queue.Queue[int]
	pool *queue.Pool
}

func (d drained) Put(_ *testing.T, items int) {
	d.Queue.Put(queue.Batch[int]{Items: items, Bytes: int64(items)})
}
func (d drained) Shutdown(ctx context.Context) error { return queue.Shutdown(ctx, d.Queue) }
func (d drained) Figures() queuetest.Figures {
	c := d.Counts()
	return queuetest.Figures{
		Made: int64(c.Put), Delivered: int64(c.Delivered), Dropped: int64(c.Dropped()), Waiting: int64(c.Waiting()), Bytes: d.pool.Bytes(),
	}
}

func TestEveryItemEndsOnceAtTheEndOfADrain(t *testing.T) {
	queuetest.EachDrain(t, func(_ *testing.T, consume queuetest.Consume) queuetest.User {
		pool := queue.NewPool(1000)
		return drained{pool: pool, Queue: queue.New(queue.Options[int]{
			Budget: pool.Share(0),
			Send:   func(ctx context.Context, _ *int) error { return consume(ctx) },
		})}
	})
}
