package hub

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// fickle refuses while it is asked to, after having taken the payload apart, as
// a processor behind the join may have done, if it does not only read.
type fickle struct {
	consumertest.Consumer
	seen   *seen
	refuse func() error
	reads  bool
}

func (f *fickle) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	if err := f.refuse(); err != nil {
		if !f.reads {
			td.ResourceSpans().RemoveIf(func(ptrace.ResourceSpans) bool { return true })
		}
		return err
	}
	f.seen.take(td)
	return nil
}

func (f *fickle) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: !f.reads}
}

func TestNothingIsLostOrDoubledWhateverThePipelineRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		max   int64
		reads bool
		keep  Keep
	}{
		"with room": {64 << 20, false, Keep{All: true}}, "over the budget": {1 << 20, false, Keep{All: true}},
		"which only reads":           {64 << 20, true, Keep{All: true}},
		"of what is held encoded":    {64 << 20, false, Keep{Share: 1, Remember: 1000}},
		"of that, over the budget":   {1 << 20, false, Keep{Share: 1, Remember: 1000}},
		"of that, to one that reads": {64 << 20, true, Keep{Share: 1, Remember: 1000}},
	} {
		max := c.max
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				next := &fickle{seen: newSeen(), reads: c.reads, refuse: oneOfThree()}
				o := options()
				o.MaxBytes, o.DrainTimeout, o.Keep = max, time.Minute, c.keep
				h := New(o, Consumers{Traces: next})
				h.Start()
				const n = 3000
				sendAtOnce(t, h, n)
				require.NoError(t, h.Shutdown(t.Context()))
				next.seen.once(t, 3*n)
				require.Len(t, next.seen.joined, n)
				c := h.Counts()
				waited := int64(n)
				if !o.Keep.All {
					waited = 3 * n
				}
				assert.Equal(t, waited, c.Waited)
				assert.Equal(t, waited, c.Delivered)
				assert.Equal(t, 3*n-waited, c.Passed)
				assert.Zero(t, c.HeldBytes)
				assert.Zero(t, c.Waiting)
				if max == 1<<20 {
					assert.NotZero(t, c.Released["budget"], "the oldest left early")
				}
			})
		})
	}
}

// oneOfThree refuses one payload of three, at random.
func oneOfThree() func() error {
	random := rand.New(rand.NewPCG(1, 2))
	var mu sync.Mutex // guards random
	return func() error {
		mu.Lock()
		defer mu.Unlock()
		if random.IntN(3) == 0 {
			return errors.New("busy")
		}
		return nil
	}
}

// sendAtOnce sends n requests by four senders, ten in a payload.
func sendAtOnce(t *testing.T, h *Hub, n int) {
	var senders sync.WaitGroup
	for sender := range 4 {
		senders.Go(func() {
			for i := sender; i < n; i += 40 {
				send(t, h, func(td ptrace.Traces) {
					for j := i; j < min(i+40, n); j += 4 {
						request(td, j)
					}
				})
				time.Sleep(50 * time.Millisecond) // virtual
			}
		})
	}
	senders.Wait()
}

func TestAPipelineThatIsAwayBoundsMemoryAndLosesNothing(t *testing.T) {
	for name, keep := range map[string]Keep{"as it came": {All: true}, "encoded": {Share: 1, Remember: 100_000}} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { away(t, keep) }) })
	}
}

func away(t *testing.T, keep Keep) {
	back := time.Now().Add(10 * time.Minute)
	next := &fickle{seen: newSeen(), refuse: func() error {
		if time.Now().Before(back) {
			return errors.New("away")
		}
		return nil
	}}
	o := options()
	o.MaxBytes, o.Shards, o.Keep = 1<<20, 1, keep
	h := New(o, Consumers{Traces: next})
	h.Start()
	// Client spans alone, so that nothing is refused for what passes.
	clients := func(from, n int) ptrace.Traces {
		td := ptrace.NewTraces()
		for i := range n {
			request(td, from+i)
		}
		td.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
			return rs.ScopeSpans().At(0).Spans().At(0).Kind() != ptrace.SpanKindClient
		})
		return td
	}
	taken, refused := 0, 0
	for range 3000 {
		err := h.Traces(t.Context(), clients(taken, 10))
		switch {
		case err == nil:
			taken += 10
		default:
			require.ErrorIs(t, err, ErrFull)
			refused++
		}
		time.Sleep(100 * time.Millisecond) // virtual
		require.Less(t, h.Counts().HeldBytes, o.MaxBytes*5/4)
	}
	require.NotZero(t, refused)
	require.NotZero(t, taken)
	time.Sleep(10 * time.Minute) // virtual
	require.NoError(t, h.Shutdown(t.Context()))
	next.seen.once(t, taken)
}

func TestWhatIsRefusedForGoodIsCountedAndNotTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		next := &fickle{seen: newSeen(), refuse: func() error { tries++; return consumererror.NewPermanent(errors.New("never")) }}
		h := New(options(), Consumers{Traces: next})
		h.Start()
		td := ptrace.NewTraces()
		request(td, 1)
		td.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
			return rs.ScopeSpans().At(0).Spans().At(0).Kind() != ptrace.SpanKindClient
		})
		require.NoError(t, h.Traces(t.Context(), td))
		require.NoError(t, h.Shutdown(t.Context()))
		assert.Equal(t, 1, tries)
		assert.EqualValues(t, 1, h.Counts().Refused)
	})
}

