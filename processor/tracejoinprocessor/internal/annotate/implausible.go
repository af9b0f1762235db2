package annotate

import (
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
)

// dropImplausible returns a trace without the server spans that cannot be true: those that
// ended before they began, or lack a time, and those that were open for longer than the
// time since the request was sent.
func (r *Result) dropImplausible(t *join.Trace, now time.Time, waited time.Duration) *join.Trace {
	most := max(r.Client.Done.Sub(r.Client.Sent)+waited, now.Sub(r.Client.Sent)) + steps
	no := func(s join.Server) bool {
		return s.Began == 0 || s.Ended < s.Began || s.Ended-s.Began > pcommon.Timestamp(most)
	}
	if r.Implausible = slices.ContainsFunc(t.Servers, no); !r.Implausible {
		return t
	}
	left := *t
	left.Servers = slices.DeleteFunc(slices.Clone(t.Servers), no)
	return &left
}

// steps bounds by how much a clock may be set while a span is open.
const steps = time.Minute
