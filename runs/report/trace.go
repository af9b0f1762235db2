package report

import "time"

// Bounds of the traces of a report.
const (
	maxSpans = 80  // of a trace
	maxLines = 40  // log lines of a trace
	maxText  = 300 // bytes of a name, and of a log line
)

// Trace is what is known of the target's side of a request.
type Trace struct {
	Service, Route string
	Ledger         []Component
	Facts          []string // of the target's runtime, as the terminal words them
	Missing        []string // what could not be joined
	Spans          []Span   // in the order in which they are drawn
	Lines          []Line
	// What is left out: spans and log lines.
	SpansCut, LinesCut int
}

// Span is a span of a trace. Times are since the request was sent, by the clock of the
// span's service.
type Span struct {
	Depth         int
	Service, Name string
	Kind          string
	Begin, Took   time.Duration
	Error         string
}

// Line is a line that the target logged.
type Line struct {
	At       time.Duration // since the request was sent
	Severity string
	Service  string // empty if it is the one that answered
	Text     string
}

// bound cuts a trace to what a report holds.
func (t *Trace) bound() {
	if n := len(t.Spans); n > maxSpans {
		t.Spans, t.SpansCut = t.Spans[:maxSpans], t.SpansCut+n-maxSpans
	}
	if n := len(t.Lines); n > maxLines {
		t.Lines, t.LinesCut = t.Lines[:maxLines], t.LinesCut+n-maxLines
	}
}
