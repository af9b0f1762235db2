package hub

import (
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/loadtrace/loadtrace/internal/utf8text"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

// lineOf a log record that came now: its body as text, or else the name of its event,
// cut to a number of bytes.
func lineOf(r plog.LogRecord, service string, limit int, now time.Time) logline.Line {
	l := logline.Line{
		TraceID: r.TraceID(), SpanID: r.SpanID(), Time: stamp(r.Timestamp(), r.ObservedTimestamp(), now),
		Severity: logline.SeverityOf(r.SeverityText()), Service: service,
	}
	if l.Severity == "" && r.SeverityNumber() != plog.SeverityNumberUnspecified {
		l.Severity = strings.ToUpper(r.SeverityNumber().String())
	}
	text := r.Body().AsString()
	if text == "" {
		text = r.EventName()
	}
	l.Body, l.Cut = utf8text.Cut(text, limit)
	return l
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
