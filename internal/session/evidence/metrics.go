package evidence

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/goruntime"
	"github.com/loadtrace/loadtrace/runs/diagnosis"
)

// sources are the metrics by their names: of goruntime, and of the semantic conventions.
var sources = map[string]diagnosis.Metric{
	"go.goroutine.count":         diagnosis.Goroutines,
	"go.processor.limit":         diagnosis.Processors,
	goruntime.MetricMutexWait:    diagnosis.MutexWait,
	"go.mutex.wait.time":         diagnosis.MutexWait,
	"go.memory.allocated":        diagnosis.AllocatedBytes,
	"go.memory.allocations":      diagnosis.AllocatedObjects,
	"go.memory.gc.cycles":        diagnosis.GCCycles,
	"process.cpu.time":           diagnosis.CPUTotal,
	goruntime.MetricCPUPeriods:   diagnosis.Periods,
	goruntime.MetricCPUThrottled: diagnosis.Throttled,
}

// metricCPU has a point for each state of the processor.
const metricCPU = "go.cpu.time"

// metricSchedule is a histogram of the waits for a processor, of which the sum is kept.
const metricSchedule = "go.schedule.duration"

// series is the points of a metric, and what deltas add up to.
type series struct {
	points diagnosis.Series
	sum    float64
	every  int // point of those that come is kept; 0 is each
	came   int
}

// add keeps a point. A full series keeps every other point from then on.
func (s *series) add(at time.Duration, v float64) {
	s.came++
	if s.every > 1 && s.came%s.every != 0 {
		return
	}
	s.points = append(s.points, diagnosis.Point{At: at, V: v})
	if len(s.points) < mostPoints {
		return
	}
	s.points, s.every = s.points.Half(), max(s.every, 1)*2
}

// addMetrics keeps the runtime's metrics. Their time is that of their arrival, by the
// clock of the run: an instance's own may differ.
func (g *Gatherer) addMetrics(now time.Time, md pmetric.Metrics) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.began.IsZero() {
		return
	}
	at := now.Sub(g.began)
	for _, rm := range md.ResourceMetrics().All() {
		i, ok := g.instance(rm.Resource())
		if !ok {
			continue
		}
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				g.instances[i].add(at, m)
			}
		}
	}
}

func (i *instance) add(at time.Duration, m pmetric.Metric) {
	if m.Name() == metricSchedule && m.Type() == pmetric.MetricTypeHistogram {
		delta := m.Histogram().AggregationTemporality() == pmetric.AggregationTemporalityDelta
		for _, p := range m.Histogram().DataPoints().All() {
			i.put(diagnosis.SchedWait, at, p.Sum(), delta)
		}
		return
	}
	points, delta, ok := numbers(m)
	if !ok {
		return
	}
	if m.Name() == metricCPU {
		i.put(diagnosis.CPUGC, at, sum(points, collecting), delta)
		return
	}
	if metric, known := sources[m.Name()]; known {
		i.put(metric, at, sum(points, func(pcommon.Map) bool { return true }), delta)
	}
}

// collecting is the collector's processor time that others could have had.
func collecting(a pcommon.Map) bool {
	return text(a, "go.cpu.state") == "gc" && text(a, "go.cpu.detailed_state") != "gc/mark/idle"
}

func (i *instance) put(m diagnosis.Metric, at time.Duration, v float64, delta bool) {
	s := &i.series[m]
	if delta {
		s.sum += v
		v = s.sum
	}
	s.add(at, v)
}

func numbers(m pmetric.Metric) (points pmetric.NumberDataPointSlice, delta, ok bool) {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		return m.Gauge().DataPoints(), false, m.Gauge().DataPoints().Len() > 0
	case pmetric.MetricTypeSum:
		delta = m.Sum().AggregationTemporality() == pmetric.AggregationTemporalityDelta
		return m.Sum().DataPoints(), delta, m.Sum().DataPoints().Len() > 0
	}
	return points, false, false
}

func sum(points pmetric.NumberDataPointSlice, of func(pcommon.Map) bool) (v float64) {
	for _, p := range points.All() {
		if !of(p.Attributes()) {
			continue
		}
		if p.ValueType() == pmetric.NumberDataPointValueTypeInt {
			v += float64(p.IntValue())
		} else {
			v += p.DoubleValue()
		}
	}
	return v
}
