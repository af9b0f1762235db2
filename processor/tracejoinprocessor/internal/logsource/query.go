package logsource

import (
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Labels that a query takes out of a line; unlikely enough to meet others of
// that name, which Loki would rename.
const (
	parsedTrace    = "loadtrace_trace_id"
	parsedSpan     = "loadtrace_span_id"
	parsedSeverity = "loadtrace_severity"
)

// language is how to ask for lines, and which labels of the answer to read.
type language struct {
	find     string // selector and, for ids in the text, the parser
	trace    string // label that has the trace id
	span     string
	severity string
}

func newLanguage(c Config) language {
	if c.Fields.In == InMetadata {
		return language{
			find: c.Selector, trace: c.Fields.TraceID, span: c.Fields.SpanID,
			severity: either(c.Fields.Severity, "severity_text"),
		}
	}
	l := language{trace: parsedTrace, span: parsedSpan, severity: parsedSeverity}
	pairs := []string{pair(l.trace, c.Fields.In, c.Fields.TraceID)}
	if c.Fields.SpanID != "" {
		pairs = append(pairs, pair(l.span, c.Fields.In, c.Fields.SpanID))
	}
	pairs = append(pairs, pair(l.severity, c.Fields.In, either(c.Fields.Severity, "level")))
	// The line filter spares Loki the parsing of lines without the field.
	name := c.Fields.TraceID[strings.LastIndexByte(c.Fields.TraceID, '.')+1:]
	l.find = fmt.Sprintf("%s |= %q | %s %s", c.Selector, name, c.Fields.In, strings.Join(pairs, ", "))
	return l
}

// pair is a label of the answer and the field of the line that it is taken from.
func pair(label, in, field string) string {
	if in == InLogfmt {
		return fmt.Sprintf("%s=%q", label, field)
	}
	var path strings.Builder
	for part := range strings.SplitSeq(field, ".") {
		fmt.Fprintf(&path, "[%q]", part)
	}
	return fmt.Sprintf("%s=%q", label, path.String())
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// traced asks for all lines that have a trace id.
func (l language) traced() string { return l.find + ` | ` + l.trace + `!=""` }

// of asks for the lines of some traces.
func (l language) of(ids []pcommon.TraceID) string {
	var q strings.Builder
	q.WriteString(l.find + ` | ` + l.trace + `=~"`)
	for i, id := range ids {
		if i > 0 {
			q.WriteByte('|')
		}
		q.WriteString(id.String())
	}
	q.WriteByte('"')
	return q.String()
}

// within narrows a query to the trace ids that begin with some hexadecimal
// digits.
//
// Subtle: all digits are written out, because of a label filter such as
// trace_id=~"9.*" Loki 3.7 makes "contains 9", although label filters are
// anchored (simplifyConcat in its log/filter.go).
func (l language) within(query, digits string) string {
	var re strings.Builder
	for _, d := range digits {
		if d >= 'a' {
			fmt.Fprintf(&re, "[%c%c]", d, d-'a'+'A')
		} else {
			re.WriteRune(d)
		}
	}
	if left := traceDigits - len(digits); left > 0 {
		fmt.Fprintf(&re, "[0-9a-fA-F]{%d}", left)
	}
	return fmt.Sprintf(`%s | %s=~"%s"`, query, l.trace, re.String())
}

// batch is how many ids fit into a query of so many bytes, at most most.
func (l language) batch(maxBytes, most int) int {
	// An id takes a bar too. Narrowing the query may add one filter, in which
	// every digit may be written [aA].
	room := maxBytes - len(l.of(nil)) - len(l.within("", strings.Repeat("a", traceDigits-1)))
	return max(1, min(most, room/(traceDigits+1)))
}
