package hub

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Retries begin after firstRetry and double, with jitter, to maxRetry.
const (
	firstRetry = 50 * time.Millisecond
	maxRetry   = 2 * time.Second
)

// together is the most spans of parcels that are delivered as one.
const together = 4096

// parcel is spans that have left, until the pipeline takes them.
type parcel struct {
	spans ptrace.Traces
	items int
	bytes int64
}

// lane delivers parcels in order, from a goroutine of its own, until each is taken
// or refused for good. Its queue is bounded by what the hub lets in.
type lane struct {
	next  consumer.Traces
	hub   *counts
	wake  chan struct{} // holds a token when there is something to look at
	ended chan struct{}
	// cancel gives deliveries up.
	ctx    context.Context
	cancel context.CancelFunc

	mu     sync.Mutex // guards what follows
	queue  []parcel   // the first one is being delivered
	closed bool
}

func newLane(next consumer.Traces, c *counts) *lane {
	l := &lane{next: next, hub: c, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	go l.deliver()
	return l
}

func (l *lane) put(p parcel) {
	if p.items == 0 {
		return
	}
	l.hub.going.Add(p.bytes)
	l.mu.Lock()
	l.queue = append(l.queue, p)
	l.mu.Unlock()
	l.poke()
}

func (l *lane) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// shutdown delivers what is queued, until ctx ends.
func (l *lane) shutdown(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.poke()
	select {
	case <-l.ended:
		return nil
	case <-ctx.Done():
	}
	l.cancel()
	l.mu.Lock()
	defer l.mu.Unlock()
	left := 0
	for _, p := range l.queue {
		left += p.items
	}
	if left == 0 {
		return nil
	}
	l.hub.undelivered.Add(int64(left))
	return fmt.Errorf("shut down with %d spans that the pipeline did not take: %w", left, ctx.Err())
}

func (l *lane) deliver() {
	defer close(l.ended)
	defer l.cancel()
	for {
		p, over := l.first()
		switch {
		case over:
			return
		case p == nil:
			<-l.wake
		default:
			l.send(p)
			if l.ctx.Err() != nil {
				return
			}
		}
	}
}

// first parcel, nil if none waits; over is true when none will come either. Those
// that have queued up meanwhile go with it, so that a pipeline that is slow or
// refuses some deliveries is asked for fewer.
func (l *lane) first() (p *parcel, over bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		return nil, l.closed
	}
	first, n := l.queue[0], 1
	for ; n < len(l.queue) && first.items+l.queue[n].items <= together; n++ {
		l.queue[n].spans.ResourceSpans().MoveAndAppendTo(first.spans.ResourceSpans())
		first.items += l.queue[n].items
		first.bytes += l.queue[n].bytes
		l.queue[n] = parcel{}
	}
	l.queue = l.queue[n-1:]
	l.queue[0] = first
	return &first, false
}

// send a parcel until it is taken. A consumer that says that it changes spans may
// have done so before it refuses them, so an image of them is kept for the next
// attempt; others get the same spans again.
func (l *lane) send(p *parcel) {
	var image []byte
	if l.next.Capabilities().MutatesData {
		// Cannot fail: it only encodes.
		image, _ = (&ptrace.ProtoMarshaler{}).MarshalTraces(p.spans)
	}
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval, wait.Multiplier = firstRetry, maxRetry, 2
	for {
		err := l.next.ConsumeTraces(l.ctx, p.spans)
		switch {
		case err == nil:
			l.settle(&l.hub.delivered)
			return
		case consumererror.IsPermanent(err):
			l.settle(&l.hub.refused)
			return
		}
		l.hub.retries.Add(1)
		if !l.pause(wait.NextBackOff()) {
			return
		}
		if image == nil {
			continue
		}
		if p.spans, err = (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(image); err != nil {
			l.settle(&l.hub.refused) // what was encoded a moment ago can be decoded
			return
		}
	}
}

// settle takes the first parcel off the queue, and counts it.
func (l *lane) settle(as *atomic.Int64) {
	l.mu.Lock()
	p := l.queue[0]
	l.queue[0] = parcel{}
	if l.queue = l.queue[1:]; len(l.queue) == 0 {
		l.queue = nil
	}
	l.mu.Unlock()
	as.Add(int64(p.items))
	l.hub.going.Add(-p.bytes)
}

func (l *lane) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.ctx.Done():
		return false
	}
}
