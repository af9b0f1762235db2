package enginekit

import (
	"encoding/hex"
	"net/url"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// TraceParentLen is the length of a traceparent, in bytes.
const TraceParentLen = 55

// PutTraceParent makes the W3C trace context of a request: version 00, flags random (the
// last seven bytes of our trace ids are) and, if it has a span, sampled.
func PutTraceParent(to *[TraceParentLen]byte, t loadgen.TraceID, s loadgen.SpanID, sampled bool) {
	copy(to[:], "00-00000000000000000000000000000000-0000000000000000-02")
	hex.Encode(to[3:], t[:])
	hex.Encode(to[36:], s[:])
	if sampled {
		to[54] = '3'
	}
}

// TraceParent is what PutTraceParent makes, as text.
func TraceParent(t loadgen.TraceID, s loadgen.SpanID, sampled bool) string {
	var text [TraceParentLen]byte
	PutTraceParent(&text, t, s, sampled)
	return string(text[:])
}

// Baggage is the W3C baggage that marks test traffic, or nothing.
func Baggage(s runner.Setup) string {
	if !s.Attack.Baggage {
		return ""
	}
	return "loadgen.run.id=" + s.Run.String() + ",loadgen.attack.name=" + url.PathEscape(s.Attack.Name)
}
