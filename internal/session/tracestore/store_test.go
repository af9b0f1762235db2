package tracestore

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen"
)

func spans(id byte, kind ptrace.SpanKind, took time.Duration) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	span := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetTraceID(own(id))
	span.SetSpanID(pcommon.SpanID{id, byte(kind)})
	span.SetKind(kind)
	if kind == ptrace.SpanKindServer {
		span.SetParentSpanID(pcommon.SpanID{id, byte(ptrace.SpanKindClient)})
	}
	span.SetStartTimestamp(1e9)
	span.SetEndTimestamp(pcommon.Timestamp(1e9 + took.Nanoseconds()))
	return td
}

func TestTheSpansOfATraceComeTogether(t *testing.T) {
	s := following(1 << 20)
	s.Add(spans(1, ptrace.SpanKindServer, time.Millisecond))
	s.Add(spans(2, ptrace.SpanKindServer, time.Millisecond))
	s.Add(spans(1, ptrace.SpanKindClient, 2*time.Millisecond))

	got := s.Trace(own(1))
	require.Len(t, got, 2)
	assert.Equal(t, "shop", got[0].Service)
	assert.Equal(t, ptrace.SpanKindClient, got[1].Kind())
	assert.Empty(t, s.Trace(own(9)))
}

// An exporter that refuses makes the pipeline deliver again to all of them.
func TestASpanThatComesAgainIsKeptOnce(t *testing.T) {
	s := following(1 << 20)
	s.Add(spans(1, ptrace.SpanKindServer, time.Millisecond))
	s.Add(spans(1, ptrace.SpanKindServer, time.Millisecond))
	assert.Len(t, s.Trace(own(1)), 1)
}

// A target may send spans of any size and number in a run's own traces. 7ed9d53 held 6 GB
// of them: it counted 120 bytes an attribute, and the slowest traces had no bound.
func TestNoTraceHoldsMoreThanItsPart(t *testing.T) {
	const limit = (pinned + pinnedErrors) << 15
	s := following(limit)
	for id := range byte(pinned) {
		for n := range 100 {
			td := spans(id, ptrace.SpanKindInternal, time.Millisecond)
			span := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
			span.SetSpanID(pcommon.SpanID{id, 99, byte(n)})
			span.Attributes().PutEmptyBytes("blob").FromRaw(make([]byte, 10_000))
			s.Add(td)
		}
		s.Add(spans(id, ptrace.SpanKindClient, time.Second))
		assert.Len(t, s.Trace(own(id)), 4, "three fit into a part, and the request is always kept")
		assert.Equal(t, 97, s.Cut(own(id)))
	}
	assert.LessOrEqual(t, s.bytes, limit+pinned*1000)
}

// Client spans without a parent counted as requests, which were always kept: a target that
// sent many in a trace of the run was held in full.
func TestManyRequestsOfOneTraceAreBounded(t *testing.T) {
	const limit = (pinned + pinnedErrors) << 15
	s := following(limit)
	for n := range 100 {
		td := spans(1, ptrace.SpanKindClient, time.Second)
		span := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
		span.SetSpanID(pcommon.SpanID{1, 99, byte(n)})
		span.Attributes().PutStr("text", string(make([]byte, 10_000)))
		s.Add(td)
	}
	assert.Len(t, s.Trace(own(1)), 3)
	assert.Equal(t, 97, s.Cut(own(1)))
	assert.LessOrEqual(t, s.bytes, limit/pinned+traceBytes)
}

func TestOverTheLimitTheOldestLeaveButTheSlowestStay(t *testing.T) {
	s := following(100 * 400)
	s.Add(spans(0, ptrace.SpanKindClient, time.Minute))
	for i := 1; i < 250; i++ {
		s.Add(spans(byte(i), ptrace.SpanKindServer, time.Millisecond))
	}
	assert.NotEmpty(t, s.Trace(own(0)), "the slowest was the oldest")
	assert.NotEmpty(t, s.Trace(own(249)))
	assert.Empty(t, s.Trace(own(1)))
	assert.Positive(t, s.Evicted())
	assert.LessOrEqual(t, s.bytes, s.limit)
	assert.Equal(t, 249, s.Served())
}

