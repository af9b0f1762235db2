package tracestore

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
)

func spans(id byte, kind ptrace.SpanKind, took time.Duration) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	span := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetTraceID(pcommon.TraceID{1, id})
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
	s := New(1 << 20)
	s.Add(spans(1, ptrace.SpanKindServer, time.Millisecond))
	s.Add(spans(2, ptrace.SpanKindServer, time.Millisecond))
	s.Add(spans(1, ptrace.SpanKindClient, 2*time.Millisecond))

	got := s.Trace(pcommon.TraceID{1, 1})
	require.Len(t, got, 2)
	assert.Equal(t, "shop", got[0].Service)
	assert.Equal(t, ptrace.SpanKindClient, got[1].Kind())
	assert.Empty(t, s.Trace(pcommon.TraceID{1, 9}))
}

// An exporter that refuses makes the pipeline deliver again to all of them.
func TestASpanThatComesAgainIsKeptOnce(t *testing.T) {
	s := New(1 << 20)
	s.Add(spans(1, ptrace.SpanKindServer, time.Millisecond))
	s.Add(spans(1, ptrace.SpanKindServer, time.Millisecond))
	assert.Len(t, s.Trace(pcommon.TraceID{1, 1}), 1)
}

func TestOverTheLimitTheOldestLeaveButTheSlowestStay(t *testing.T) {
	s := New(100 * 400)
	s.Add(spans(0, ptrace.SpanKindClient, time.Minute))
	for i := 1; i < 250; i++ {
		s.Add(spans(byte(i), ptrace.SpanKindServer, time.Millisecond))
	}
	assert.NotEmpty(t, s.Trace(pcommon.TraceID{1, 0}), "the slowest was the oldest")
	assert.NotEmpty(t, s.Trace(pcommon.TraceID{1, 249}))
	assert.Empty(t, s.Trace(pcommon.TraceID{1, 1}))
	assert.Positive(t, s.Evicted())
	assert.LessOrEqual(t, s.bytes, s.limit)
	assert.Equal(t, 249, s.Served())
}

func TestATraceLeavesWhenItsRequestIsNotAmongTheSlowest(t *testing.T) {
	s := New(1 << 20)
	for i := range 2 * pinned {
		s.Add(spans(byte(i), ptrace.SpanKindServer, time.Millisecond))
		s.Add(spans(byte(i), ptrace.SpanKindClient, time.Duration(1+i)*time.Second))
	}
	for i := range 2 * pinned {
		assert.Equal(t, i >= pinned, len(s.Trace(pcommon.TraceID{1, byte(i)})) > 0, "trace %d", i)
	}
	s.Add(spans(200, ptrace.SpanKindClient, time.Second))
	assert.Empty(t, s.Trace(pcommon.TraceID{1, 200}))
	assert.Len(t, s.traces, pinned)
}

// What keeps a request waiting in the generator is no part of its span.
func TestTheSlowestAreRankedByTheirResponseTime(t *testing.T) {
	s := New(1 << 20)
	late := spans(1, ptrace.SpanKindClient, time.Millisecond)
	late.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().PutDouble(attr.ResponseTime, 60)
	s.Add(late)
	for i := range pinned {
		s.Add(spans(byte(2+i), ptrace.SpanKindClient, time.Second))
	}
	assert.NotEmpty(t, s.Trace(pcommon.TraceID{1, 1}))
}
