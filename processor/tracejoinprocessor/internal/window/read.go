package window

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/internal/attr"
)

// source is where a metric's figure goes. Of several metrics that tell the same
// figure in one payload, that of the highest rank counts.
type source struct {
	field Field
	rank  int
	part  pick // which data points, and which of their values
}

// pick takes the figure of a point; ok is false if the point is not part of it.
type pick int

const (
	value    pick = iota
	other         // go.memory.type is other: without stacks
	busy          // go.cpu.state is not idle
	sum           // of a histogram or summary
	count         // of a histogram or summary
	schedule      // 99th percentile of a histogram's growth
)

// sources by the name of the metric, with Prometheus' names as the receiver hands
// them on. The conventions are those of semconv 1.41.0 (go.*), Prometheus' those of
// client_golang's collectors, the base and the runtime/metrics one.
var sources = map[string]source{
	"go.goroutine.count":                   {Goroutines, 2, value},
	"process.runtime.go.goroutines":        {Goroutines, 1, value},
	"go_goroutines":                        {Goroutines, 1, value},
	"go_sched_goroutines_goroutines":       {Goroutines, 0, value},
	"go.memory.used":                       {Heap, 2, other},
	"go_memstats_heap_alloc_bytes":         {Heap, 1, value},
	"go_memory_classes_heap_objects_bytes": {Heap, 0, value},
	"go.memory.gc.goal":                    {GCGoal, 1, value},
	"go_gc_heap_goal_bytes":                {GCGoal, 1, value},
	"go_memstats_next_gc_bytes":            {GCGoal, 0, value},
	"go.processor.limit":                   {Processors, 1, value},
	"go_sched_gomaxprocs_threads":          {Processors, 1, value},
	"go.schedule.duration":                 {ScheduleP99, 1, schedule},
	"go_sched_latencies_seconds":           {ScheduleP99, 1, schedule},
	"go.memory.gc.cycles":                  {GCCycles, 2, value},
	"go_gc_duration_seconds":               {GCCycles, 1, count},
	"go_gc_cycles_total_gc_cycles_total":   {GCCycles, 0, value},
	"go.memory.gc.pause.duration":          {GCPause, 1, sum},
	"go_gc_pauses_seconds":                 {GCPause, 0, sum},
	"go_sched_pauses_total_gc_seconds":     {GCPause, 0, sum},
	"go.memory.allocated":                  {Allocated, 1, value},
	"go_memstats_alloc_bytes_total":        {Allocated, 1, value},
	"go_gc_heap_allocs_bytes_total":        {Allocated, 0, value},
	"process.cpu.time":                     {CPU, 2, value},
	"process_cpu_seconds_total":            {CPU, 2, value},
	"go.cpu.time":                          {CPU, 1, busy},
}

// gcSummary is a summary that tells two figures: each of its observations is a
// cycle's pause.
const gcSummary = "go_gc_duration_seconds"

// Read takes the samples of a payload, and does not keep it. It returns how many
// data points were of use.
func (s *Store) Read(md pmetric.Metrics) (used int) {
	for _, rm := range md.ResourceMetrics().All() {
		r := reading{}
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				r.metric(s, rm.Resource(), m)
			}
		}
		r.finish()
		used += r.used
	}
	return used
}

// collection is how far apart the times of one collection's points may be, which
// SDKs stamp one after another. They make one sample, at the time of the first.
const collection = time.Millisecond

// reading collects the samples of one resource.
type reading struct {
	in      *instance
	samples []Sample
	ranks   [][fields]int // of the sample's figures, plus one
	used    int
}