func TestATraceLeavesWhenItsRequestIsNotAmongTheSlowest(t *testing.T) {
	s := following(1 << 20)
	for i := range 2 * pinned {
		s.Add(spans(byte(i), ptrace.SpanKindServer, time.Millisecond))
		s.Add(spans(byte(i), ptrace.SpanKindClient, time.Duration(1+i)*time.Second))
	}
	for i := range 2 * pinned {
		assert.Equal(t, i >= pinned, len(s.Trace(own(byte(i)))) > 0, "trace %d", i)
	}
	s.Add(spans(200, ptrace.SpanKindClient, time.Second))
	assert.Empty(t, s.Trace(own(200)))
	assert.Len(t, s.traces, pinned)
}

// What keeps a request waiting in the generator is not part of its span.
func TestTheSlowestAreRankedByTheirResponseTime(t *testing.T) {
	s := following(1 << 20)
	late := spans(1, ptrace.SpanKindClient, time.Millisecond)
	late.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().PutDouble(attr.ResponseTime, 60)
	s.Add(late)
	for i := range pinned {
		s.Add(spans(byte(2+i), ptrace.SpanKindClient, time.Second))
	}
	assert.NotEmpty(t, s.Trace(own(1)))
}

// run is that of own traces.
var run = loadgen.RunID{1}

func own(id byte) pcommon.TraceID { return pcommon.TraceID{1, 8: id} }

// following is a store of the run that spans are of.
func following(limit int) *Store {
	s := New(limit)
	s.Follow(run)
	return s
}

// Thirty-two slow requests of another service took the place of the run's slowest.
func TestTracesOfOthersDoNotDisplaceThoseOfTheRun(t *testing.T) {
	s := following(1 << 20)
	s.Add(spans(1, ptrace.SpanKindServer, time.Millisecond))
	for i := range 2 * pinned {
		for _, kind := range []ptrace.SpanKind{ptrace.SpanKindServer, ptrace.SpanKindClient} {
			td := spans(byte(i), kind, time.Hour)
			td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).SetTraceID(pcommon.TraceID{2, 0, 0, 0, 0, 0, 0, 0, byte(i)})
			s.Add(td)
		}
	}
	s.Add(spans(1, ptrace.SpanKindClient, 2*time.Millisecond))
	assert.Len(t, s.Trace(own(1)), 2)
	assert.Equal(t, 1, s.Served(), "that of the run")
	assert.Len(t, s.traces, 1)
}

// A report explains requests that did not end well, too, most of which are fast.
func TestTheFirstRequestsOfEachErrorStay(t *testing.T) {
	s := following(1 << 20)
	add := func(id byte, took time.Duration, kind string) {
		td := spans(id, ptrace.SpanKindClient, took)
		span := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
		if kind != "" {
			span.Status().SetCode(ptrace.StatusCodeError)
			span.Attributes().PutStr("error.type", kind)
		}
		s.Add(td)
	}
	for id := range byte(pinned) {
		add(id, time.Second, "")
	}
	for n := range byte(10) {
		add(100+n, time.Millisecond, "503")
	}
	add(120, time.Millisecond, "timeout")
	add(121, time.Millisecond, "")
	assert.NotEmpty(t, s.Trace(own(100)))
	assert.NotEmpty(t, s.Trace(own(102)))
	assert.Empty(t, s.Trace(own(103)), "three of an error are enough")
	assert.NotEmpty(t, s.Trace(own(120)))
	assert.Empty(t, s.Trace(own(121)))
	for n := range 100 {
		add(130+byte(n), time.Millisecond, string(rune('a'+n)))
	}
	assert.LessOrEqual(t, len(s.traces), pinned+pinnedErrors)
}

func TestEachRequestOfTheRunIsWatched(t *testing.T) {
	s := following(1 << 20)
	watched := 0
	s.Watch(func(span ptrace.Span) { watched++ })
	for id := range byte(2 * pinned) {
		s.Add(spans(id, ptrace.SpanKindServer, time.Millisecond))
		s.Add(spans(id, ptrace.SpanKindClient, time.Millisecond))
	}
	assert.Equal(t, 2*pinned, watched)
}
