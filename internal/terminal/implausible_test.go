package terminal

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/internal/session/tracestore"
)

// A server span of ten hours inside a response of a second was drawn as a fact.
func TestASpanThatLastedLongerThanThereWasIsImplausible(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	span := func(id byte, kind ptrace.SpanKind, from, to time.Duration) tracestore.Span {
		s := tracestore.Span{Service: "shop", Span: ptrace.NewSpan()}
		s.SetSpanID(pcommon.SpanID{id})
		s.SetKind(kind)
		if kind == ptrace.SpanKindServer {
			s.SetParentSpanID(pcommon.SpanID{1})
		} else {
			s.Attributes().PutStr(attr.RunID, "4f0c719a5520b3ee")
		}
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(from)))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(now.Add(to)))
		return s
	}
	spans := SpansOf([]tracestore.Span{
		span(1, ptrace.SpanKindClient, -10*time.Second, -9*time.Second),
		span(2, ptrace.SpanKindServer, -10*time.Second, 10*time.Hour),
		span(3, ptrace.SpanKindServer, -10*time.Hour, -9*time.Second),
		span(4, ptrace.SpanKindServer, -10*time.Second, -3*time.Second), // it worked on
		span(5, ptrace.SpanKindServer, 20*time.Second, 21*time.Second),  // its clock is ahead
	}, now)
	for i, want := range []bool{false, true, true, false, false} {
		assert.Equal(t, want, spans[i].Implausible, "%d", i)
	}
}