func (r *reading) metric(s *Store, res pcommon.Resource, m pmetric.Metric) {
	src, ok := sources[m.Name()]
	if !ok {
		return
	}
	if r.in == nil {
		r.in = s.instance(IdentityOf(res))
	}
	if m.Name()[2] == '_' || m.Name()[:min(8, len(m.Name()))] == "process_" {
		r.in.scraped = true
	}
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		r.numbers(src, m.Gauge().DataPoints(), false)
	case pmetric.MetricTypeSum:
		r.numbers(src, m.Sum().DataPoints(), m.Sum().AggregationTemporality() == pmetric.AggregationTemporalityDelta)
	case pmetric.MetricTypeHistogram:
		r.histograms(src, m.Histogram())
	case pmetric.MetricTypeSummary:
		for _, p := range m.Summary().DataPoints().All() {
			r.put(src, p.Timestamp(), float64(p.Count()), src.part == count)
			r.put(source{GCPause, 1, sum}, p.Timestamp(), p.Sum(), m.Name() == gcSummary)
		}
	}
}

func (r *reading) numbers(src source, points pmetric.NumberDataPointSlice, delta bool) {
	grown := 0.0
	for _, p := range points.All() {
		if !partOf(src.part, p.Attributes()) || p.Flags().NoRecordedValue() {
			continue
		}
		v := p.DoubleValue()
		if p.ValueType() == pmetric.NumberDataPointValueTypeInt {
			v = float64(p.IntValue())
		}
		if delta {
			if int64(p.Timestamp()) > r.in.fed { // or it was sent again
				grown += v
			}
			continue
		}
		r.put(src, p.Timestamp(), v, true)
	}
	if delta && points.Len() > 0 {
		r.in.sums[src.field] += grown
		r.put(src, points.At(points.Len()-1).Timestamp(), r.in.sums[src.field], true)
	}
}

func partOf(p pick, attrs pcommon.Map) bool {
	switch p {
	case other:
		v, ok := attrs.Get("go.memory.type")
		return !ok || v.Str() == "other"
	case busy:
		v, ok := attrs.Get("go.cpu.state")
		return !ok || v.Str() != "idle"
	}
	return true
}

func (r *reading) histograms(src source, h pmetric.Histogram) {
	delta := h.AggregationTemporality() == pmetric.AggregationTemporalityDelta
	for _, p := range h.DataPoints().All() {
		switch src.part {
		case schedule:
			if v, ok := r.in.schedule.p99(p, delta); ok {
				r.put(src, p.Timestamp(), v, true)
			}
		case sum:
			v := p.Sum()
			if delta {
				r.in.sums[src.field] += v
				v = r.in.sums[src.field]
			}
			r.put(src, p.Timestamp(), v, p.HasSum())
		case count:
			r.put(src, p.Timestamp(), float64(p.Count()), !delta)
		}
	}
}

// put adds a figure to the sample of its time.
func (r *reading) put(src source, ts pcommon.Timestamp, v float64, ok bool) {
	if !ok || ts == 0 {
		return
	}
	r.used++
	i := 0
	for ; i < len(r.samples) && time.Duration(int64(ts)-r.samples[i].At).Abs() > collection; i++ {
	}
	if i == len(r.samples) {
		r.samples = append(r.samples, newSample(int64(ts)))
		r.ranks = append(r.ranks, [fields]int{})
	}
	rank := &r.ranks[i][src.field]
	switch {
	case src.rank+1 < *rank:
	case src.rank+1 > *rank:
		*rank = src.rank + 1
		r.samples[i].V[src.field] = v
	default:
		r.samples[i].add(src.field, v)
	}
}

func (r *reading) finish() {
	for i := range r.samples {
		r.in.put(&r.samples[i])
		r.in.fed = max(r.in.fed, r.samples[i].At)
	}
}

// IdentityOf a resource.
func IdentityOf(res pcommon.Resource) (id Identity) {
	if v, ok := res.Attributes().Get(attr.ServiceName); ok {
		id.Service = v.AsString()
	}
	if v, ok := res.Attributes().Get(attr.ServiceInstanceID); ok {
		id.Instance = v.AsString()
	}
	return id
}
