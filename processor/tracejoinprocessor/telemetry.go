package tracejoinprocessor

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/hub"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/metadata"
)

// observe tells the collector's own metrics what the hub does.
func observe(b *metadata.TelemetryBuilder, h *hub.Hub) error {
	return errors.Join(
		b.RegisterTraceJoinHeldBytesCallback(one(func() int64 { return h.Counts().HeldBytes })),
		b.RegisterTraceJoinCapacityBytesCallback(one(h.Capacity)),
		b.RegisterTraceJoinWaitingSpansCallback(one(func() int64 { return h.Counts().Waiting })),
		b.RegisterTraceJoinInstancesCallback(one(func() int64 { n, _ := h.Instances(); return int64(n) })),
		b.RegisterTraceJoinInstancesEvictedCallback(one(func() int64 { _, n := h.Instances(); return int64(n) })),
		b.RegisterTraceJoinExemplarsStrippedCallback(one(func() int64 { return h.Counts().Stripped })),
		b.RegisterTraceJoinRetriesCallback(one(func() int64 { return h.Counts().Retries })),
		b.RegisterTraceJoinSpansCallback(each("state", func() map[string]int64 {
			c := h.Counts()
			return map[string]int64{
				"waited": c.Waited, "passed": c.Passed, "delivered": c.Delivered, "refused": c.Refused,
				"not_kept": c.NotKept, "undelivered": c.Undelivered, "turned_away": c.TurnedAway,
			}
		})),
		b.RegisterTraceJoinReleasedCallback(each("reason", func() map[string]int64 { return h.Counts().Released })),
		b.RegisterTraceJoinLookupsCallback(each("result", func() map[string]int64 {
			c := h.Counts()
			return map[string]int64{"answered": c.Lookups - c.LookupsFailed, "failed": c.LookupsFailed, "skipped": c.LookupsSkipped}
		})),
	)
}

func one(of func() int64) metric.Int64Callback {
	return func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(of())
		return nil
	}
}

func each(key string, of func() map[string]int64) metric.Int64Callback {
	return func(_ context.Context, o metric.Int64Observer) error {
		for value, n := range of() {
			o.Observe(n, metric.WithAttributes(attribute.String(key, value)))
		}
		return nil
	}
}
