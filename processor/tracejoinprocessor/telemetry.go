package tracejoinprocessor

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/hub"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/metadata"
)

// observe reports the hub in the collector's own metrics.
func observe(b *metadata.TelemetryBuilder, h *hub.Hub) error {
	return errors.Join(
		b.RegisterTraceJoinHeldBytesCallback(one(func() int64 { return h.Counts().HeldBytes })),
		b.RegisterTraceJoinCapacityBytesCallback(one(h.Capacity)),
		b.RegisterTraceJoinWaitingSpansCallback(one(func() int64 { return h.Counts().Waiting })),
		b.RegisterTraceJoinInstancesCallback(one(func() int64 { n, _ := h.Instances(); return int64(n) })),
		b.RegisterTraceJoinInstancesEvictedCallback(one(func() int64 { _, n := h.Instances(); return int64(n) })),
		b.RegisterTraceJoinExemplarsStrippedCallback(one(func() int64 { return h.Counts().Stripped })),
		b.RegisterTraceJoinLateSpansCallback(one(func() int64 { return h.Counts().Late })),
		b.RegisterTraceJoinDuplicateSpansCallback(one(func() int64 { return h.Counts().Duplicates })),
		b.RegisterTraceJoinRetriesCallback(one(func() int64 { return h.Counts().Retries })),
		b.RegisterTraceJoinLinesSkippedCallback(one(func() int64 { return h.Counts().LinesSkipped })),
		b.RegisterTraceJoinSpansCallback(each("state", func() map[string]int64 {
			c := h.Counts()
			return map[string]int64{
				"waited": c.Waited, "passed": c.Passed, "delivered": c.Delivered, "refused": c.Refused,
				"not_kept": c.NotKept, "undelivered": c.Undelivered, "rejected": c.Rejected,
			}
		})),
		b.RegisterTraceJoinPointsCallback(each("state", func() map[string]int64 {
			delivered, refused, undelivered := h.Points()
			return map[string]int64{"delivered": delivered, "refused": refused, "undelivered": undelivered}
		})),
		b.RegisterTraceJoinReleasedCallback(each("reason", func() map[string]int64 { return h.Counts().Released })),
		b.RegisterTraceJoinLookupsCallback(each("result", func() map[string]int64 {
			c := h.Counts()
			return map[string]int64{"answered": c.Lookups - c.LookupsFailed, "failed": c.LookupsFailed, "skipped": c.LookupsSkipped}
		})),
		b.RegisterTraceJoinPullsCallback(each("pull", func() map[string]int64 {
			c := h.Counts()
			return map[string]int64{"answered": c.Pulls, "failed": c.PullsFailed, "incomplete": c.PullsIncomplete}
		})),
		b.RegisterTraceJoinPulledLinesCallback(each("pulled", func() map[string]int64 {
			c := h.Counts()
			return map[string]int64{"taken": c.Pulled, "over_limit": c.PulledOver}
		})),
	)
}

// observeLoki reports the log source in them.
func observeLoki(b *metadata.TelemetryBuilder, from *lokiSource) error {
	l := from.loki
	return errors.Join(
		b.RegisterTraceJoinLokiFailuresCallback(each("error_type", from.failures)),
		b.RegisterTraceJoinLokiBytesCallback(one(func() int64 { return int64(l.Counts().Bytes) })),
		b.RegisterTraceJoinLokiFullPagesCallback(one(func() int64 { return int64(l.Counts().FullPages) })),
		b.RegisterTraceJoinLokiRequestsCallback(each("attempt", func() map[string]int64 {
			c := l.Counts()
			return map[string]int64{"first": int64(c.Requests - c.Retries), "repeated": int64(c.Retries)}
		})),
		b.RegisterTraceJoinLokiLinesCallback(each("line", func() map[string]int64 {
			c := l.Counts()
			return map[string]int64{"whole": int64(c.Lines - c.CutBodies), "cut": int64(c.CutBodies), "bad": int64(c.BadLines)}
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
