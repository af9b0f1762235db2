package exposition

import (
	"context"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/semconv/v1.41.0/goconv"

	"github.com/loadtrace/loadtrace/goruntime"
	"github.com/loadtrace/loadtrace/internal/runtimeexporter/target"
)

// Names of metrics that only the exporter has.
const (
	metricUp     = "target.up"
	metricFault  = "target.fault"
	metricTook   = "target.scrape.duration"
	metricSource = "target.source"
	// Not go.goroutine.count and goruntime.thread.count: Prometheus keeps names that end
	// in _count for histograms, promtool refuses them otherwise, and these are the
	// names that its dashboards know.
	metricGoroutines = "go.goroutines"
	metricThreads    = "go.threads"
	// Of what runtime/metrics says in finer form to goruntime.
	metricPauseTime = "goruntime.memory.gc.pause.time"
	metricLastGC    = "goruntime.memory.gc.last_end.timestamp"
	metricGCShare   = "goruntime.memory.gc.cpu.utilization"
	attrSource      = "source"
	attrReason      = "reason"
	scope           = "github.com/loadtrace/loadtrace/cmd/exporter"
)

// ownPrefix begins the names that only the exporter may have on a page, in
// Prometheus's form.
const ownPrefix = "target_"

// answers is a metric.Producer over what was answered.
type answers []target.Answer

// Produce implements metric.Producer of the SDK.
func (all answers) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	now := time.Time{} // a scrape has no times of its own
	b := &builder{now: now, at: map[string]int{}}
	for _, a := range all {
		b.answer(a)
	}
	return []metricdata.ScopeMetrics{{
		Scope:   instrumentation.Scope{Name: scope, SchemaURL: semconv.SchemaURL},
		Metrics: b.metrics,
	}}, nil
}

// builder collects points under their metrics, in order of appearance.
type builder struct {
	now     time.Time
	metrics []metricdata.Metrics
	at      map[string]int
	labels  []attribute.KeyValue // of the target at hand
}

func (b *builder) answer(a target.Answer) {
	b.labels = []attribute.KeyValue{
		semconv.ServiceName(a.Target.Service), semconv.ServiceInstanceID(a.Target.Instance),
	}
	up := 0.0
	if a.Up() {
		up = 1
	}
	b.gauge(metricUp, "", "Whether the target answered with anything; target_fault has the reason if not.", up)
	b.gauge(metricTook, "s", "Time that the target took to answer.", a.Took.Seconds())
	for _, s := range a.Sources {
		b.gauge(metricSource, "", "What the target was read from: expvar, pprof or metrics.", 1, attribute.String(attrSource, s))
	}
	b.faults(a.Faults)
	if a.Memory != nil {
		b.memory(a.Memory)
	}
	if a.Goroutines != nil {
		b.level(metricGoroutines, "{goroutine}", goconv.GoroutineCount{}.Description(), float64(*a.Goroutines))
	}
	if a.Threads != nil {
		b.level(metricThreads, "{thread}", "Operating system threads of the Go runtime.", float64(*a.Threads))
	}
}

// faults has at least one series for each source, so that none is missing where
// nothing is wrong.
func (b *builder) faults(all []target.Fault) {
	add := func(source, reason string, fault float64) {
		b.gauge(metricFault, "", "1 for a source of the target that failed, or failed in part, and why; else 0.", fault,
			attribute.String(attrSource, source), attribute.String(attrReason, reason))
	}
	for _, source := range []string{target.SourceExpvar, target.SourcePprof, target.SourceMetrics} {
		well := true
		for _, f := range all {
			if f.Source != source {
				continue
			}
			well = false
			if f.Absent {
				add(source, f.Reason, 0)
			} else {
				add(source, f.Reason, 1)
			}
		}
		if well {
			add(source, "none", 0)
		}
	}
}

func (b *builder) memory(m *target.Memory) {
	var used goconv.MemoryUsed
	if m.Sys != nil && m.HeapReleased != nil && m.StackInuse != nil {
		stack := float64(*m.StackInuse)
		// One that contradicts itself has no rest.
		if other := float64(*m.Sys) - float64(*m.HeapReleased) - stack; other >= 0 {
			b.level(used.Name(), used.Unit(), used.Description(), stack, used.AttrMemoryType(goconv.MemoryTypeStack))
			b.level(used.Name(), used.Unit(), used.Description(), other, used.AttrMemoryType(goconv.MemoryTypeOther))
		}
	}
	b.convention(goconv.MemoryAllocated{}, true, m.TotalAlloc)
	b.convention(goconv.MemoryAllocations{}, true, m.Mallocs)
	b.convention(goconv.MemoryGCCycles{}, true, m.NumGC)
	b.convention(goconv.MemoryGCGoal{}, false, m.NextGC)
	if m.HeapAlloc != nil {
		b.level(goruntime.MetricHeapObjects, "By", "Heap memory of live objects, and of dead ones not swept yet.", float64(*m.HeapAlloc))
	}
	if m.PauseTotal != nil {
		b.add(metricPauseTime, "s", "Stop-the-world time of all GC cycles.", counter, *m.PauseTotal)
	}
	if m.LastGC != nil {
		b.gauge(metricLastGC, "s", "When the last GC cycle ended, in seconds since 1970. There is none before the first.", *m.LastGC)
	}
	if m.GCCPUFraction != nil {
		b.gauge(metricGCShare, "1", "Share of the processor time available to the program since its start that GC took.", *m.GCCPUFraction)
	}
}

// convention is an instrument of the semantic conventions.
type convention interface {
	Name() string
	Unit() string
	Description() string
}

func (b *builder) convention(c convention, monotonic bool, v *uint64) {
	if v == nil {
		return
	}
	kind := level
	if monotonic {
		kind = counter
	}
	b.add(c.Name(), c.Unit(), c.Description(), kind, float64(*v))
}

func (b *builder) level(name, unit, help string, v float64, a ...attribute.KeyValue) {
	b.add(name, unit, help, level, v, a...)
}

func (b *builder) gauge(name, unit, help string, v float64, a ...attribute.KeyValue) {
	b.add(name, unit, help, metricdata.Gauge[float64]{}, v, a...)
}

// Aggregations of what has no points yet. Values are floats, as Prometheus's
// are: an int64 would make a number above 2^63 a negative one.
var (
	counter = metricdata.Sum[float64]{Temporality: metricdata.CumulativeTemporality, IsMonotonic: true}
	level   = metricdata.Sum[float64]{Temporality: metricdata.CumulativeTemporality}
)

func (b *builder) add(name, unit, help string, empty metricdata.Aggregation, v float64, a ...attribute.KeyValue) {
	m := b.metric(name, unit, help, empty)
	point := metricdata.DataPoint[float64]{Attributes: b.set(a), Time: b.now, Value: v}
	switch data := m.Data.(type) {
	case metricdata.Sum[float64]:
		data.DataPoints = append(data.DataPoints, point)
		m.Data = data
	case metricdata.Gauge[float64]:
		data.DataPoints = append(data.DataPoints, point)
		m.Data = data
	}
}

func (b *builder) metric(name, unit, help string, empty metricdata.Aggregation) *metricdata.Metrics {
	i, ok := b.at[name]
	if !ok {
		i = len(b.metrics)
		b.at[name] = i
		b.metrics = append(b.metrics, metricdata.Metrics{Name: name, Unit: unit, Description: help, Data: empty})
	}
	return &b.metrics[i]
}

func (b *builder) set(more []attribute.KeyValue) attribute.Set {
	return attribute.NewSet(slices.Concat(b.labels, more)...)
}
