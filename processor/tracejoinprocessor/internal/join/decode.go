package join

import (
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/spanfilter"
)

// decode decodes the spans of a batch that are of wanted traces, and returns how many
// it left out. Clients that are left out have no span.
func (e *batch) decode(want func(*Trace) bool) (out int) {
	wanted := 0
	for _, t := range e.spanTraces {
		if want(t) {
			wanted++
		}
	}
	chosen := e.encoded
	// Neither can fail: what was encoded in this process is chosen from and decoded.
	if wanted < len(e.spanTraces) {
		chosen, _ = spanfilter.Select(e.encoded, func(i int) bool { return want(e.spanTraces[i]) })
	}
	e.spans, _ = (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(chosen)
	e.link(want)
	e.bytes = e.decoded/max(1, len(e.spanTraces))*wanted + batchBytes
	e.encoded = nil
	return len(e.spanTraces) - wanted
}

// link gives the clients of wanted traces their spans. Those that are left of held
// ones are in the same order.
func (e *batch) link(want func(*Trace) bool) {
	i, next := 0, 0
	for _, rs := range e.spans.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				for ; !want(e.spanTraces[i]); i++ {
				}
				for ; next < len(e.clients) && e.clients[next].Index < i; next++ {
				}
				if next < len(e.clients) && e.clients[next].Index == i {
					e.clients[next].Span = s
				}
				i++
			}
		}
	}
}

// decodeWhole decodes a batch that goes on waiting.
func (s *Shard) decodeWhole(e *batch) {
	s.bytes -= e.bytes
	e.eachTrace(func(t *Trace) { t.bytes -= e.each })
	e.decode(func(*Trace) bool { return true })
	e.each = e.decoded / max(1, len(e.spanTraces))
	e.eachTrace(func(t *Trace) { t.bytes += e.each })
	s.bytes += e.bytes
}
