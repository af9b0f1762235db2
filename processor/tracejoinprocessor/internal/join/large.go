package join

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// splitLarge has the spans of traces that hold too much leave a batch that was
// just added, so that one trace cannot push all others out.
func (s *Shard) splitLarge(b *batch) []Released {
	if b.encoded != nil {
		s.decodeWhole(b)
	}
	large := func(t *Trace) bool { return t.bytes > s.o.TraceBytes }
	out := Released{Reason: TraceTooLarge, Arrived: b.at, Spans: ptrace.NewTraces()}
	gone := map[[16]byte]*Trace{}
	b.eachTrace(func(t *Trace) {
		if large(t) {
			gone[t.ID] = t
		}
	})
	n := 0
	b.eachTrace(func(t *Trace) {
		if gone[t.ID] != nil {
			t.bytes -= b.each
			n++
		}
	})
	b.spanTraces = slices.DeleteFunc(b.spanTraces, func(t *Trace) bool { return gone[t.ID] != nil })
	b.clients = slices.DeleteFunc(b.clients, func(c Joined) bool {
		if gone[c.Trace] == nil {
			return false
		}
		c.Alone = c.Of.Clients == 1
		out.Clients = append(out.Clients, c)
		return true
	})
	moved := move(b.spans, out.Spans, func(s ptrace.Span) bool { return gone[s.TraceID()] != nil })
	for i := range out.Clients {
		out.Clients[i].Span = moved[out.Clients[i].Span]
	}
	out.Bytes = n * b.each
	b.bytes -= out.Bytes
	s.bytes -= out.Bytes
	s.waiting -= len(out.Clients)
	for i := range out.Clients {
		if out.Clients[i].Own {
			s.own--
		}
	}
	for _, t := range gone {
		if !s.o.KeepAll {
			s.decide(t)
		}
		out.traces = append(out.traces, t)
	}
	return []Released{out}
}

// move takes spans from one payload to another, under their resource and scope,
// and says where each is now.
func move(from, to ptrace.Traces, take func(ptrace.Span) bool) map[ptrace.Span]ptrace.Span {
	moved := map[ptrace.Span]ptrace.Span{}
	for _, rs := range from.ResourceSpans().All() {
		m := mover{rs: rs, to: to, moved: moved}
		for _, ss := range rs.ScopeSpans().All() {
			m.scope = false
			ss.Spans().RemoveIf(func(s ptrace.Span) bool {
				if !take(s) {
					return false
				}
				m.take(ss, s)
				return true
			})
		}
	}
	return moved
}

// mover makes the resource and scope of the spans that it moves when it needs them.
type mover struct {
	rs              ptrace.ResourceSpans
	to              ptrace.Traces
	toRS            ptrace.ResourceSpans
	toSS            ptrace.ScopeSpans
	resource, scope bool // made
	moved           map[ptrace.Span]ptrace.Span
}

func (m *mover) take(ss ptrace.ScopeSpans, s ptrace.Span) {
	if !m.resource {
		m.toRS, m.resource = m.to.ResourceSpans().AppendEmpty(), true
		m.rs.Resource().CopyTo(m.toRS.Resource())
		m.toRS.SetSchemaUrl(m.rs.SchemaUrl())
	}
	if !m.scope {
		m.toSS, m.scope = m.toRS.ScopeSpans().AppendEmpty(), true
		ss.Scope().CopyTo(m.toSS.Scope())
		m.toSS.SetSchemaUrl(ss.SchemaUrl())
	}
	dst := m.toSS.Spans().AppendEmpty()
	m.moved[s] = dst
	s.MoveTo(dst)
}
