package hub

import (
	"strings"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/utf8text"
)

func serviceOf(r pcommon.Resource) string {
	if v, ok := r.Attributes().Get(attr.ServiceName); ok {
		return utf8text.Valid(v.AsString())
	}
	return ""
}

// lineOf a log record that came now: its body as text, or else the name of its event,
// cut to a number of bytes.
func lineOf(r plog.LogRecord, service string, limit int, now time.Time) logline.Line {
	l := logline.Line{
		TraceID: r.TraceID(), SpanID: r.SpanID(), Time: stamp(r.Timestamp(), r.ObservedTimestamp(), now),
		Severity: strings.ToUpper(utf8text.Valid(r.SeverityText())), Service: service,
	}
	if l.Severity == "" && r.SeverityNumber() != plog.SeverityNumberUnspecified {
		l.Severity = strings.ToUpper(r.SeverityNumber().String())
	}
	text := r.Body().AsString()
	if text == "" {
		text = r.EventName()
	}
	l.Body, l.Cut = cut(text, limit)
	return l
}

// cut text to a number of bytes, not within a character. What is returned does not
// hold the whole text in memory.
func cut(s string, limit int) (string, bool) {
	if s = utf8text.Valid(s); len(s) <= limit {
		return s, false
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return strings.Clone(s[:limit]), true
}

// stamp is when a record was made, or else seen: by its sender, or by us.
func stamp(ts, observed pcommon.Timestamp, now time.Time) time.Time {
	switch {
	case ts != 0:
		return ts.AsTime()
	case observed != 0:
		return observed.AsTime()
	}
	return now
}
