package hub

import (
	"context"
	"encoding/binary"
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
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/goleak"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func options() Options {
	return Options{
		Wait: 5 * time.Second, MaxBytes: 64 << 20, TraceBytes: 1 << 20, Shards: 3, DrainTimeout: 10 * time.Second,
		Keep: Keep{All: true}, Logs: Logs{Lines: 4, BodyBytes: 100, LookupTimeout: 2 * time.Second, LookupSlow: time.Millisecond},
		RuntimeAge: time.Minute, Interval: time.Second, Exemplars: 3, Others: 4, Instance: "i",
	}
}

func traceID(n int) (id pcommon.TraceID) {
	binary.BigEndian.PutUint64(id[8:], uint64(n)*0x9e3779b97f4a7c15|1)
	return id
}

// request is a client span, its server span and one within the server.
func request(td ptrace.Traces, n int) {
	add := func(service string, kind ptrace.SpanKind, id, parent byte) {
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", service)
		s := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		s.SetKind(kind)
		s.SetTraceID(traceID(n))
		s.SetSpanID(pcommon.SpanID{byte(n), byte(n >> 8), byte(n >> 16), id})
		if parent != 0 {
			s.SetParentSpanID(pcommon.SpanID{byte(n), byte(n >> 8), byte(n >> 16), parent})
		}
		now := time.Now()
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-time.Second)))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
	}
	add("loadtrace", ptrace.SpanKindClient, 1, 0)
	add("auth", ptrace.SpanKindServer, 2, 1)
	add("auth", ptrace.SpanKindInternal, 3, 2)
}

// seen counts how often each span came.
type seen struct {
	mu     sync.Mutex // guards what follows
	spans  map[pcommon.SpanID]int
	joined map[pcommon.SpanID]pcommon.Map
	lines  int
}

func newSeen() *seen {
	return &seen{spans: map[pcommon.SpanID]int{}, joined: map[pcommon.SpanID]pcommon.Map{}}
}

func (c *seen) take(td ptrace.Traces) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				c.spans[s.SpanID()]++
				if _, ok := s.Attributes().Get("join.status"); ok {
					c.joined[s.SpanID()] = s.Attributes()
				}
				c.lines += s.Events().Len()
			}
		}
	}
}

func (c *seen) once(t *testing.T, n int) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	require.Len(t, c.spans, n)
	for id, times := range c.spans {
		require.Equal(t, 1, times, "span %s", id)
	}
}

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

// send as a sender does that keeps what is refused, and tries again.
func send(t *testing.T, h *Hub, build func(ptrace.Traces)) {
	for range 1000 {
		td := ptrace.NewTraces()
		build(td)
		err := h.Traces(t.Context(), td)
		if err == nil {
			return
		}
		require.False(t, consumererror.IsPermanent(err))
		time.Sleep(100 * time.Millisecond) // virtual
	}
	t.Fatal("never taken")
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
				random := rand.New(rand.NewPCG(1, 2))
				var mu sync.Mutex
				next := &fickle{seen: newSeen(), reads: c.reads, refuse: func() error {
					mu.Lock()
					defer mu.Unlock()
					if random.IntN(3) == 0 {
						return errors.New("busy")
					}
					return nil
				}}
				o := options()
				o.MaxBytes, o.DrainTimeout, o.Keep = max, time.Minute, c.keep
				h := New(o, Consumers{Traces: next})
				h.Start()
				const n = 3000
				var senders sync.WaitGroup
				for part := range 4 {
					senders.Go(func() {
						for i := part; i < n; i += 40 {
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

// alone is the client span of a request, or the others.
func alone(n int, client bool) ptrace.Traces {
	td := ptrace.NewTraces()
	request(td, n)
	td.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
		return (rs.ScopeSpans().At(0).Spans().At(0).Kind() == ptrace.SpanKindClient) != client
	})
	return td
}

func TestWithoutAWordOfAnyTargetSpansGoOnUnmarkedIfNoneIsNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options()
		o.Optional = true
		next := &fickle{seen: newSeen(), refuse: func() error { return nil }}
		h := New(o, Consumers{Traces: next})
		h.Start()
		require.NoError(t, h.Traces(t.Context(), alone(1, true)))
		assert.EqualValues(t, 1, h.Counts().Waited, "a target may still tell of the first requests")
		time.Sleep(o.Wait + time.Millisecond)
		synctest.Wait()
		next.seen.once(t, 1)
		assert.Empty(t, next.seen.joined)

		require.NoError(t, h.Traces(t.Context(), alone(2, true)))
		next.seen.once(t, 2)
		assert.EqualValues(t, 1, h.Counts().Waited, "by then it does not wait")
		assert.Zero(t, h.Coverage().None, "nobody has anything to tell")

		require.NoError(t, h.Traces(t.Context(), alone(2, false)))
		require.NoError(t, h.Traces(t.Context(), alone(3, true)))
		assert.EqualValues(t, 2, h.Counts().Waited, "a word was heard")
		require.NoError(t, h.Shutdown(t.Context()))
		next.seen.once(t, 5)
		assert.Len(t, next.seen.joined, 1)
		// Those of the silence were in no count: 7ed9d53 made 288 of 400 requests.
		assert.EqualValues(t, 3, h.Coverage().None+h.Coverage().Partial)
		assert.EqualValues(t, 3, h.Coverage().Missing["no_server_span"])
	})
}

