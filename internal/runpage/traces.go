package runpage

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/internal/session/tracestore"
	"github.com/loadtrace/loadtrace/internal/terminal"
	"github.com/loadtrace/loadtrace/runs/report"
)

// Traces adds to the requests of a report the traces that a store has of them, at a time.
func Traces(d *report.Data, store *tracestore.Store, now time.Time) {
	for _, r := range d.Requests {
		id := pcommon.TraceID(r.TraceID)
		spans := store.Trace(id)
		if len(spans) == 0 {
			continue
		}
		t := traceOf(terminal.Explanation(terminal.SpansOf(spans, now)), r.Sent)
		t.SpansCut += store.Cut(id)
		r.Trace = t
	}
}

// traceOf is an explanation in the form of a report.
func traceOf(e terminal.Explained, sent time.Time) *report.Trace {
	t := &report.Trace{Service: e.Service, Route: e.Route, Facts: e.Facts, Missing: e.Missing, SpansCut: e.SpansCut, LinesCut: e.LinesCut}
	for _, c := range e.Ledger {
		t.Ledger = append(t.Ledger, report.Component(c))
	}
	for _, s := range e.Spans {
		t.Spans = append(t.Spans, report.Span{Depth: s.Depth, Service: s.Service, Name: s.Name, Kind: s.Kind, Begin: s.Start.Sub(sent), Took: s.Took, Error: s.Error})
	}
	for _, l := range e.Lines {
		t.Lines = append(t.Lines, report.Line(l))
	}
	return t
}
