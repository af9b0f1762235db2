package logsource

import (
	"encoding/hex"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// traceDigits are the hexadecimal digits of a trace id.
const traceDigits = 2 * len(pcommon.TraceID{})

// parseTrace reads 32 hexadecimal digits that are not all zero.
func parseTrace(s string) (id pcommon.TraceID, ok bool) {
	if len(s) != traceDigits {
		return id, false
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return pcommon.TraceID{}, false
	}
	return id, !id.IsEmpty()
}

// parseSpan reads 16 hexadecimal digits; anything else is no span.
func parseSpan(s string) (id pcommon.SpanID) {
	if len(s) != 2*len(id) {
		return id
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return pcommon.SpanID{}
	}
	return id
}
