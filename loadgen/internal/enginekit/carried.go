package enginekit

import (
	"net/url"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// TraceParent is the W3C trace context of a hit: version 00, flags sampled and
// random (the last seven bytes of our trace ids are random).
func TraceParent(t loadgen.TraceID, s loadgen.SpanID) string {
	return "00-" + t.String() + "-" + s.String() + "-03"
}

// Baggage is the W3C baggage that marks test traffic, or nothing.
func Baggage(s runner.Setup) string {
	if !s.Attack.Baggage {
		return ""
	}
	return "loadgen.run.id=" + s.Run.String() + ",loadgen.attack.name=" + url.PathEscape(s.Attack.Name)
}
