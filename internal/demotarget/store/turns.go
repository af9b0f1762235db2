package store

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/otel/metric"
)

// turns let a number of lookups be under way at a time, and count them.
type turns struct {
	places chan struct{} // nil: no limit
	counts *turnCounts
}

type turnCounts struct{ used, waiting atomic.Int64 }

func newTurns(limit int) turns {
	t := turns{counts: new(turnCounts)}
	if limit > 0 {
		t.places = make(chan struct{}, limit)
	}
	return t
}

// take waits for a turn, no longer than a lookup may take. Each is given back.
func (t turns) take(ctx context.Context) error {
	if t.places != nil {
		if err := t.wait(ctx); err != nil {
			return err
		}
	}
	t.counts.used.Add(1)
	return nil
}

func (t turns) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	t.counts.waiting.Add(1)
	defer t.counts.waiting.Add(-1)
	select {
	case t.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turns) give() {
	t.counts.used.Add(-1)
	if t.places != nil {
		<-t.places
	}
}

// Observe makes meter report auth.store.lookups.active and
// auth.store.lookups.pending: lookups under way, and those that wait for one of
// the pool's connections.
func (c *Client) Observe(meter metric.Meter) error {
	active, err := meter.Int64ObservableUpDownCounter("auth.store.lookups.active",
		metric.WithUnit("{lookup}"), metric.WithDescription("Lookups in the store that are under way."))
	if err != nil {
		return err
	}
	pending, err := meter.Int64ObservableUpDownCounter("auth.store.lookups.pending",
		metric.WithUnit("{lookup}"), metric.WithDescription("Lookups that wait for a connection to the store."))
	if err != nil {
		return err
	}
	_, err = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		o.ObserveInt64(active, c.turns.counts.used.Load())
		o.ObserveInt64(pending, c.turns.counts.waiting.Load())
		return nil
	}, active, pending)
	return err
}
