package hub

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/queue/queuetest"
)

// draining is a hub as queuetest sees it.
type draining struct {
	*Hub
	made int
}

func (d *draining) Put(t *testing.T, items int) {
	td := ptrace.NewTraces()
	for range items {
		alone(d.made, true).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
		d.made++
	}
	require.NoError(t, d.Traces(t.Context(), td))
	time.Sleep(2 * d.o.Wait)
}

func (d *draining) Figures() queuetest.Figures {
	c := d.Counts()
	return queuetest.Figures{
		Made: c.Waited, Delivered: c.Delivered, Dropped: c.Refused + c.Undelivered, Waiting: c.Waiting, Bytes: c.HeldBytes,
	}
}

// answering is a pipeline that answers as queuetest wants.
type answering struct {
	consume queuetest.Consume
	changes bool
}

func (a answering) ConsumeTraces(ctx context.Context, _ ptrace.Traces) error { return a.consume(ctx) }
func (a answering) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: a.changes}
}

func TestEverySpanEndsOnceAtTheEndOfADrain(t *testing.T) {
	for name, changes := range map[string]bool{"that reads": false, "that changes spans": true} {
		t.Run(name, func(t *testing.T) {
			queuetest.EachDrain(t, func(_ *testing.T, consume queuetest.Consume) queuetest.User {
				o := options()
				o.Wait, o.Shards, o.DrainTimeout = 10*time.Millisecond, 1, time.Hour
				h := New(o, Consumers{Traces: answering{consume, changes}})
				h.Start()
				return &draining{Hub: h}
			})
		})
	}
}
