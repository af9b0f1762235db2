// Package queuetest has what every user of package queue must hold at its end, as a
// test that each of them passes.
package queuetest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/consumer/consumererror"
)

// Figures are what a user reports of its items.
type Figures struct {
	Made, Delivered, Dropped, Waiting int64
	Bytes                             int64 // that it holds
}

// User is something that delivers through queues.
type User interface {
	// Put makes items, and returns when they are in a queue.
	Put(t *testing.T, items int)
	// Shutdown drains what waits until ctx ends.
	Shutdown(ctx context.Context) error
	Figures() Figures
}

// Consume is a pipeline's answer to one attempt to deliver.
type Consume func(context.Context) error

// drain is how long a shutdown has.
const drain = 5 * time.Second

var (
	errBusy = errors.New("busy")
	errBad  = consumererror.NewPermanent(errors.New("cannot be read"))
)

// drains are pipelines, by what they do with the attempts of a drain. The first attempt
// is of 2 items; those of the other 3 come while it is under way, or after it.
var drains = []struct {
	pipeline  string
	consume   func() Consume
	delivered int64
	late      bool // the shutdown runs out of time
}{
	{"takes at once", answer(0, nil), 5, false},
	{"takes in time", answer(time.Second, nil), 5, false},
	{"refuses for good", answer(0, errBad), 0, false},
	{"refuses", answer(0, errBusy), 0, true},
	{"blocks past the end, then takes", answer(time.Minute, nil), 0, true},
	{"blocks past the end, then refuses", answer(time.Minute, errBusy), 0, true},
	{"blocks past the end, then refuses for good", answer(time.Minute, errBad), 0, true},
	{"blocks until the end, then gives up", atTheEnd(context.Context.Err), 0, true},
	{"blocks until the end, then takes", atTheEnd(func(context.Context) error { return nil }), 0, true},
	{"takes the first, then blocks past the end", then(answer(0, nil), answer(time.Minute, nil)), 2, true},
	{"refuses, then takes", then(answer(0, errBusy), answer(0, nil)), 5, false},
	{"refuses, then blocks past the end", then(answer(0, errBusy), answer(time.Minute, nil)), 0, true},
}

func answer(after time.Duration, err error) func() Consume {
	return func() Consume {
		return func(context.Context) error { time.Sleep(after); return err }
	}
}

func atTheEnd(err func(context.Context) error) func() Consume {
	return func() Consume {
		return func(ctx context.Context) error { <-ctx.Done(); return err(ctx) }
	}
}

// then answers the first attempt in one way and those after it in another.
func then(first, others func() Consume) func() Consume {
	return func() Consume {
		var attempts atomic.Int64
		return func(ctx context.Context) error {
			if attempts.Add(1) == 1 {
				return first()(ctx)
			}
			return others()(ctx)
		}
	}
}

// EachDrain shuts users down while a pipeline does what pipelines do, and checks that
// every item has ended once, as delivered or as dropped, and that nothing of it changes
// when a delivery ends that was under way.
//
// The join once counted spans as lost at the end of a drain, and again as delivered
// when the pipeline took them after all.
func EachDrain(t *testing.T, start func(t *testing.T, consume Consume) User) {
	for _, d := range drains {
		t.Run(d.pipeline, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u := start(t, d.consume())
				u.Put(t, 2)
				synctest.Wait() // the first attempt is under way, or over
				u.Put(t, 3)
				ctx, cancel := context.WithTimeout(t.Context(), drain)
				defer cancel()
				if err := u.Shutdown(ctx); d.late {
					assert.ErrorIs(t, err, context.DeadlineExceeded)
				} else {
					assert.NoError(t, err)
				}
				want := Figures{Made: 5, Delivered: d.delivered, Dropped: 5 - d.delivered}
				assert.Equal(t, want, u.Figures(), "at the end of the drain")
				time.Sleep(time.Hour)
				synctest.Wait()
				assert.Equal(t, want, u.Figures(), "an hour later")
			})
		})
	}
}
