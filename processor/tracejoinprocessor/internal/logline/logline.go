// Package logline has the vocabulary between the log sources and the join.
package logline

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Line is one log record of a request.
type Line struct {
	TraceID  pcommon.TraceID
	SpanID   pcommon.SpanID // zero if unknown
	Time     time.Time
	Severity string // as the source names it, upper case; empty if unknown
	Body     string // already cut to the source's limit
	Service  string // service.name if known
	Cut      bool   // the body was cut
}
