package strangers

import (
	"sync"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen"
)

// Run is the run whose requests are no strangers: before Follow, none is.
type Run struct {
	mu sync.RWMutex // guards id
	id loadgen.RunID
}

// Follow says which run it is, from now on.
func (r *Run) Follow(id loadgen.RunID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.id = id
}

// part removes the requests of other runs from td, or all but them.
func (r *Run) part(td ptrace.Traces, others bool) {
	r.mu.RLock()
	own := r.id
	r.mu.RUnlock()
	td.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
		if service, ok := rs.Resource().Attributes().Get(attr.ServiceName); !ok || service.Str() != attr.ServiceLoadtrace {
			return others
		}
		rs.ScopeSpans().RemoveIf(func(ss ptrace.ScopeSpans) bool {
			ss.Spans().RemoveIf(func(s ptrace.Span) bool {
				trace := s.TraceID() // of a run, it begins with its id
				stranger := s.Kind() == ptrace.SpanKindClient && loadgen.RunID(trace[:len(own)]) != own
				return stranger != others
			})
			return ss.Spans().Len() == 0
		})
		return rs.ScopeSpans().Len() == 0
	})
}
