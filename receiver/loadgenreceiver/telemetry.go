package loadgenreceiver

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/loadtrace/loadtrace/internal/queue"
)

// observe tells the collector's own metrics what becomes of the run's
// telemetry, from its start on.
func (g *generator) observe() error {
	b := g.telemetry
	return errors.Join(
		b.RegisterLoadgenSpansMadeCallback(g.total(func(r *run) uint64 { return r.spans().Made })),
		b.RegisterLoadgenQueueBytesCallback(g.total(func(r *run) uint64 { return uint64(r.out.budget.Bytes()) })),
		b.RegisterLoadgenSeriesOverflowedCallback(g.total((*run).overflowed)),
		b.RegisterLoadgenItemsDeliveredCallback(g.bySignal(func(c queue.Counts) uint64 { return c.Delivered })),
		b.RegisterLoadgenItemsDroppedCallback(g.bySignal(func(c queue.Counts) uint64 { return c.Dropped() })),
		b.RegisterLoadgenRefusedCallback(g.bySignal(func(c queue.Counts) uint64 { return c.Retries })),
	)
}

func (g *generator) total(of func(*run) uint64) metric.Int64Callback {
	return func(_ context.Context, o metric.Int64Observer) error {
		if r := g.run.Load(); r != nil {
			o.Observe(int64(of(r)))
		}
		return nil
	}
}

func (g *generator) bySignal(of func(queue.Counts) uint64) metric.Int64Callback {
	return func(_ context.Context, o metric.Int64Observer) error {
		r := g.run.Load()
		if r == nil {
			return nil
		}
		for signal, q := range map[string]*queue.Queue[payload]{
			"traces": r.out.traces, "metrics": r.out.metrics, "logs": r.out.logs,
		} {
			if q != nil {
				o.Observe(int64(of(q.Counts())), metric.WithAttributes(attribute.String("signal", signal)))
			}
		}
		return nil
	}
}
