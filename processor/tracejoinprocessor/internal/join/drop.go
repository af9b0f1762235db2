package join

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Sampled visits the spans of traces that are kept as one of the share alone.
func (l *Released) Sampled(visit func(ptrace.Span)) {
	sampled := map[pcommon.TraceID]bool{}
	for _, t := range l.traces {
		if t.Sampled {
			sampled[t.ID] = true
		}
	}
	if len(sampled) == 0 {
		return
	}
	for _, rs := range l.Spans.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				if sampled[s.TraceID()] {
					visit(s)
				}
			}
		}
	}
}

// Drop takes the spans of traces that are not kept out of a batch, and returns
// how many they were.
func (l *Released) Drop() (dropped int) {
	if l.filtered {
		return l.dropped
	}
	gone := map[pcommon.TraceID]bool{}
	for _, t := range l.traces {
		if t.Decision == NotKept {
			gone[t.ID] = true
		}
	}
	if len(gone) == 0 {
		return 0
	}
	l.Spans.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
		rs.ScopeSpans().RemoveIf(func(ss ptrace.ScopeSpans) bool {
			ss.Spans().RemoveIf(func(s ptrace.Span) bool {
				if gone[s.TraceID()] {
					dropped++
					return true
				}
				return false
			})
			return ss.Spans().Len() == 0
		})
		return rs.ScopeSpans().Len() == 0
	})
	return dropped
}
