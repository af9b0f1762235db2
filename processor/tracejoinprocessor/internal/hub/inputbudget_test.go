package hub

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Mailboxes had 64 messages each, of any size: of payloads of 64 MiB, 4 GiB a shard.
func TestWhatIsOnItsWayToALoopIsBoundedInBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fickle{seen: newSeen(), reads: true, refuse: func() error { return nil }}
		o := options()
		o.MaxBytes, o.Shards = 1<<20, 1
		h := New(o, Consumers{Traces: next})
		h.Start()
		busy := make(chan []pcommon.TraceID)
		h.loops[0].in <- message{gone: busy} // the loop waits until it is answered
		sent := atomic.Int64{}
		for i := range 50 {
			go func() {
				td := ptrace.NewTraces()
				for j := range 20 {
					alone(i*20+j, true).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
				}
				assert.NoError(t, h.Traces(t.Context(), td))
				sent.Add(1)
			}()
		}
		synctest.Wait()
		assert.LessOrEqual(t, h.input.held(), o.MaxBytes/inputShare)
		assert.Greater(t, h.input.held(), o.MaxBytes/inputShare/2)
		assert.Less(t, sent.Load(), int64(50), "the others wait")
		<-busy
		time.Sleep(time.Second) // virtual
		assert.Zero(t, h.input.held())
		assert.EqualValues(t, 50, sent.Load())
		require.NoError(t, h.Shutdown(t.Context()))
		next.seen.once(t, 1000)
	})
}

func TestAPayloadThatIsLargerThanAllTheRoomGoesAlone(t *testing.T) {
	m := newInputBudget(100)
	m.acquire(1000)
	assert.EqualValues(t, 1000, m.held())
	m.release(1000)
	m.acquire(60)
	m.acquire(40)
	assert.EqualValues(t, 100, m.held())
}

// hanging takes nothing and does not heed its context.
type hanging struct {
	consumertest.Consumer
	release chan struct{}
}

func (h *hanging) ConsumeTraces(context.Context, ptrace.Traces) error {
	<-h.release
	return nil
}

func (h *hanging) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// A payload that the pipeline behind the join neither took nor refused held the shutdown
// up for ever.
func TestAShutdownDoesNotWaitForAConsumerThatHangs(t *testing.T) {
	for name, client := range map[string]bool{"with what passes": false, "with what has waited": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				next := &hanging{release: make(chan struct{})}
				h := New(options(), Consumers{Traces: next})
				h.Start()
				go h.Traces(t.Context(), alone(1, client))
				time.Sleep(time.Minute) // virtual
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				began := time.Now()
				over := make(chan struct{})
				go func() {
					h.Shutdown(ctx)
					close(over)
				}()
				select {
				case <-over:
					assert.LessOrEqual(t, time.Since(began), 3*time.Second)
				case <-time.After(time.Minute): // virtual
					t.Error("it does not end")
				}
				close(next.release)
				<-over
			})
		})
	}
}
