package window_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/window"
)

// Minus five goroutines and 9e18 processors were written on spans as facts.
func TestALevelThatCannotBeTrueIsNotTold(t *testing.T) {
	for _, c := range []struct {
		metric  string
		field   window.Field
		v       float64
		refused bool
	}{
		{"go.goroutine.count", window.Goroutines, -5, true},
		{"go.goroutine.count", window.Goroutines, 0, true},
		{"go.goroutine.count", window.Goroutines, math.NaN(), true},
		{"go.goroutine.count", window.Goroutines, math.Inf(1), true},
		{"go.goroutine.count", window.Goroutines, 1e6, false},
		{"go.processor.limit", window.Processors, 9e18, true},
		{"go.processor.limit", window.Processors, 0, true},
		{"go.processor.limit", window.Processors, 256, false},
		{"goruntime.memory.heap.objects", window.Heap, 1e300, true},
		{"go.memory.gc.goal", window.GCGoal, -1, true},
		{"nodejs.eventloop.delay.p99", window.EventLoopP99, 1e6, true},
		{"nodejs.eventloop.delay.p99", window.EventLoopP99, 0, false},
	} {
		s := window.NewStore()
		s.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) { gauge(ms, c.metric, at(5*time.Second), c.v) }))
		a := s.Query(question(6*time.Second, 7*time.Second))
		if c.metric == "goruntime.memory.heap.objects" && !a.Implausible {
			t.Fatal("the metric has another name")
		}
		assert.Equal(t, !c.refused, a.Levels[c.field].OK, "%s %v", c.metric, c.v)
		assert.Equal(t, c.refused, a.Implausible, "%s %v", c.metric, c.v)
		assert.Equal(t, !c.refused, a.Known(), "%s %v", c.metric, c.v)
	}
}

// A collector that is off has Go's greatest number for a goal, which is no fault.
func TestTheGoalOfACollectorThatIsOffIsLeftOut(t *testing.T) {
	s := window.NewStore()
	s.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) {
		gauge(ms, "go.memory.gc.goal", at(5*time.Second), math.MaxInt64)
		gauge(ms, "go.goroutine.count", at(5*time.Second), 7)
	}))
	a := s.Query(question(6*time.Second, 7*time.Second))
	assert.False(t, a.Levels[window.GCGoal].OK)
	assert.False(t, a.Implausible)
	assert.Equal(t, 7.0, a.Levels[window.Goroutines].V)
}

func TestACountThatCannotHaveGrownSoIsNotTold(t *testing.T) {
	for name, c := range map[string]struct {
		metric  string
		field   window.Field
		first   int64
		second  int64
		refused bool
	}{
		"an hour of pauses":    {"go.memory.gc.cycles", window.GCCycles, 5, 4e9, true},
		"an EiB and more":      {"go.memory.allocated", window.Allocated, 0, 2 << 60, true},
		"a million processors": {"process.cpu.time", window.CPU, 3, 5e6, true},
		"plenty of processors": {"process.cpu.time", window.CPU, 3, 320, false},
		"below 0":              {"go.memory.allocated", window.Allocated, -100, 100, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := window.NewStore()
			for i, v := range []int64{c.first, c.second} {
				s.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) {
					counter(ms, c.metric, at(time.Duration(5+5*i)*time.Second), v, pmetric.AggregationTemporalityCumulative)
				}))
			}
			a := s.Query(question(6*time.Second, 7*time.Second))
			assert.Equal(t, c.refused, a.Implausible)
			assert.Equal(t, !c.refused, a.Counts[c.field].OK)
		})
	}
}

// A delta of less than nothing, or of more than can be, was in all sums from then on.
func TestADeltaThatCannotBeTrueIsNotAdded(t *testing.T) {
	for _, bad := range []int64{-50, 1 << 62} {
		s := window.NewStore()
		for i, v := range []int64{10, bad, 20, 30} {
			s.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) {
				counter(ms, "go.memory.gc.cycles", at(time.Duration(5+5*i)*time.Second), v, pmetric.AggregationTemporalityDelta)
				p := ms.At(0).Sum().DataPoints().At(0)
				p.SetStartTimestamp(at(time.Duration(5*i) * time.Second))
			}))
		}
		a := s.Query(question(16*time.Second, 17*time.Second))
		assert.Equal(t, 30.0, a.Counts[window.GCCycles].V, "%d", bad)
		assert.True(t, a.Implausible, "%d", bad)
		q := question(16*time.Second, 17*time.Second)
		q.MaxAge = 4 * time.Second
		assert.False(t, s.Query(q).Implausible, "it is long ago")
	}
}
