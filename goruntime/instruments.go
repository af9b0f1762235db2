package goruntime

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/semconv/v1.41.0/goconv"

	"github.com/loadtrace/loadtrace/goruntime/cgroup"
)

const (
	memoryTotal    = "/memory/classes/total:bytes"
	memoryReleased = "/memory/classes/heap/released:bytes"
	memoryStacks   = "/memory/classes/heap/stacks:bytes"
	memoryLimit    = "/gc/gomemlimit:bytes"
)

// scalars is what a collection reads: what memory.used is made of, then the
// sources of the tables below.
var scalars = slices.Concat(
	[]string{memoryTotal, memoryReleased, memoryStacks, memoryLimit},
	sources(counts), sources(seconds))

// row says which sample of the runtime an instrument shows, with which
// attributes. Rows are shared by all that are started: the attributes are a Set, which
// cannot change, and not a slice, which attribute.NewSet sorts in place.
type row struct {
	source, name, unit, help string
	attributes               attribute.Set
	goesDown                 bool
}

func sources(rows []row) (names []string) {
	for _, r := range rows {
		names = append(names, r.source)
	}
	return names
}

// count is a row of what only grows.
func count(source, name, unit, help string) row {
	return row{source: source, name: name, unit: unit, help: help}
}

// level is a row of what goes up and down.
func level(source, name, unit, help string) row {
	return row{source: source, name: name, unit: unit, help: help, goesDown: true}
}

// with is the row with attributes.
func (r row) with(a ...attribute.KeyValue) row {
	r.attributes = attribute.NewSet(slices.Clone(a)...)
	return r
}

// named takes a row's name, unit and help from the semantic conventions.
func named(make func(source, name, unit, help string) row, source string,
	i interface {
		Name() string
		Unit() string
		Description() string
	},
) row {
	return make(source, i.Name(), i.Unit(), i.Description())
}

var counts = []row{
	named(count, "/gc/heap/allocs:bytes", goconv.MemoryAllocated{}),
	named(count, "/gc/heap/allocs:objects", goconv.MemoryAllocations{}),
	named(count, "/gc/cycles/total:gc-cycles", goconv.MemoryGCCyclesObservable{}),
	named(level, "/gc/heap/goal:bytes", goconv.MemoryGCGoal{}),
	named(level, "/sched/goroutines:goroutines", goconv.GoroutineCount{}),
	named(level, "/sched/gomaxprocs:threads", goconv.ProcessorLimit{}),
	named(level, "/gc/gogc:percent", goconv.ConfigGogc{}),
	level("/gc/heap/live:bytes", MetricHeapLive, "By", "Heap memory that the last GC cycle found in use."),
	level("/memory/classes/heap/objects:bytes", MetricHeapObjects, "By", "Heap memory of live objects, and of dead ones not swept yet."),
	stateRow("running"), stateRow("runnable"), stateRow("waiting"), stateRow("not-in-go"),
	count("/sched/goroutines-created:goroutines", MetricGoroutines, "{goroutine}", "Goroutines created."),
	level("/sched/threads/total:threads", MetricThreads, "{thread}", "Operating system threads of the Go runtime."),
	count("/cgo/go-to-c-calls:calls", MetricCgoCalls, "{call}", "Calls from Go to C."),
}

func stateRow(state string) row {
	value := map[string]string{"not-in-go": "not_in_go"}[state]
	if value == "" {
		value = state
	}
	return level("/sched/goroutines/"+state+":goroutines", MetricGoroutineState, "{goroutine}",
		"Live goroutines by state, approximately.").with(attribute.String(AttrGoroutineState, value))
}

// seconds are all counters. Those of the processor are estimates that the
// runtime brings up to date when a GC cycle ends.
var seconds = []row{
	cpuRow(goconv.CPUStateUser, "user"),
	cpuRow(goconv.CPUStateIdle, "idle"),
	cpuRow(goconv.CPUStateGC, "gc/mark/assist"),
	cpuRow(goconv.CPUStateGC, "gc/mark/dedicated"),
	cpuRow(goconv.CPUStateGC, "gc/mark/idle"),
	cpuRow(goconv.CPUStateGC, "gc/pause"),
	cpuRow(goconv.CPUStateScavenge, "scavenge/assist"),
	cpuRow(goconv.CPUStateScavenge, "scavenge/background"),
	count("/sync/mutex/wait/total:seconds", MetricMutexWait, "s", "Time that goroutines have waited for a sync.Mutex or sync.RWMutex, or for a lock of the runtime."),
}

