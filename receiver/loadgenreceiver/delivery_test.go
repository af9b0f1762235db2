package loadgenreceiver

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/queue"
	"github.com/loadtrace/loadtrace/internal/queue/queuetest"
	"github.com/loadtrace/loadtrace/loadgen"
)

// answering is a pipeline of any signal that answers as queuetest wants.
type answering struct {
	consumertest.Consumer
	consume queuetest.Consume
}

func (a answering) ConsumeTraces(ctx context.Context, _ ptrace.Traces) error { return a.consume(ctx) }
func (a answering) ConsumeMetrics(ctx context.Context, _ pmetric.Metrics) error {
	return a.consume(ctx)
}
func (a answering) ConsumeLogs(ctx context.Context, _ plog.Logs) error { return a.consume(ctx) }

// draining is one queue of a delivery as queuetest sees it.
type draining struct {
	*delivery
	queue *queue.Queue[payload]
	put   func(d *delivery, items int)
}

func (d draining) Put(_ *testing.T, items int) { d.put(d.delivery, items) }

func (d draining) Shutdown(ctx context.Context) error { return d.shutdown(ctx) }

func (d draining) Figures() queuetest.Figures {
	c := d.queue.Counts()
	return queuetest.Figures{
		Made: int64(c.Put), Delivered: int64(c.Delivered), Dropped: int64(c.Dropped()), Waiting: int64(c.Waiting()),
		Bytes: d.budget.Bytes(),
	}
}

func TestEveryItemEndsOnceAtTheEndOfADrain(t *testing.T) {
	for signal, c := range map[string]struct {
		of  func(*delivery) *queue.Queue[payload]
		put func(d *delivery, items int)
	}{
		"records": {func(d *delivery) *queue.Queue[payload] { return d.traces }, func(d *delivery, items int) {
			d.putRecords(make([]loadgen.Record, items), func([]loadgen.Record) ptrace.Traces { return someSpans(items) })
		}},
		"spans":   {func(d *delivery) *queue.Queue[payload] { return d.traces }, func(d *delivery, items int) { d.putTraces(someSpans(items), nil) }},
		"metrics": {func(d *delivery) *queue.Queue[payload] { return d.metrics }, func(d *delivery, items int) { d.putMetrics(somePoints(items)) }},
		"events":  {func(d *delivery) *queue.Queue[payload] { return d.logs }, func(d *delivery, items int) { d.putLogs(someEvents(items)) }},
	} {
		t.Run(signal, func(t *testing.T) {
			queuetest.EachDrain(t, func(t *testing.T, consume queuetest.Consume) queuetest.User {
				a := answering{consumertest.NewNop(), consume}
				d, err := newDelivery(consumers{a, a, a}, settings(), 1<<20)
				require.NoError(t, err)
				return draining{d, c.of(d), c.put}
			})
		})
	}
}

func someSpans(n int) ptrace.Traces {
	traces := ptrace.NewTraces()
	spans := traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for range n {
		spans.AppendEmpty()
	}
	return traces
}

func somePoints(n int) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	points := metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty().SetEmptySum().DataPoints()
	for range n {
		points.AppendEmpty()
	}
	return metrics
}

func someEvents(n int) plog.Logs {
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for range n {
		records.AppendEmpty()
	}
	return logs
}
