package join

import (
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/wire"
)

// open decodes the spans of an entry that are of wanted traces, and those of clients,
// which are told of whatever becomes of them. It returns how many it left out.
func (e *entry) open(want func(*Trace) bool) (out int) {
	total, next := len(e.held), 0 // the next client
	var clients []int             // where they are among the chosen spans
	chosen := 0
	// Neither can fail: what was encoded in this process is chosen from and decoded.
	some, _ := wire.Choose(e.wire, func(i int) bool {
		client := next < len(e.clients) && e.clients[next].Index == i
		if !client && !want(e.held[i]) {
			return false
		}
		if client {
			clients = append(clients, chosen)
			next++
		}
		chosen++
		return true
	})
	e.spans, _ = (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(some)
	e.link(clients)
	e.bytes = e.decoded/max(1, total)*chosen + entryBytes
	e.wire = nil
	return total - chosen
}

// link gives the clients their spans: those at some places, in order.
func (e *entry) link(places []int) {
	at, next := 0, 0
	for _, rs := range e.spans.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				if next < len(places) && places[next] == at {
					e.clients[next].Span = s
					next++
				}
				at++
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
