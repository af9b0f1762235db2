package outbox

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/collector/consumer/consumererror"
)

// Retries begin after firstRetry and double, with a jitter of half, to maxRetry.
const (
	firstRetry = 50 * time.Millisecond
	maxRetry   = 2 * time.Second
)

// Counts of a lane, in items but for Refused. Put = Delivered + Dropped +
// what waits.
type Counts struct {
	Put, Delivered, Dropped uint64
	Refused                 uint64 // deliveries that the pipeline refused and that were or will be retried
}

// Waiting is what was put and is neither delivered nor dropped yet.
func (c Counts) Waiting() uint64 { return c.Put - c.Delivered - c.Dropped }

// Lane is a queue of batches and the goroutine that delivers them.
type Lane struct {
	box     *Box
	reserve int64         // bytes of the box
	used    int64         // bytes of the box; its lock guards them
	wake    chan struct{} // holds a token when there is something to look at
	closing chan struct{} // closed when the shutdown begins
	hurry   chan struct{} // the same until the goroutine has seen it, then nil; the goroutine's own
	ended   chan struct{} // closed when the goroutine has ended
	ctx     context.Context
	cancel  context.CancelFunc // gives deliveries up

	mu     sync.Mutex // guards what follows
	queue  []Batch    // the first one is being delivered
	counts Counts
	closed bool
	left   bool            // the shutdown has counted what was in the queue
	idle   []chan struct{} // closed when the queue is empty
}

func newLane(b *Box, reserve int64) *Lane {
	l := &Lane{
		box:     b,
		reserve: reserve,
		wake:    make(chan struct{}, 1),
		closing: make(chan struct{}),
		ended:   make(chan struct{}),
	}
	l.hurry = l.closing
	l.ctx, l.cancel = context.WithCancel(context.Background())
	go l.deliver()
	return l
}

// Put adds a batch, or drops it if it does not fit the budget. It never blocks.
func (l *Lane) Put(b Batch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.Put += uint64(b.Items)
	if l.closed || !l.box.take(l, b.Bytes) {
		l.drop(b)
		return
	}
	l.queue = append(l.queue, b)
	l.poke()
}

// Counts until now.
func (l *Lane) Counts() Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts
}

// Flush waits until nothing waits, or ctx ends, or the lane has ended.
func (l *Lane) Flush(ctx context.Context) error {
	l.mu.Lock()
	if len(l.queue) == 0 {
		l.mu.Unlock()
		return nil
	}
	empty := make(chan struct{})
	l.idle = append(l.idle, empty)
	l.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *Lane) shutdown(ctx context.Context) error {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.closing)
	}
	l.poke()
	l.mu.Unlock()
	select {
	case <-l.ended:
		return nil
	case <-ctx.Done():
	}
	l.cancel()
	if n := l.leave(); n > 0 {
		return fmt.Errorf("shut down with %d items undelivered: %w", n, ctx.Err())
	}
	return nil
}

// leave drops what is in the queue, also the batch whose delivery is under way:
// a pipeline that does not honour its context may keep that one for ever.
func (l *Lane) leave() (items uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left = true
	for len(l.queue) > 0 {
		items += uint64(l.queue[0].Items)
		l.drop(l.pop())
	}
	return items
}

// drop counts a batch that is not, or no longer, in the queue. l.mu is held.
func (l *Lane) drop(b Batch) {
	l.counts.Dropped += uint64(b.Items)
	if b.Dropped != nil {
		b.Dropped()
	}
}

// pop takes the first batch off the queue. l.mu is held.
func (l *Lane) pop() Batch {
	b := l.queue[0]
	l.queue[0] = Batch{} // let its memory go
	l.queue = l.queue[1:]
	l.box.give(l, b.Bytes)
	if len(l.queue) > 0 {
		return b
	}
	l.queue = nil
	for _, empty := range l.idle {
		close(empty)
	}
	l.idle = nil
	return b
}

func (l *Lane) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// deliver is the lane's goroutine.
func (l *Lane) deliver() {
	defer close(l.ended)
	defer l.cancel()
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval, wait.Multiplier = firstRetry, maxRetry, 2
	for {
		batch, over := l.next()
		switch {
		case over:
			return
		case batch == nil:
			<-l.wake
		case l.settle(batch.Send(l.ctx)):
			wait.Reset()
		default:
			l.pause(wait)
		}
	}
}

// next is the batch to deliver, nil if none waits; over is true when none will
// come either.
func (l *Lane) next() (b *Batch, over bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) > 0 {
		first := l.queue[0]
		return &first, false
	}
	return nil, l.closed
}

// settle counts what became of the first batch, and reports whether it is done with.
func (l *Lane) settle(err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.left: // counted as dropped already
	case err == nil:
		l.counts.Delivered += uint64(l.pop().Items)
	case consumererror.IsPermanent(err):
		l.drop(l.pop())
	default:
		l.counts.Refused++
		return false
	}
	return true
}

// pause waits before a retry. When a shutdown begins it starts over with the
// shortest wait, since there is little time left.
func (l *Lane) pause(wait *backoff.ExponentialBackOff) {
	timer := time.NewTimer(wait.NextBackOff())
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.ctx.Done():
	case <-l.hurry:
		l.hurry = nil
		wait.Reset()
	}
}
