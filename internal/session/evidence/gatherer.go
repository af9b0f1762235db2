package evidence

import (
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/loadtrace/loadtrace/goruntime"
	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/runs/diagnosis"
)

// Bounds.
const (
	mostSpans     = 200_000 // of about 100 bytes each
	mostInstances = 100
	mostNames     = 1000 // of spans
	mostCycles    = 50_000
	mostPoints    = 1000 // of a series
	mostText      = 200  // bytes of a name
)

// Gatherer keeps evidence of a run. The zero value is ready; until Follow it keeps
// nothing.
type Gatherer struct {
	mu        sync.Mutex // guards all below
	run       loadgen.RunID
	began     time.Time // zero until Follow
	spans     spans
	instances []instance
	indices   map[identity]int
	cycles    []diagnosis.Cycle
}

type identity struct{ service, id string }

// instance is a process that sends telemetry.
type instance struct {
	identity
	series [diagnosis.Metrics]series
}

// Follow sets the run whose evidence is kept from now on, and when the run began.
func (g *Gatherer) Follow(run loadgen.RunID, began time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.run, g.began = run, began
	g.spans = newSpans()
	g.instances, g.indices, g.cycles = nil, map[identity]int{}, nil
}

// instance is the index of who sends a resource; ok is false for loadtrace itself and for
// those beyond the bound.
func (g *Gatherer) instance(of pcommon.Resource) (index int, ok bool) {
	who := identity{text(of.Attributes(), attr.ServiceName), text(of.Attributes(), attr.ServiceInstanceID)}
	if who.service == attr.ServiceLoadtrace {
		return -1, false
	}
	if i, known := g.indices[who]; known {
		return i, true
	}
	if len(g.instances) >= mostInstances {
		return -1, false
	}
	g.instances = append(g.instances, instance{identity: who})
	g.indices[who] = len(g.instances) - 1
	return len(g.instances) - 1, true
}

func text(a pcommon.Map, key string) string {
	v, ok := a.Get(key)
	if !ok {
		return ""
	}
	return short(v.AsString())
}

// short bounds a text of the target's.
func short(s string) string {
	if len(s) <= mostText {
		return s
	}
	return strings.ToValidUTF8(s[:mostText], "")
}

// addLogs keeps the GC cycles that goruntime sends as events.
func (g *Gatherer) addLogs(ld plog.Logs) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.began.IsZero() {
		return
	}
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, r := range sl.LogRecords().All() {
				if r.EventName() != goruntime.EventGCCycle || len(g.cycles) >= mostCycles {
					continue
				}
				if i, ok := g.instance(rl.Resource()); ok {
					g.addCycle(i, r.Attributes())
				}
			}
		}
	}
}

// addCycle keeps the time in which the cycle was under way for certain.
func (g *Gatherer) addCycle(instance int, a pcommon.Map) {
	begin, ok1 := a.Get(goruntime.AttrGCStartLatest)
	end, ok2 := a.Get(goruntime.AttrGCEnd)
	if ok1 && ok2 && begin.Int() < end.Int() && begin.Int() > 0 {
		g.cycles = append(g.cycles, diagnosis.Cycle{Instance: instance, Begin: begin.Int(), End: end.Int()})
	}
}

// Fill adds to e what was kept.
func (g *Gatherer) Fill(e *diagnosis.Evidence) {
	g.mu.Lock()
	defer g.mu.Unlock()
	e.Requests, e.Calls = g.spans.assemble()
	e.Cycles = append(e.Cycles, g.cycles...)
	for i := range g.instances {
		of := diagnosis.Instance{Service: g.instances[i].service, ID: g.instances[i].id}
		for m := range of.Series {
			of.Series[m] = g.instances[i].series[m].points
		}
		e.Instances = append(e.Instances, of)
	}
}
