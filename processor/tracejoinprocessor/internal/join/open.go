package join

import (
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/wire"
)

// open decodes the spans of an entry that are of wanted traces, and returns how many
// it left out. Clients that are left out have no span.
func (e *entry) open(want func(*Trace) bool) (out int) {
	wanted := 0
	for _, t := range e.held {
		if want(t) {
			wanted++
		}
	}
	chosen := e.wire
	// Neither can fail: what was encoded in this process is chosen from and decoded.
	if wanted < len(e.held) {
		chosen, _ = wire.Choose(e.wire, func(i int) bool { return want(e.held[i]) })
	}
	e.spans, _ = (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(chosen)
	e.link(want)
	e.bytes = e.decoded/max(1, len(e.held))*wanted + entryBytes
	e.wire = nil
	return len(e.held) - wanted
}

// link gives the clients of wanted traces their spans. Those that are left of held
// ones are in the same order.
func (e *entry) link(want func(*Trace) bool) {
	i, next := 0, 0
	for _, rs := range e.spans.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				for ; !want(e.held[i]); i++ {
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

// openWhole decodes an entry that goes on waiting.
func (s *Shard) openWhole(e *entry) {
	s.bytes -= e.bytes
	e.eachTrace(func(t *Trace) { t.bytes -= e.each })
	e.open(func(*Trace) bool { return true })
	e.each = e.decoded / max(1, len(e.held))
	e.eachTrace(func(t *Trace) { t.bytes += e.each })
	s.bytes += e.bytes
}
