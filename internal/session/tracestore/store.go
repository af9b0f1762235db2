package tracestore

import (
	"cmp"
	"container/list"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/internal/pdatasize"
	"github.com/loadtrace/loadtrace/loadgen"
)

// pinned is how many of the slowest traces never leave the store, and pinnedErrors how many
// of requests that did not end well: the first few of each kind of error.
const (
	pinned       = 32
	pinnedErrors = 24
	ofOneError   = 3
)

// Span is a span with the service that made it.
type Span struct {
	Service string
	ptrace.Span
}

// Store holds traces up to a limit in bytes.
type Store struct {
	limit int

	mu      sync.Mutex // guards all below
	run     loadgen.RunID
	traces  map[pcommon.TraceID]*trace
	order   *list.List     // of *trace, the oldest first
	slowest []*trace       // at most pinned
	errors  map[string]int // traces that are kept, by kind of error
	wrong   int            // of all kinds, at most pinnedErrors
	bytes   int
	evicted int
	served  int // server spans that came
	// watch is called with every span of a request of the run; nil for none.
	watch func(ptrace.Span)
}

// traceBytes is what a trace takes beside its spans, about.
const traceBytes = 384

type trace struct {
	id    pcommon.TraceID
	spans []Span
	ids   map[pcommon.SpanID]bool // of spans
	// Bytes of spans of requests, and of the others. Each have a bound of their own, so that
	// a request finds room in a trace that is full already.
	requests, others int
	cut              int // spans that were too many
	// response is the longest response time of a request, by which traces are ranked.
	response time.Duration
	place    *list.Element
	kept     bool // among the slowest
	wrong    bool // among the first of an error
}

// New makes a store that holds about limit bytes.
func New(limit int) *Store {
	return &Store{limit: limit, traces: map[pcommon.TraceID]*trace{}, order: list.New(), errors: map[string]int{}}
}

// Follow sets the run whose traces are kept from now on. Those of others that come to the same
// collector are not: they would be ranked beside the run's own, and take their place.
func (s *Store) Follow(run loadgen.RunID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.run = run
}

// Watch has a function called with the client span of every request of the run, also of
// those that the store does not keep. It must return soon, and keep nothing of the span.
func (s *Store) Watch(f func(ptrace.Span)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch = f
}

// Add copies the spans of td that are in traces of the run into the store.
func (s *Store) Add(td ptrace.Traces) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rs := range td.ResourceSpans().All() {
		service := ""
		if v, ok := rs.Resource().Attributes().Get("service.name"); ok {
			service = v.AsString()
		}
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if id := span.TraceID(); loadgen.RunID(id[:len(s.run)]) == s.run {
					s.add(service, span)
					if s.watch != nil && isRequest(span) {
						s.watch(span)
					}
				}
			}
		}
	}
	s.shrink()
}

func (s *Store) add(service string, span ptrace.Span) {
	t := s.traces[span.TraceID()]
	if t == nil && s.unranked(span) {
		return
	}
	if t == nil {
		t = &trace{id: span.TraceID(), ids: map[pcommon.SpanID]bool{}}
		s.bytes += traceBytes
		t.place = s.order.PushBack(t)
		s.traces[t.id] = t
	}
	if t.ids[span.SpanID()] {
		return // delivered again after a failure elsewhere
	}
	size := pdatasize.Span(span) + len(service)
	held := t.held(span)
	if *held+size > s.limit/(pinned+pinnedErrors) {
		t.cut++ // those that are pinned never leave: with no bound of each they would have none together
		return
	}
	*held += size
	t.ids[span.SpanID()] = true
	kept := Span{Service: service, Span: ptrace.NewSpan()}
	span.CopyTo(kept.Span)
	t.spans = append(t.spans, kept)
	s.bytes += size
	switch {
	case span.Kind() == ptrace.SpanKindServer:
		s.served++
	case isRequest(span):
		t.response = max(t.response, responseTime(span))
		s.pin(t, span)
		s.rank(t)
	}
}

// held is the count of bytes that a span belongs to.
func (t *trace) held(span ptrace.Span) *int {
	if isRequest(span) {
		return &t.requests
	}
	return &t.others
}

// unranked reports whether a span is of a request that is not among the slowest, so
// that its trace would leave at once.
func (s *Store) unranked(span ptrace.Span) bool {
	return len(s.slowest) == pinned && isRequest(span) && responseTime(span) <= s.fastest().response && !s.wanted(span)
}

// wanted reports whether a span is of a request that did not end well, and is among the
// first of its error.
func (s *Store) wanted(span ptrace.Span) bool {
	return span.Status().Code() == ptrace.StatusCodeError && s.wrong < pinnedErrors && s.errors[errorOf(span)] < ofOneError
}

// pin keeps t if its request is wanted. Kinds of errors are not more than what is pinned.
func (s *Store) pin(t *trace, span ptrace.Span) {
	if !t.wrong && s.wanted(span) {
		t.wrong = true
		s.wrong++
		s.errors[errorOf(span)]++
	}
}

// errorOf is the kind of a request's error.
func errorOf(span ptrace.Span) string {
	v, _ := span.Attributes().Get(attr.ErrorType)
	return v.AsString()
}

func isRequest(span ptrace.Span) bool {
	return span.Kind() == ptrace.SpanKindClient && span.ParentSpanID().IsEmpty()
}

// responseTime of a client span: as the generator has measured it, or its length.
func responseTime(span ptrace.Span) time.Duration {
	if v, ok := span.Attributes().Get(attr.ResponseTime); ok {
		return time.Duration(v.Double() * float64(time.Second))
	}
	return span.EndTimestamp().AsTime().Sub(span.StartTimestamp().AsTime())
}

// rank keeps t if it is among the slowest, and drops what no longer is.
func (s *Store) rank(t *trace) {
	if t.kept {
		return
	}
	if len(s.slowest) < pinned {
		t.kept = true
		s.slowest = append(s.slowest, t)
		return
	}
	if f := s.fastest(); f.response < t.response {
		f.kept, t.kept = false, true
		s.slowest[slices.Index(s.slowest, f)] = t
		t = f
	}
	if !t.wrong {
		s.drop(t)
	}
}

// fastest of the slowest.
func (s *Store) fastest() *trace {
	return slices.MinFunc(s.slowest, func(a, b *trace) int { return cmp.Compare(a.response, b.response) })
}

func (s *Store) drop(t *trace) {
	s.order.Remove(t.place)
	delete(s.traces, t.id)
	s.bytes -= traceBytes + t.requests + t.others
}

func (s *Store) shrink() {
	for e := s.order.Front(); e != nil && s.bytes > s.limit; {
		t, next := e.Value.(*trace), e.Next()
		if !t.kept && !t.wrong {
			s.drop(t)
			s.evicted++
		}
		e = next
	}
}

// Trace returns the spans of a trace, in the order in which they came.
func (s *Store) Trace(id pcommon.TraceID) []Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.traces[id]
	if t == nil {
		return nil
	}
	out := make([]Span, len(t.spans))
	for i, span := range t.spans {
		out[i] = Span{Service: span.Service, Span: ptrace.NewSpan()}
		span.CopyTo(out[i].Span)
	}
	return out
}

// Served is the number of server spans that came in traces of the run.
func (s *Store) Served() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.served
}

// Cut is the number of spans that were left out of a trace: each may hold as much as
// leaves room for all of the slowest.
func (s *Store) Cut(id pcommon.TraceID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.traces[id]; t != nil {
		return t.cut
	}
	return 0
}

// Evicted is the number of traces that left to keep the limit.
func (s *Store) Evicted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.evicted
}
