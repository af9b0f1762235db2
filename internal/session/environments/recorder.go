package environments

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// most bounds the instances that are listed. Further instances have the
// environments of the listed ones, or the list is long enough to show that they differ.
const most = 100

// Recorder records the instances that answered a run, and their environments.
type Recorder struct {
	mu    sync.Mutex // guards all below
	run   loadgen.RunID
	known map[instance]environment.Environment
}

type instance struct{ service, id string }

// Follow sets the run whose requests count from now on.
func (p *Recorder) Follow(run loadgen.RunID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.run, p.known = run, map[instance]environment.Environment{}
}

// Record adds the instances that answered requests of the run.
func (p *Recorder) Record(td ptrace.Traces) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, rs := range td.ResourceSpans().All() {
		a := rs.Resource().Attributes()
		if _, described := a.Get(attr.EnvFingerprint); !described || text(a, attr.ServiceName) == attr.ServiceLoadtrace {
			continue // not of a target
		}
		who := instance{text(a, attr.ServiceName), text(a, attr.ServiceInstanceID)}
		if _, known := p.known[who]; known || len(p.known) >= most || !p.responded(rs) {
			continue
		}
		if e, ok := environment.Parse(texts(a)); ok {
			p.known[who] = e
		}
	}
}

// responded reports whether one of the spans is a server's in a trace of the run.
func (p *Recorder) responded(rs ptrace.ResourceSpans) bool {
	for _, ss := range rs.ScopeSpans().All() {
		for _, span := range ss.Spans().All() {
			id := span.TraceID()
			if span.Kind() == ptrace.SpanKindServer && loadgen.RunID(id[:len(p.run)]) == p.run {
				return true
			}
		}
	}
	return false
}

// Targets lists them, by service and instance.
func (p *Recorder) Targets() []summary.Target {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []summary.Target
	for _, who := range slices.SortedFunc(maps.Keys(p.known), func(a, b instance) int {
		return cmp.Or(cmp.Compare(a.service, b.service), cmp.Compare(a.id, b.id))
	}) {
		out = append(out, summary.Target{Service: who.service, Instance: who.id, Environment: p.known[who]})
	}
	return out
}

func text(a pcommon.Map, key string) string {
	v, ok := a.Get(key)
	if !ok {
		return ""
	}
	return v.AsString()
}

func texts(a pcommon.Map) map[string]string {
	out := make(map[string]string, a.Len())
	for key, v := range a.All() {
		out[key] = v.AsString()
	}
	return out
}
