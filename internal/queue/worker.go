package queue

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/collector/consumer/consumererror"
)

// Retries begin after firstRetry and double, with a jitter of half, to maxRetry.
const (
	firstRetry = 50 * time.Millisecond
	maxRetry   = 2 * time.Second
)

// worker delivers the batches of a queue. All of it is its goroutine's own.
type worker[T any] struct {
	*Queue[T]
	ctx  context.Context
	wait *backoff.ExponentialBackOff
	soon <-chan struct{} // the queue's stopping, until the worker has seen it
	data T               // of the batch that is being delivered
}

func newWorker[T any](q *Queue[T]) *worker[T] {
	w := &worker[T]{Queue: q, wait: backoff.NewExponentialBackOff(), soon: q.stopping}
	w.wait.InitialInterval, w.wait.MaxInterval, w.wait.Multiplier = firstRetry, maxRetry, 2
	w.ctx, q.cancel = context.WithCancel(context.Background())
	return w
}

func (w *worker[T]) run() {
	defer close(w.ended)
	defer w.cancel()
	for {
		switch found, over := w.next(); {
		case over:
			return
		case found:
			w.deliver()
		default:
			<-w.wake
		}
	}
}

// next has the first batch delivered next, with those that are merged into it. found
// is false if none waits; over is true when none will come either.
func (w *worker[T]) next() (found, over bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) == 0 {
		return false, w.closed
	}
	if w.o.Merge != nil {
		w.merge()
	}
	w.data = w.queue[0].Data
	return true, false
}

// merge makes one batch of the first ones. w.mu is held.
func (w *worker[T]) merge() {
	first, n := w.queue[0], 1
	for ; n < len(w.queue) && first.Items+w.queue[n].Items <= w.o.MergeItems; n++ {
		w.o.Merge(&first.Data, w.queue[n].Data)
		first.Items += w.queue[n].Items
		first.Bytes += w.queue[n].Bytes
		w.queue[n] = Batch[T]{}
	}
	w.queue = w.queue[n-1:]
	w.queue[0] = first
}

// deliver the first batch: try until it is done with.
func (w *worker[T]) deliver() {
	w.wait.Reset()
	for !w.settle(w.o.Send(w.ctx, &w.data)) {
		w.pause()
	}
	var none T
	w.data = none // let its memory go
}

// settle counts what became of the first batch, and reports whether it is done with.
func (w *worker[T]) settle(err error) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.over: // the shutdown has dropped it, and counted it
	case err == nil:
		w.counts.Delivered += uint64(w.pop().Items)
	case consumererror.IsPermanent(err):
		b := w.pop()
		w.drop(&b, &w.counts.Refused)
	default:
		w.counts.Retries++
		return false
	}
	return true
}

// pause waits before a retry. When a shutdown begins it starts over with the shortest
// wait, since there is little time left.
func (w *worker[T]) pause() {
	timer := time.NewTimer(w.wait.NextBackOff())
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.ctx.Done():
	case <-w.soon:
		w.soon = nil
		w.wait.Reset()
	}
}
