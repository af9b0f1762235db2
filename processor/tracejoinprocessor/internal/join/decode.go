package join

import (
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/spanfilter"
)

// decode decodes the spans of a batch that are of wanted traces, and returns how many
// it left out. Clients that are left out have no span.
func (b *batch) decode(want func(*Trace) bool) (out int) {
	wanted := 0
	for _, t := range b.spanTraces {
		if want(t) {
			wanted++
		}
	}
	chosen := b.encoded
	// Neither can fail: what was encoded in this process is chosen from and decoded.
	if wanted < len(b.spanTraces) {
		chosen, _ = spanfilter.Select(b.encoded, func(i int) bool { return want(b.spanTraces[i]) })
	}
	b.spans, _ = (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(chosen)
	b.link(want)
	b.bytes = b.decoded/max(1, len(b.spanTraces))*wanted + batchBytes
	b.encoded = nil
	return len(b.spanTraces) - wanted
}

// link gives the clients of wanted traces their spans. Those that are left of held
// ones are in the same order.
func (b *batch) link(want func(*Trace) bool) {
	i, next := 0, 0
	for _, rs := range b.spans.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				for ; !want(b.spanTraces[i]); i++ {
				}
				for ; next < len(b.clients) && b.clients[next].Index < i; next++ {
				}
				if next < len(b.clients) && b.clients[next].Index == i {
					b.clients[next].Span = s
				}
				i++
			}
		}
	}
}

// decodeWhole decodes a batch that goes on waiting.
func (s *Shard) decodeWhole(b *batch) {
	s.bytes -= b.bytes
	b.eachTrace(func(t *Trace) { t.bytes -= b.each })
	b.decode(func(*Trace) bool { return true })
	b.each = b.decoded / max(1, len(b.spanTraces))
	b.eachTrace(func(t *Trace) { t.bytes += b.each })
	s.bytes += b.bytes
}
