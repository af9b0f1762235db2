package terminal

import (
	"cmp"
	"math"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/internal/session/tracestore"
)

// differs bounds by how much a clock of the target may be off, for a span to be believed.
const differs = time.Minute

// SpansOf gives spans the form in which they are drawn, at a time. None can have lasted longer than
// there was since the request was sent.
func SpansOf(spans []tracestore.Span, now time.Time) []Span {
	longest := time.Duration(math.MaxInt64)
	for _, s := range spans {
		if _, ours := s.Attributes().Get(attr.RunID); ours && s.Kind() == ptrace.SpanKindClient && s.ParentSpanID().IsEmpty() {
			longest = now.Sub(s.StartTimestamp().AsTime()) + differs
		}
	}
	out := make([]Span, 0, len(spans))
	for _, s := range spans {
		span := Span{
			ID: s.SpanID().String(), Parent: s.ParentSpanID().String(), Trace: s.TraceID().String(),
			Service: s.Service, Name: s.Name(), Kind: s.Kind().String(),
			Start: s.StartTimestamp().AsTime(), End: s.EndTimestamp().AsTime(),
			Error: errorOf(s),
		}
		span.Implausible = span.End.Sub(span.Start) > longest
		for key, v := range s.Attributes().All() {
			span.Attributes = append(span.Attributes, Attribute{Key: key, Value: v.AsString()})
		}
		slices.SortFunc(span.Attributes, func(a, b Attribute) int { return cmp.Compare(a.Key, b.Key) })
		for _, e := range s.Events().All() {
			span.Events = append(span.Events, eventOf(e))
		}
		out = append(out, span)
	}
	return out
}

func eventOf(e ptrace.SpanEvent) Event {
	event := Event{Name: e.Name(), Time: e.Timestamp().AsTime()}
	for key, v := range e.Attributes().All() {
		event.Attributes = append(event.Attributes, Attribute{Key: key, Value: v.AsString()})
	}
	return event
}

func errorOf(s tracestore.Span) string {
	if s.Status().Code() != ptrace.StatusCodeError {
		return ""
	}
	return cmp.Or(s.Status().Message(), "error")
}