// A server span of another run made a run without an instrumented target wait for nothing,
// and call all its requests unanswered.
func TestServerSpansOfOtherRunsAreNoWordOfTheRunsTargets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options()
		o.Optional = true
		foreign := alone(9, false).ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).TraceID()
		o.Own = func(id pcommon.TraceID) bool { return id != foreign }
		next := &fickle{seen: newSeen(), refuse: func() error { return nil }}
		h := New(o, Consumers{Traces: next})
		h.Start()
		require.NoError(t, h.Traces(t.Context(), alone(1, true)))
		require.NoError(t, h.Traces(t.Context(), alone(9, false)))
		assert.False(t, h.Expects())
		assert.False(t, h.Observed().Spans)
		require.NoError(t, h.Traces(t.Context(), alone(2, false)))
		assert.True(t, h.Expects())
		require.NoError(t, h.Shutdown(t.Context()))
	})
}

func TestNotMoreThanALittleWaitsForAFirstWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options()
		o.Optional, o.MaxBytes = true, 1<<20
		next := &fickle{seen: newSeen(), refuse: func() error { return nil }}
		h := New(o, Consumers{Traces: next})
		h.Start()
		for i := range 1000 {
			require.NoError(t, h.Traces(t.Context(), alone(i, true)))
			synctest.Wait()
		}
		c := h.Counts()
		assert.Positive(t, c.Waited)
		assert.LessOrEqual(t, c.HeldBytes, o.MaxBytes/pendingShare)
		assert.EqualValues(t, 1000, c.Waited+c.Passed)
		assert.Greater(t, c.Passed, c.Waited)
		require.NoError(t, h.Traces(t.Context(), alone(0, false)))
		require.NoError(t, h.Traces(t.Context(), alone(1000, true)))
		assert.EqualValues(t, c.Waited+1, h.Counts().Waited, "a word was heard")
		require.NoError(t, h.Shutdown(t.Context()))
		next.seen.once(t, 1003)
		assert.EqualValues(t, 1001, h.Coverage().None+h.Coverage().Partial+h.Coverage().Complete)
	})
}

func TestTheFirstRequestsWaitForTheFirstWordOfATarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options()
		o.Optional = true
		next := &fickle{seen: newSeen(), refuse: func() error { return nil }}
		h := New(o, Consumers{Traces: next})
		h.Start()
		require.NoError(t, h.Traces(t.Context(), alone(1, true)))
		time.Sleep(o.Wait / 2)
		require.NoError(t, h.Traces(t.Context(), alone(1, false)))
		time.Sleep(o.Wait)
		require.NoError(t, h.Shutdown(t.Context()))
		next.seen.once(t, 3)
		require.Len(t, next.seen.joined, 1)
		assert.EqualValues(t, 1, h.Coverage().Complete)
	})
}

func TestAShutdownThatRunsOutOfTimeSaysWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away := errors.New("away")
		next := &fickle{seen: newSeen(), refuse: func() error { return away }}
		h := New(options(), Consumers{Traces: next})
		h.Start()
		td := ptrace.NewTraces()
		request(td, 1)
		td.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
			return rs.ScopeSpans().At(0).Spans().At(0).Kind() != ptrace.SpanKindClient
		})
		require.NoError(t, h.Traces(t.Context(), td))
		began := time.Now()
		require.ErrorContains(t, h.Shutdown(t.Context()), "1 items undelivered")
		assert.Equal(t, 10*time.Second, time.Since(began))
		assert.EqualValues(t, 1, h.Counts().Undelivered)
	})
}

// source answers, or is away until its context ends.
type source struct {
	away func() bool
}

func (s source) Lookup(ctx context.Context, ids []pcommon.TraceID, _, _ time.Time, yield func(logline.Line)) error {
	if s.away() {
		<-ctx.Done()
		return ctx.Err()
	}
	for _, id := range ids {
		yield(logline.Line{TraceID: id, Time: time.Now(), Body: "found"})
	}
	return nil
}

