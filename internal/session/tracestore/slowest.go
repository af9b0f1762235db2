package tracestore

import (
	"encoding/hex"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Slowest is the trace of the slowest request of a summary that has a server span; nil if
// none has.
func (s *Store) Slowest(sum *summary.Summary) []Span {
	for _, slow := range sum.Slowest {
		spans := s.Trace(traceID(slow.TraceID))
		if slices.ContainsFunc(spans, func(span Span) bool { return span.Kind() == ptrace.SpanKindServer }) {
			return spans
		}
	}
	return nil
}

func traceID(s string) (id pcommon.TraceID) {
	b, _ := hex.DecodeString(s) // our own summary's; a wrong one finds nothing
	copy(id[:], b)
	return id
}
