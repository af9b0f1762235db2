package outbox

import (
	"context"
	"errors"
	"sync"
)

// Batch is some items on their way to a pipeline.
type Batch struct {
	Items int // spans, data points or log records
	Bytes int // of memory, an estimate
	// Send delivers the batch. It is called again when the pipeline refused, and
	// must then hand over fresh data: a pipeline may change what it was given.
	Send func(context.Context) error
	// Dropped, if set, is called when the batch is dropped. It must not block, nor
	// call the lane.
	Dropped func()
}

// Box is the budget that lanes share.
type Box struct {
	max   int64
	lanes []*Lane

	mu   sync.Mutex // guards the used of every lane; a lane's own lock may be held
	used int64      // of all lanes
}

// New makes a box that holds at most max bytes.
func New(max int64) *Box { return &Box{max: max} }

// Lane adds a lane and starts its goroutine. The reserve is bytes of the budget
// that other lanes cannot take; those of all lanes together are at most the
// budget. All lanes are added before the first batch is put.
func (b *Box) Lane(reserve int64) *Lane {
	l := newLane(b, reserve)
	b.lanes = append(b.lanes, l)
	return l
}

// Bytes is what waits now.
func (b *Box) Bytes() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

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

// take has a lane use bytes of the budget, or says that there are none beside
// what the others use or have reserved.
func (b *Box) take(by *Lane, bytes int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	sum := by.used + int64(bytes)
	for _, l := range b.lanes {
		if l != by {
			sum += max(l.used, l.reserve)
		}
	}
	if sum > b.max {
		return false
	}
	by.used += int64(bytes)
	b.used += int64(bytes)
	return true
}

func (b *Box) give(by *Lane, bytes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	by.used -= int64(bytes)
	b.used -= int64(bytes)
}
