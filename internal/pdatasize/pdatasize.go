// Package pdatasize estimates what telemetry takes in memory, in bytes, for everything
// that holds some of it within a budget. Every part of variable length counts, at any
// depth; what is fixed counts with the size of pdata's structs, their pointers and the
// allocator's classes, as measured (see the test).
package pdatasize

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Fixed parts.
const (
	spanBytes      = 360
	attributeBytes = 88
	valueBytes     = 64 // an element of a list
	eventBytes     = 160
	linkBytes      = 136
	resourceBytes  = 160 // with its scope's struct
)

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
	n := resourceBytes + len(rs.SchemaUrl()) + Map(rs.Resource().Attributes())
	for _, ss := range rs.ScopeSpans().All() {
		scope := ss.Scope()
		n += resourceBytes + len(ss.SchemaUrl()) + len(scope.Name()) + len(scope.Version()) + Map(scope.Attributes())
	}
	return n
}

// Map returns the size of attributes.
func Map(m pcommon.Map) (n int) {
	for k, v := range m.All() {
		n += attributeBytes + len(k)
		if v.Type() == pcommon.ValueTypeStr { // most are
			n += len(v.Str())
		} else {
			n += content(v)
		}
	}
	return n
}

// content of a value, beside the value itself.
func content(v pcommon.Value) (n int) {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return len(v.Str())
	case pcommon.ValueTypeBytes:
		return v.Bytes().Len()
	case pcommon.ValueTypeMap:
		return Map(v.Map())
	case pcommon.ValueTypeSlice:
		for _, e := range v.Slice().All() {
			n += valueBytes + content(e)
		}
	}
	return n
}