func TestALogSourceThatIsAwayForHalfAMinuteDelaysByItsTimeoutAndLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		next := &fickle{seen: newSeen(), refuse: func() error { return nil }}
		o := options()
		o.Source = source{away: func() bool { return time.Since(began) < 30*time.Second }}
		h := New(o, Consumers{Traces: next})
		h.Start()
		const n = 600
		for i := range n {
			send(t, h, func(td ptrace.Traces) { request(td, i) })
			time.Sleep(100 * time.Millisecond) // virtual
		}
		time.Sleep(o.Wait + time.Minute) // virtual
		synctest.Wait()
		next.seen.once(t, 3*n)
		c := h.Counts()
		assert.NotZero(t, c.LookupsFailed)
		assert.NotZero(t, c.LookupsSkipped, "what finds too many before it goes on without")
		assert.EqualValues(t, c.Lookups-c.LookupsFailed, next.seen.lines)
		assert.EqualValues(t, n, c.Lookups+c.LookupsSkipped)
		assert.Zero(t, c.HeldBytes)
		require.NoError(t, h.Shutdown(t.Context()))
	})
}

// Of quick requests those are looked up that an exemplar leads to.
func TestLinesOfWhatAnExemplarNamesAreLookedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fickle{seen: newSeen(), refuse: func() error { return nil }}
		o := options()
		o.Logs.LookupSlow = time.Hour
		o.Source = source{away: func() bool { return false }}
		h := New(o, Consumers{Traces: next, Metrics: consumertest.NewNop()})
		h.Start()
		for i := range 10 {
			send(t, h, func(td ptrace.Traces) { request(td, i) })
		}
		md := pmetric.NewMetrics()
		p := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty().SetEmptyGauge().DataPoints().AppendEmpty()
		p.Exemplars().AppendEmpty().SetTraceID(traceID(3))
		require.NoError(t, h.Metrics(t.Context(), md))
		time.Sleep(o.Wait + time.Second) // virtual
		synctest.Wait()
		assert.Equal(t, 1, next.seen.lines)
		assert.EqualValues(t, 1, h.Counts().Lookups)
		assert.Equal(t, 1, p.Exemplars().Len(), "it is left as it was")
		require.NoError(t, h.Shutdown(t.Context()))
	})
}

// Look-ups one after another, each for its timeout, once held requests back for half a
// minute.
func TestALogSourceThatIsAwayDelaysByTwoLookUpsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fickle{seen: newSeen(), refuse: func() error { return nil }}
		o := options()
		o.Source = source{away: func() bool { return true }}
		h := New(o, Consumers{Traces: next})
		h.Start()
		for i := range 100 {
			send(t, h, func(td ptrace.Traces) { request(td, i) })
			time.Sleep(10 * time.Millisecond) // virtual
		}
		time.Sleep(o.Wait + 2*o.Logs.LookupTimeout) // virtual
		synctest.Wait()
		next.seen.once(t, 300)
		require.NoError(t, h.Shutdown(t.Context()))
	})
}

func TestLogsAreNotDoubledWhenTheyAreSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &fickle{seen: newSeen(), refuse: func() error { return nil }}
		h := New(options(), Consumers{Traces: next, Logs: consumertest.NewErr(errors.New("busy"))})
		h.Start()
		send(t, h, func(td ptrace.Traces) { request(td, 1) })
		for i := range 3 {
			ld := plog.NewLogs()
			r := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
			r.SetTraceID(traceID(1))
			r.Body().SetStr("once")
			if i == 2 {
				h.next.Logs = consumertest.NewNop()
			}
			err := h.Logs(t.Context(), ld)
			assert.Equal(t, i < 2, err != nil)
		}
		require.NoError(t, h.Shutdown(t.Context()))
		assert.Equal(t, 1, next.seen.lines)
	})
}

func TestSpansLeaveWhenTheyHaveWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var late time.Duration
		began := map[pcommon.SpanID]time.Time{}
		next := &fickle{seen: newSeen(), refuse: func() error { return nil }}
		o := options()
		h := New(o, Consumers{Traces: next})
		h.Start()
		for i := range 200 {
			td := ptrace.NewTraces()
			request(td, i)
			began[pcommon.SpanID{byte(i), byte(i >> 8), 0, 1}] = time.Now()
			require.NoError(t, h.Traces(t.Context(), td))
			time.Sleep(37 * time.Millisecond) // virtual
			synctest.Wait()
			next.seen.mu.Lock()
			for id := range next.seen.joined {
				late = max(late, time.Since(began[id])-o.Wait)
				delete(next.seen.joined, id)
			}
			next.seen.mu.Unlock()
		}
		assert.Less(t, late, 50*time.Millisecond)
		require.NoError(t, h.Shutdown(t.Context()))
	})
}
