package runfilter

import (
	"sync/atomic"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen"
)

// Run is the run whose requests are kept: before Follow, none is. It must not be copied
// after first use.
type Run struct{ id atomic.Pointer[loadgen.RunID] }

// Follow sets the run from now on.
func (r *Run) Follow(id loadgen.RunID) { r.id.Store(&id) }

// Has reports whether a trace is of a request of the run: its id begins with the run's.
func (r *Run) Has(trace pcommon.TraceID) bool {
	id := r.id.Load()
	return id != nil && loadgen.RunID(trace[:len(id)]) == *id
}

// filter removes the requests of other runs from td, or all but them.
func (r *Run) filter(td ptrace.Traces, others bool) {
	td.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
		if service, ok := rs.Resource().Attributes().Get(attr.ServiceName); !ok || service.Str() != attr.ServiceLoadtrace {
			return others
		}
		rs.ScopeSpans().RemoveIf(func(ss ptrace.ScopeSpans) bool {
			ss.Spans().RemoveIf(func(s ptrace.Span) bool {
				foreign := s.Kind() == ptrace.SpanKindClient && !r.Has(s.TraceID())
				return foreign != others
			})
			return ss.Spans().Len() == 0
		})
		return rs.ScopeSpans().Len() == 0
	})
}
