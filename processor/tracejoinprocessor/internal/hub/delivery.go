package hub

import (
	"context"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/queue"
)

// mergedSpans is the most spans of several entries that are delivered as one.
const mergedSpans = 4096

// delivery is the queues, one of each shard, of spans that have left and that the
// pipeline has not taken yet. What they hold is bounded by what the hub lets in.
type delivery struct {
	mu     sync.Mutex // guards queues
	queues []*queue.Queue[spans]

	ownLost, ownRetries atomic.Int64 // client spans of Options.Own, and refused attempts with one
}

// add a queue, which charges what it holds to going.
func (d *delivery) add(next consumer.Traces, going *atomic.Int64) *queue.Queue[spans] {
	changes := next.Capabilities().MutatesData
	q := queue.New(queue.Options[spans]{
		Budget:     unbounded{going},
		Merge:      (*spans).merge,
		MergeItems: mergedSpans,
		Dropped:    func(s *spans) { d.ownLost.Add(int64(s.own)) },
		Send: func(ctx context.Context, s *spans) error {
			if changes {
				if err := s.renew(); err != nil {
					return err
				}
			}
			err := next.ConsumeTraces(ctx, s.Traces)
			if err != nil && s.own > 0 && !consumererror.IsPermanent(err) {
				d.ownRetries.Add(1)
			}
			return err
		},
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queues = append(d.queues, q)
	return q
}

// counts of all queues.
func (d *delivery) counts() (sum queue.Counts) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, q := range d.queues {
		sum = sum.Plus(q.Counts())
	}
	return sum
}

// shutdown delivers what waits until ctx ends, and ends the queues.
func (d *delivery) shutdown(ctx context.Context) error {
	d.mu.Lock()
	queues := d.queues // none is added any more
	d.mu.Unlock()
	return queue.Shutdown(ctx, queues...)
}

// unbounded is the budget of a queue that others bound: it only charges.
type unbounded struct{ bytes *atomic.Int64 }

func (u unbounded) Take(n int64) bool { u.bytes.Add(n); return true }
func (u unbounded) Give(n int64)      { u.bytes.Add(-n) }

// spans that have left, until the pipeline takes them.
type spans struct {
	ptrace.Traces
	own   int    // client spans of Options.Own
	image []byte // of the spans, encoded; nil before the first attempt
}

func (s *spans) merge(next spans) {
	next.ResourceSpans().MoveAndAppendTo(s.ResourceSpans())
	s.own += next.own
}

// renew has the spans be what they were before the first attempt. A consumer that says
// that it changes spans may have done so before it refused them; others get the same
// spans again, and need no image.
func (s *spans) renew() (err error) {
	if s.image == nil {
		// Cannot fail: it only encodes.
		s.image, _ = (&ptrace.ProtoMarshaler{}).MarshalTraces(s.Traces)
		return nil
	}
	if s.Traces, err = (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(s.image); err != nil {
		return consumererror.NewPermanent(err) // what was encoded a moment ago can be decoded
	}
	return nil
}
