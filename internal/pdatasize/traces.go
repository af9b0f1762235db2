package pdatasize

import "go.opentelemetry.io/collector/pdata/ptrace"

const (
	spanBytes  = 360
	eventBytes = 160
	linkBytes  = 136
)

// Traces returns the size of a payload.
func Traces(td ptrace.Traces) (n int) {
	for _, rs := range td.ResourceSpans().All() {
		n += ResourceSpans(rs)
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				n += Span(s)
			}
		}
	}
	return n
}

// Span returns the size of a span without its resource and scope.
func Span(s ptrace.Span) int {
	n := spanBytes + len(s.Name()) + len(s.Status().Message()) + len(s.TraceState().AsRaw()) + Map(s.Attributes())
	for _, e := range s.Events().All() {
		n += event(e)
	}
	for _, l := range s.Links().All() {
		n += linkBytes + len(l.TraceState().AsRaw()) + Map(l.Attributes())
	}
	return n
}

// Added returns the size of what a span has beyond its first attributes and events, which
// were there before.
func Added(s ptrace.Span, attributes, events int) (n int) {
	i := 0
	for k, v := range s.Attributes().All() {
		if i++; i > attributes {
			n += attributeBytes + len(k) + content(v)
		}
	}
	for i := events; i < s.Events().Len(); i++ {
		n += event(s.Events().At(i))
	}
	return n
}

func event(e ptrace.SpanEvent) int { return eventBytes + len(e.Name()) + Map(e.Attributes()) }

// ResourceSpans returns the size of a resource and its scopes, without their spans.
func ResourceSpans(rs ptrace.ResourceSpans) int {
	n := resource(rs.Resource(), rs.SchemaUrl())
	for _, ss := range rs.ScopeSpans().All() {
		n += scope(ss.Scope(), ss.SchemaUrl())
	}
	return n
}
