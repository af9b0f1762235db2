// Package logline has the vocabulary between the log sources and the join.
package logline

import (
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/internal/utf8text"
)

// Line is one log record of a request.
type Line struct {
	TraceID  pcommon.TraceID
	SpanID   pcommon.SpanID // zero if unknown
	Time     time.Time
	Severity string // see SeverityOf; empty if unknown
	Body     string // already cut to the source's limit
	Service  string // service.name if known, as a utf8text.Key
	Cut      bool   // the body was cut
}

// structBytes is the size of a Line with its share of a slice, about.
const structBytes = 112

// Size of a line in memory, in bytes, about.
func (l *Line) Size() int { return structBytes + len(l.Severity) + len(l.Body) + len(l.Service) }

// severityBytes bounds a severity, which is a word.
const severityBytes = 64

// SeverityOf a line is what its source calls it, in upper case and at most 64 bytes.
func SeverityOf(name string) string {
	name, _ = utf8text.Cut(name, severityBytes)
	name, _ = utf8text.Cut(strings.ToUpper(name), severityBytes) // which may be longer
	return name
}
