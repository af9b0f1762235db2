package evidence

import (
	"cmp"
	"encoding/hex"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/runs/diagnosis"
)

// spans are those of the run's traces, of which whole stretches of time are kept: how many
// calls are under way at once is only seen where none is left out.
type spans struct {
	kept  []record
	every int64 // stretch of those that there are is kept
	names map[string]int32
	list  []string
}

func newSpans() spans { return spans{every: 1, names: map[string]int32{}} }

// stretch is how long spans are kept or left out, in nanoseconds.
const stretch = int64(5 * time.Second)

// record is a span without what no detector uses.
type record struct {
	trace      pcommon.TraceID
	id, parent pcommon.SpanID
	begin, end int64
	response   time.Duration // of a request's client span
	kind       ptrace.SpanKind
	instance   int32 // -1: loadtrace
	name       int32
}

func (g *Gatherer) addTraces(td ptrace.Traces) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.began.IsZero() {
		return
	}
	for _, rs := range td.ResourceSpans().All() {
		own := text(rs.Resource().Attributes(), attr.ServiceName) == attr.ServiceLoadtrace
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if id := span.TraceID(); loadgen.RunID(id[:len(g.run)]) != g.run {
					continue
				}
				if i, ok := g.instance(rs.Resource()); ok || own {
					g.spans.add(int32(i), span)
				}
			}
		}
	}
}

func (s *spans) add(instance int32, span ptrace.Span) {
	r := record{
		trace: span.TraceID(), id: span.SpanID(), parent: span.ParentSpanID(), kind: span.Kind(), instance: instance,
		begin: int64(span.StartTimestamp()), end: int64(span.EndTimestamp()), name: -1,
	}
	if r.end < r.begin || !s.keeps(&r) {
		return
	}
	if instance < 0 {
		v, ok := span.Attributes().Get(attr.ResponseTime)
		if !ok {
			return // the run's own
		}
		r.response = time.Duration(v.Double() * float64(time.Second))
	} else if r.kind == ptrace.SpanKindClient {
		r.name = s.name(short(span.Name()))
	}
	if len(s.kept) >= mostSpans {
		s.every *= 2
		s.kept = slices.DeleteFunc(s.kept, func(r record) bool { return !s.keeps(&r) })
	}
	s.kept = append(s.kept, r)
}

func (s *spans) keeps(r *record) bool { return r.begin/stretch%s.every == 0 }

// name is the number of a name; -1 for those beyond the bound.
func (s *spans) name(name string) int32 {
	if i, ok := s.names[name]; ok {
		return i
	}
	if len(s.list) >= mostNames {
		return -1
	}
	s.list = append(s.list, name)
	s.names[name] = int32(len(s.list) - 1)
	return s.names[name]
}

// assemble finds the requests with their servers, and the calls below them.
func (s *spans) assemble() (requests []diagnosis.Request, calls []diagnosis.Call) {
	all := slices.Clone(s.kept)
	slices.SortFunc(all, func(a, b record) int {
		return cmp.Or(slices.Compare(a.trace[:], b.trace[:]), cmp.Compare(a.begin, b.begin), slices.Compare(a.id[:], b.id[:]))
	})
	all = slices.CompactFunc(all, func(a, b record) bool { return a.trace == b.trace && a.id == b.id }) // delivered again
	for len(all) > 0 {
		n := slices.IndexFunc(all, func(r record) bool { return r.trace != all[0].trace })
		if n < 0 {
			n = len(all)
		}
		s.trace(all[:n], &requests, &calls)
		all = all[n:]
	}
	return requests, calls
}

// trace takes the spans of one trace, in the order of their beginning.
func (s *spans) trace(of []record, requests *[]diagnosis.Request, calls *[]diagnosis.Call) {
	id := hex.EncodeToString(of[0].trace[:])
	begins := map[pcommon.SpanID]int64{} // of the target's spans
	called := map[pcommon.SpanID]bool{}  // by the parent
	for i := range of {
		if of[i].instance >= 0 {
			begins[of[i].id] = of[i].begin
		}
		if of[i].instance < 0 {
			if r, ok := answered(of, &of[i]); ok {
				r.Trace = id
				*requests = append(*requests, r)
			}
		}
	}
	for i := range of {
		r := &of[i]
		if r.instance < 0 || r.kind != ptrace.SpanKindClient || r.name < 0 {
			continue
		}
		c := diagnosis.Call{Trace: id, Op: s.list[r.name], Instance: int(r.instance), Begin: r.begin, End: r.end}
		if since, ok := begins[r.parent]; ok && !called[r.parent] && since <= r.begin {
			c.Since = since
		}
		called[r.parent] = true
		*calls = append(*calls, c)
	}
}

// answered is a request with the server span that answered it: the last to end, of
// several.
func answered(of []record, client *record) (r diagnosis.Request, ok bool) {
	r = diagnosis.Request{Response: client.response, Instance: -1}
	for i := range of {
		s := &of[i]
		if s.kind == ptrace.SpanKindServer && s.parent == client.id && s.end > r.End {
			r.Instance, r.Begin, r.End, ok = int(s.instance), s.begin, s.end, true
		}
	}
	return r, ok
}