func cpuRow(state goconv.CPUStateAttr, detail string) row {
	var t goconv.CPUTimeObservable
	return named(count, "/cpu/classes/"+detail+":cpu-seconds", t).
		with(t.AttrCPUState(state), t.AttrCPUDetailedState(detail))
}

// instruments are made once. mu guards the reading of a collection, as several
// readers may collect at once.
type instruments struct {
	meter metric.Meter
	mu    sync.Mutex
	used  goconv.MemoryUsed
	limit goconv.MemoryLimit
	// Instruments of counts and seconds, row by row.
	ints    []metric.Int64Observable
	floats  []metric.Float64Observable
	group   groupInstruments
	process processInstruments
	all     []metric.Observable
	errs    []error
}

func newInstruments(m metric.Meter) (*instruments, error) {
	in := &instruments{meter: m}
	var err1, err2 error
	in.used, err1 = goconv.NewMemoryUsed(m)
	in.limit, err2 = goconv.NewMemoryLimit(m)
	in.errs = append(in.errs, err1, err2)
	in.all = append(in.all, in.used.Inst(), in.limit.Inst())
	for _, r := range counts {
		in.ints = append(in.ints, in.int(r))
	}
	for _, r := range seconds {
		in.floats = append(in.floats, in.float(r))
	}
	in.group = in.groupInstruments()
	in.process = in.processInstruments()
	return in, errors.Join(in.errs...)
}

func (in *instruments) int(r row) (i metric.Int64Observable) {
	var err error
	if r.goesDown {
		i, err = in.meter.Int64ObservableUpDownCounter(r.name, metric.WithUnit(r.unit), metric.WithDescription(r.help))
	} else {
		i, err = in.meter.Int64ObservableCounter(r.name, metric.WithUnit(r.unit), metric.WithDescription(r.help))
	}
	in.errs, in.all = append(in.errs, err), append(in.all, i)
	return i
}

func (in *instruments) float(r row) (i metric.Float64Observable) {
	var err error
	if r.goesDown {
		i, err = in.meter.Float64ObservableUpDownCounter(r.name, metric.WithUnit(r.unit), metric.WithDescription(r.help))
	} else {
		i, err = in.meter.Float64ObservableCounter(r.name, metric.WithUnit(r.unit), metric.WithDescription(r.help))
	}
	in.errs, in.all = append(in.errs, err), append(in.all, i)
	return i
}

// register has the instruments observed. group may be nil.
func (in *instruments) register(r *reading, group *cgroup.Group) (metric.Registration, error) {
	stack := metric.WithAttributeSet(attribute.NewSet(in.used.AttrMemoryType(goconv.MemoryTypeStack)))
	other := metric.WithAttributeSet(attribute.NewSet(in.used.AttrMemoryType(goconv.MemoryTypeOther)))
	intSets, floatSets := sets(counts), sets(seconds)
	return in.meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		in.mu.Lock()
		defer in.mu.Unlock()
		r.refresh()
		total, _ := r.count(memoryTotal)
		released, _ := r.count(memoryReleased)
		stacks, _ := r.count(memoryStacks)
		o.ObserveInt64(in.used.Inst(), stacks, stack)
		o.ObserveInt64(in.used.Inst(), total-released-stacks, other)
		if limit, ok := r.count(memoryLimit); ok && limit != math.MaxInt64 {
			o.ObserveInt64(in.limit.Inst(), limit)
		}
		for i, row := range counts {
			if v, ok := r.count(row.source); ok {
				o.ObserveInt64(in.ints[i], v, intSets[i])
			}
		}
		for i, row := range seconds {
			if v, ok := r.seconds(row.source); ok {
				o.ObserveFloat64(in.floats[i], v, floatSets[i])
			}
		}
		in.process.observe(o)
		if group != nil {
			in.group.observe(o, group.Read())
		}
		return nil
	}, in.all...)
}

func sets(rows []row) (out []metric.ObserveOption) {
	for _, r := range rows {
		out = append(out, metric.WithAttributeSet(r.attributes))
	}
	return out
}