// A sender that tries again with the payload itself must find all of it there.
func TestWhatIsRefusedIsGivenBackWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refusing := consumertest.NewErr(errors.New("busy"))
		h := New(options(), Consumers{Traces: refusing})
		h.Start()
		td := ptrace.NewTraces()
		for i := range 10 {
			request(td, i)
		}
		require.Error(t, h.Traces(t.Context(), td))
		assert.Equal(t, 30, td.SpanCount())
		assert.Zero(t, h.Counts().Waited)
		require.NoError(t, h.Shutdown(t.Context()))
	})
}

// While the pipeline behind is away the target's spans are refused, and may come again
// only when the request has left. It once left without a server span.
func TestARequestIsJoinedToAServerSpanThatThePipelineRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var refuse atomic.Bool
		refuse.Store(true)
		next := &fickle{seen: newSeen(), reads: true, refuse: func() error {
			if refuse.Load() {
				return errors.New("away")
			}
			return nil
		}}
		h := New(options(), Consumers{Traces: next})
		h.Start()
		require.NoError(t, h.Traces(t.Context(), alone(1, true)))
		servers := alone(1, false)
		require.Error(t, h.Traces(t.Context(), servers))
		require.Error(t, h.Traces(t.Context(), servers), "as often as the sender tries")
		time.Sleep(time.Minute) // virtual
		refuse.Store(false)
		require.NoError(t, h.Traces(t.Context(), servers))
		require.NoError(t, h.Shutdown(t.Context()))
		next.seen.once(t, 3)
		assert.Zero(t, h.Coverage().Missing["no_server_span"])
	})
}

// Results use the room of those before them. Nothing of these may be left in them.
func TestARequestHasNothingOfTheOneBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options()
		o.Shards = 1
		next := &fickle{seen: newSeen(), reads: true, refuse: func() error { return nil }}
		h := New(o, Consumers{Traces: next})
		h.Start()
		require.NoError(t, h.Traces(t.Context(), alone(1, true)))
		require.NoError(t, h.Traces(t.Context(), alone(1, false)))
		time.Sleep(time.Second)
		require.NoError(t, h.Traces(t.Context(), alone(2, true)))
		require.NoError(t, h.Shutdown(t.Context()))
		assert.EqualValues(t, 1, h.Coverage().Missing["no_server_span"])
		for n, server := range map[byte]bool{1: true, 2: false} {
			attributes := next.seen.joined[pcommon.SpanID{n, 0, 0, 1}]
			_, told := attributes.Get("join.server.service")
			assert.Equal(t, server, told, "%d: %v", n, attributes.AsRaw())
		}
	})
}

// Server spans that are refused because the join is full are heard as well: once only
// those that the pipeline behind it refused were.
func TestARequestIsJoinedToAServerSpanThatAFullJoinRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fickle{seen: newSeen(), reads: true, refuse: func() error { return nil }}
		o := options()
		h := New(o, Consumers{Traces: next})
		h.Start()
		require.NoError(t, h.Traces(t.Context(), alone(1, true)))
		h.counts.outgoing.Add(o.MaxBytes) // as if the pipeline had not taken so much
		servers := alone(1, false)
		require.ErrorIs(t, h.Traces(t.Context(), servers), ErrFull)
		require.Equal(t, 2, servers.SpanCount(), "the sender has all of them still")
		h.counts.outgoing.Add(-o.MaxBytes)
		time.Sleep(time.Minute) // virtual
		require.NoError(t, h.Traces(t.Context(), servers))
		require.NoError(t, h.Shutdown(t.Context()))
		next.seen.once(t, 3)
		assert.Zero(t, h.Coverage().Missing["no_server_span"])
	})
}

// What was handed on may be shared by several exporters, and then nobody may change
// it any more.
func TestWhatSeveralExportersShareIsGivenBackWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refuse := true
		next := &sharing{seen: newSeen(), refuse: func() bool { return refuse }}
		h := New(options(), Consumers{Traces: next})
		h.Start()
		mixed, servers := ptrace.NewTraces(), ptrace.NewTraces()
		request(mixed, 1)
		request(servers, 2)
		servers.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
			return rs.ScopeSpans().At(0).Spans().At(0).Kind() == ptrace.SpanKindClient
		})
		require.Error(t, h.Traces(t.Context(), mixed))
		require.Error(t, h.Traces(t.Context(), servers))
		refuse = false
		require.NoError(t, h.Traces(t.Context(), mixed))
		require.NoError(t, h.Shutdown(t.Context()))
		next.seen.once(t, 3)
	})
}

// sharing marks what it is given as shared, as the collector does in front of
// several exporters.
type sharing struct {
	consumertest.Consumer
	seen   *seen
	refuse func() bool
}

func (s *sharing) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	td.MarkReadOnly()
	if s.refuse() {
		return errors.New("busy")
	}
	s.seen.take(td)
	return nil
}

func (s *sharing) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }
