package hub

import (
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/goleak"
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

// alone is the client span of a request, or the others.
func alone(n int, client bool) ptrace.Traces {
	td := ptrace.NewTraces()
	request(td, n)
	td.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
		return (rs.ScopeSpans().At(0).Spans().At(0).Kind() == ptrace.SpanKindClient) != client
	})
	return td
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
