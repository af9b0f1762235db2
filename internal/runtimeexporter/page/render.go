package page

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
	metricUp     = "up" // with the target's labels, so never the series that Prometheus makes itself
	metricFault  = "target.fault"
	metricTook   = "target.scrape.duration"
	metricSource = "target.source"
	// Not go.goroutine.count and go.thread.count: Prometheus keeps names that end
	// in _count for histograms, promtool refuses them otherwise, and these are the
	// names that its dashboards know.
	metricGoroutines = "go.goroutines"
	metricThreads    = "go.threads"
	// Of what runtime/metrics says in finer form to goruntime.
	metricPauseTime = "go.memory.gc.pause.time"
	metricLastGC    = "go.memory.gc.last_end.timestamp"
	metricGCShare   = "go.memory.gc.cpu.utilization"
	attrSource      = "source"
	attrReason      = "reason"
	scope           = "github.com/loadtrace/loadtrace/cmd/exporter"
)

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
	up := int64(0)
	if a.Up() {
		up = 1
	}
	b.gauge(metricUp, "", "Whether the target answered with anything; target_fault has the reason if not.", up)
	b.gaugeFloat(metricTook, "s", "Time that the target took to answer.", a.Took.Seconds())
	for _, s := range a.Sources {
		b.gauge(metricSource, "", "What the target was read from: expvar, pprof or metrics.", 1, attribute.String(attrSource, s))
	}
	for _, f := range a.Faults {
		b.gauge(metricFault, "", "1 for each source of the target that gave nothing, and why.", 1,
			attribute.String(attrSource, f.Source), attribute.String(attrReason, f.Reason))
	}
	if a.Memory != nil {
		b.memory(a.Memory)
	}
	if a.Goroutines != nil {
		b.updown(metricGoroutines, "{goroutine}", goconv.GoroutineCount{}.Description(), *a.Goroutines)
	}
	if a.Threads != nil {
		b.updown(metricThreads, "{thread}", "Operating system threads of the Go runtime.", *a.Threads)
	}
}

func (b *builder) memory(m *target.Memory) {
	var used goconv.MemoryUsed
	if m.Sys != nil && m.HeapReleased != nil && m.StackInuse != nil {
		stack := int64(*m.StackInuse)
		b.updown(used.Name(), used.Unit(), used.Description(), stack, used.AttrMemoryType(goconv.MemoryTypeStack))
		b.updown(used.Name(), used.Unit(), used.Description(), int64(*m.Sys-*m.HeapReleased)-stack, used.AttrMemoryType(goconv.MemoryTypeOther))
	}
	b.count(goconv.MemoryAllocated{}, m.TotalAlloc)
	b.count(goconv.MemoryAllocations{}, m.Mallocs)
	b.count(goconv.MemoryGCCycles{}, m.NumGC)
	b.level(goconv.MemoryGCGoal{}, signed(m.NextGC))
	if m.HeapAlloc != nil {
		b.updown(goruntime.MetricHeapObjects, "By", "Heap memory of live objects, and of dead ones not swept yet.", int64(*m.HeapAlloc))
	}
	if m.PauseTotal != nil {
		b.counterFloat(metricPauseTime, "s", "Stop-the-world time of all GC cycles.", *m.PauseTotal)
	}
	if m.LastGC != nil {
		b.gaugeFloat(metricLastGC, "s", "When the last GC cycle ended, in seconds since 1970; 0 if there was none.", *m.LastGC)
	}
	if m.GCCPUFraction != nil {
		b.gaugeFloat(metricGCShare, "1", "Share of the processor time available to the program since its start that GC took.", *m.GCCPUFraction)
	}
}

// convention is an instrument of the semantic conventions.
type convention interface {
	Name() string
	Unit() string
	Description() string
}

func (b *builder) count(c convention, v *uint64) {
	if v != nil {
		b.integer(c.Name(), c.Unit(), c.Description(), metricdata.Sum[int64]{Temporality: metricdata.CumulativeTemporality, IsMonotonic: true}, int64(*v))
	}
}

func (b *builder) level(c convention, v *int64) {
	if v != nil {
		b.updown(c.Name(), c.Unit(), c.Description(), *v)
	}
}

func signed(n *uint64) *int64 {
	if n == nil {
		return nil
	}
	v := int64(*n)
	return &v
}

func (b *builder) updown(name, unit, help string, v int64, a ...attribute.KeyValue) {
	b.integer(name, unit, help, metricdata.Sum[int64]{Temporality: metricdata.CumulativeTemporality}, v, a...)
}

func (b *builder) gauge(name, unit, help string, v int64, a ...attribute.KeyValue) {
	b.integer(name, unit, help, metricdata.Gauge[int64]{}, v, a...)
}

func (b *builder) integer(name, unit, help string, empty metricdata.Aggregation, v int64, a ...attribute.KeyValue) {
	m := b.metric(name, unit, help, empty)
	point := metricdata.DataPoint[int64]{Attributes: b.set(a), Time: b.now, Value: v}
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		data.DataPoints = append(data.DataPoints, point)
		m.Data = data
	case metricdata.Gauge[int64]:
		data.DataPoints = append(data.DataPoints, point)
		m.Data = data
	}
}

func (b *builder) counterFloat(name, unit, help string, v float64) {
	b.float(name, unit, help, metricdata.Sum[float64]{Temporality: metricdata.CumulativeTemporality, IsMonotonic: true}, v)
}

func (b *builder) gaugeFloat(name, unit, help string, v float64) {
	b.float(name, unit, help, metricdata.Gauge[float64]{}, v)
}

func (b *builder) float(name, unit, help string, empty metricdata.Aggregation, v float64) {
	m := b.metric(name, unit, help, empty)
	point := metricdata.DataPoint[float64]{Attributes: b.set(nil), Time: b.now, Value: v}
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
