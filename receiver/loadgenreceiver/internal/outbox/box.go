package outbox

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// Batch is some items on their way to a pipeline.
type Batch struct {
	Items int // spans, data points or log records
	Bytes int // of memory, an estimate
	// Send delivers the batch. It is called again when the pipeline refused, and
	// must then hand over fresh data: a pipeline may change what it was given.
	Send func(context.Context) error
}

// Box is the budget that lanes share.
type Box struct {
	max   int64
	used  atomic.Int64
	lanes []*Lane
}

// New makes a box that holds at most max bytes.
func New(max int64) *Box { return &Box{max: max} }

// Lane adds a lane and starts its goroutine. All lanes are added before the
// first batch is put.
func (b *Box) Lane() *Lane {
	l := newLane(b)
	b.lanes = append(b.lanes, l)
	return l
}

// Bytes is what waits now.
func (b *Box) Bytes() int64 { return b.used.Load() }

// Shutdown delivers what waits until ctx ends, drops the rest, and ends the
// goroutines. It waits for a delivery under way only as long as ctx allows.
// Batches put after it began are dropped. It may be called again.
func (b *Box) Shutdown(ctx context.Context) error { return Shutdown(ctx, b.lanes...) }

// Shutdown is that of a box, for some of its lanes; nil ones are passed over.
func Shutdown(ctx context.Context, lanes ...*Lane) error {
	var wg sync.WaitGroup
	errs := make([]error, len(lanes))
	for i, l := range lanes {
		if l != nil {
			wg.Go(func() { errs[i] = l.shutdown(ctx) })
		}
	}
	wg.Wait()
	return errors.Join(errs...)
}

// take reserves bytes of the budget, or says that there are none.
func (b *Box) take(bytes int) bool {
	if b.used.Add(int64(bytes)) <= b.max {
		return true
	}
	b.used.Add(-int64(bytes))
	return false
}

func (b *Box) give(bytes int) { b.used.Add(-int64(bytes)) }
