package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Batch is some items on their way to a pipeline.
type Batch[T any] struct {
	Items int   // spans, data points or log records
	Bytes int64 // of memory, an estimate
	Data  T
}

// Options of a queue.
type Options[T any] struct {
	// Send makes one attempt to deliver a batch, on the worker's goroutine. It is called
	// again with the same data where the pipeline refused, and must then hand over what
	// it handed over before: a pipeline may change what it is given. An error that is
	// permanent (see consumererror) ends the attempts.
	Send func(context.Context, *T) error
	// Dropped, if set, is called with what is dropped. It must not block, nor call the
	// queue. A Send may be at work with the same data.
	Dropped func(*T)
	// Budget bounds the bytes that wait; nil for no bound.
	Budget Budget
	// Merge, if set, moves next into first. Batches that have queued up are then
	// delivered as one, of MergeItems items at most, so that a pipeline that is slow or
	// refuses is asked less often.
	Merge      func(first *T, next T)
	MergeItems int
}

// Counts of a queue, in items but for Retries.
type Counts struct {
	Put, Delivered uint64
	Rejected       uint64 // dropped for want of room, or put after a shutdown began
	Refused        uint64 // dropped since the pipeline refused them for good
	Undelivered    uint64 // dropped since a shutdown ran out of time
	Retries        uint64 // attempts that the pipeline refused, and that were or will be made again
}

// Dropped is what will not be delivered.
func (c Counts) Dropped() uint64 { return c.Rejected + c.Refused + c.Undelivered }

// Waiting is what was put and is neither delivered nor dropped yet.
func (c Counts) Waiting() uint64 { return c.Put - c.Delivered - c.Dropped() }

// Plus is the sum of the counts of two queues.
func (c Counts) Plus(d Counts) Counts {
	return Counts{
		Put: c.Put + d.Put, Delivered: c.Delivered + d.Delivered, Rejected: c.Rejected + d.Rejected,
		Refused: c.Refused + d.Refused, Undelivered: c.Undelivered + d.Undelivered, Retries: c.Retries + d.Retries,
	}
}

// Queue is batches that wait, and the worker that delivers them.
type Queue[T any] struct {
	o        Options[T]
	wake     chan struct{}      // holds a token when there is something to look at
	stopping chan struct{}      // closed when the shutdown begins
	ended    chan struct{}      // closed when the worker has ended
	cancel   context.CancelFunc // gives up the delivery under way

	mu     sync.Mutex // guards what follows
	queue  []Batch[T] // the first one is being delivered
	counts Counts
	closed bool            // a shutdown has begun
	over   bool            // it has run out of time, and dropped what was in the queue
	idle   []chan struct{} // closed when the queue is empty
}

// New makes a queue and starts its worker.
func New[T any](o Options[T]) *Queue[T] {
	q := &Queue[T]{o: o, wake: make(chan struct{}, 1), stopping: make(chan struct{}), ended: make(chan struct{})}
	go newWorker(q).run()
	return q
}

// Put adds a batch, or drops it if there is no room for it. It never blocks.
func (q *Queue[T]) Put(b Batch[T]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.counts.Put += uint64(b.Items)
	if q.closed || q.o.Budget != nil && !q.o.Budget.Take(b.Bytes) {
		q.drop(&b, &q.counts.Rejected)
		return
	}
	q.queue = append(q.queue, b)
	q.poke()
}

// Counts until now. They are of one moment.
func (q *Queue[T]) Counts() Counts {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.counts
}

// Flush waits until nothing waits, or ctx ends, or the queue was shut down.
func (q *Queue[T]) Flush(ctx context.Context) error {
	q.mu.Lock()
	if len(q.queue) == 0 {
		q.mu.Unlock()
		return nil
	}
	empty := make(chan struct{})
	q.idle = append(q.idle, empty)
	q.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Shutdown delivers what waits in some queues until ctx ends, drops the rest, and ends
// the workers. It waits for a delivery under way only as long as ctx allows. What is put
// after it began is dropped. It may be called again. Queues that are nil are passed over.
func Shutdown[T any](ctx context.Context, queues ...*Queue[T]) error {
	var wg sync.WaitGroup
	errs := make([]error, len(queues))
	for i, q := range queues {
		if q != nil {
			wg.Go(func() { errs[i] = q.shutdown(ctx) })
		}
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (q *Queue[T]) shutdown(ctx context.Context) error {
	q.mu.Lock()
	if !q.closed {
		q.closed = true
		close(q.stopping)
	}
	q.poke()
	q.mu.Unlock()
	select {
	case <-q.ended:
		return nil
	case <-ctx.Done():
	}
	if n := q.leave(); n > 0 {
		return fmt.Errorf("shut down with %d items undelivered: %w", n, ctx.Err())
	}
	return nil
}

// leave drops what is in the queue, also the batch whose delivery is under way: a
// pipeline that does not honour its context may keep that one for ever. It is counted
// here and now, and over keeps the worker from counting it again.
func (q *Queue[T]) leave() (items uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.over = true
	for len(q.queue) > 0 {
		b := q.pop()
		items += uint64(b.Items)
		q.drop(&b, &q.counts.Undelivered)
	}
	q.cancel()
	return items
}

// drop counts a batch that is not, or no longer, in the queue. q.mu is held.
func (q *Queue[T]) drop(b *Batch[T], as *uint64) {
	*as += uint64(b.Items)
	if q.o.Dropped != nil {
		q.o.Dropped(&b.Data)
	}
}

// pop takes the first batch off the queue. q.mu is held.
func (q *Queue[T]) pop() Batch[T] {
	b := q.queue[0]
	q.queue[0] = Batch[T]{} // let its memory go
	q.queue = q.queue[1:]
	if q.o.Budget != nil {
		q.o.Budget.Give(b.Bytes)
	}
	if len(q.queue) > 0 {
		return b
	}
	q.queue = nil
	for _, empty := range q.idle {
		close(empty)
	}
	q.idle = nil
	return b
}

func (q *Queue[T]) poke() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
