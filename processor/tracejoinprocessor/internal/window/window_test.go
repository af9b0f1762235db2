package window_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/window"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func at(d time.Duration) pcommon.Timestamp { return pcommon.NewTimestampFromTime(epoch.Add(d)) }

// payload is metrics of one instance.
func payload(service, instance string, fill func(pmetric.MetricSlice)) pmetric.Metrics {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", service)
	rm.Resource().Attributes().PutStr("service.instance.id", instance)
	fill(rm.ScopeMetrics().AppendEmpty().Metrics())
	return md
}

func gauge(ms pmetric.MetricSlice, name string, ts pcommon.Timestamp, v float64) {
	m := ms.AppendEmpty()
	m.SetName(name)
	p := m.SetEmptyGauge().DataPoints().AppendEmpty()
	p.SetTimestamp(ts)
	p.SetDoubleValue(v)
}

func counter(ms pmetric.MetricSlice, name string, ts pcommon.Timestamp, v int64, temporality pmetric.AggregationTemporality) {
	m := ms.AppendEmpty()
	m.SetName(name)
	m.SetEmptySum().SetAggregationTemporality(temporality)
	p := m.Sum().DataPoints().AppendEmpty()
	p.SetTimestamp(ts)
	p.SetIntValue(v)
}

func fed(samples ...time.Duration) *window.Store {
	s := window.NewStore()
	for i, ts := range samples {
		s.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) {
			gauge(ms, "go.goroutine.count", at(ts), float64(10*(i+1)))
			counter(ms, "go.memory.gc.cycles", at(ts), int64(i*i), pmetric.AggregationTemporalityCumulative)
		}))
	}
	return s
}

func question(began, ended time.Duration) window.Query {
	return window.Query{
		Of: window.Identity{Service: "auth", Instance: "a"}, Began: epoch.Add(began), Ended: epoch.Add(ended), Clocked: true, MaxAge: 10 * time.Second,
	}
}

func TestALevelIsThatOfTheLastSampleWithItsAge(t *testing.T) {
	s := fed(0, 5*time.Second, 10*time.Second)
	a := s.Query(question(6*time.Second, 7*time.Second))
	assert.Equal(t, window.ByInstance, a.Resolution)
	assert.Equal(t, window.Value{V: 20, Age: 2 * time.Second, OK: true}, a.Levels[window.Goroutines])
	assert.False(t, a.Levels[window.Heap].OK, "nobody reported it")
}

// What @opentelemetry/instrumentation-runtime-node sends. A process that is not Go once had
// no runtime.
func TestOfNodeTheHeapAndTheDelayOfTheEventLoopAreRead(t *testing.T) {
	s := window.NewStore()
	require.False(t, s.Sent("auth"))
	used := s.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) {
		gauge(ms, "nodejs.eventloop.delay.p99", at(5*time.Second), 0.0125)
		gauge(ms, "nodejs.eventloop.delay.p50", at(5*time.Second), 0.011)
		gauge(ms, "v8js.memory.heap.limit", at(5*time.Second), 4e9)
		m := ms.AppendEmpty()
		m.SetName("v8js.memory.heap.used")
		points := m.SetEmptyGauge().DataPoints()
		for space, bytes := range map[string]float64{"new_space": 1e6, "old_space": 4e6, "code_space": 5e5} {
			p := points.AppendEmpty()
			p.SetTimestamp(at(5 * time.Second))
			p.SetDoubleValue(bytes)
			p.Attributes().PutStr("v8js.heap.space.name", space)
		}
	}))
	assert.Equal(t, 4, used)
	a := s.Query(question(6*time.Second, 7*time.Second))
	assert.True(t, a.Known())
	assert.Equal(t, window.Value{V: 0.0125, Age: 2 * time.Second, OK: true}, a.Levels[window.EventLoopP99])
	assert.Equal(t, window.Value{V: 5.5e6, Age: 2 * time.Second, OK: true}, a.Levels[window.Heap])
	assert.True(t, s.Sent("auth"))
	assert.False(t, s.Sent("other"))
	assert.True(t, s.SentBy(func(string) bool { return false }))
	assert.False(t, s.SentBy(func(service string) bool { return service == "auth" }))
}

func TestACountIsTheDifferenceOfTheSamplesAroundTheWork(t *testing.T) {
	s := fed(0, 5*time.Second, 10*time.Second, 15*time.Second)
	a := s.Query(question(6*time.Second, 7*time.Second))
	assert.Equal(t, 3.0, a.Counts[window.GCCycles].V)
	assert.Equal(t, 5*time.Second, a.Window)
	a = s.Query(question(4*time.Second, 11*time.Second))
	assert.Equal(t, 9.0, a.Counts[window.GCCycles].V)
	assert.Equal(t, 15*time.Second, a.Window)
	a = s.Query(question(14*time.Second, 16*time.Second))
	assert.False(t, a.Counts[window.GCCycles].OK, "there is no sample after the work yet")
}

func TestTooOldIsAbsentAndSaysSo(t *testing.T) {
	s := fed(0)
	a := s.Query(question(10*time.Second, 11*time.Second))
	assert.True(t, a.TooOld)
	assert.False(t, a.Known())
	assert.Equal(t, window.ByInstance, a.Resolution)
	none := s.Query(window.Query{Of: window.Identity{Service: "other"}, Began: epoch, Ended: epoch})
	assert.Empty(t, none.Resolution)
	assert.False(t, none.TooOld)
}

func TestANewProcessIsNoNegativeCount(t *testing.T) {
	s := window.NewStore()
	for i, v := range []int64{100, 2} {
		s.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) {
			counter(ms, "go.memory.gc.cycles", at(time.Duration(i)*time.Second), v, pmetric.AggregationTemporalityCumulative)
		}))
	}
	assert.False(t, s.Query(question(100*time.Millisecond, 200*time.Millisecond)).Counts[window.GCCycles].OK)
}

func TestDeltasAreSummed(t *testing.T) {
	s := window.NewStore()
	for i := range 4 {
		s.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) {
			counter(ms, "go.memory.gc.cycles", at(time.Duration(i)*time.Second), 2, pmetric.AggregationTemporalityDelta)
		}))
	}
	assert.Equal(t, 4.0, s.Query(question(500*time.Millisecond, 1500*time.Millisecond)).Counts[window.GCCycles].V)
}

// A scrape's times are by the collector's clock, and its instance is an address.
func TestAScrapeIsOfTheOnlyInstanceAndOnTheCollectorsClock(t *testing.T) {
	s := window.NewStore()
	for i := range 3 {
		ts := at(time.Duration(i) * 5 * time.Second)
		s.ReadMetrics(payload("auth", "127.0.0.1:9464", func(ms pmetric.MetricSlice) {
			gauge(ms, "go_goroutines", ts, float64(7+i))
			m := ms.AppendEmpty()
			m.SetName("go_gc_duration_seconds")
			p := m.SetEmptySummary().DataPoints().AppendEmpty()
			p.SetTimestamp(ts)
			p.SetCount(uint64(3 * i))
			p.SetSum(0.25 * float64(i))
		}))
	}
	q := question(time.Hour+6*time.Second, time.Hour+7*time.Second)
	q.Offset = time.Hour
	a := s.Query(q)
	assert.Equal(t, window.ByService, a.Resolution)
	assert.Equal(t, window.Value{V: 8, Age: 2 * time.Second, OK: true}, a.Levels[window.Goroutines])
	assert.Equal(t, 3.0, a.Counts[window.GCCycles].V)
	assert.Equal(t, 0.25, a.Counts[window.GCPause].V)

	s.ReadMetrics(payload("auth", "127.0.0.1:9465", func(ms pmetric.MetricSlice) { gauge(ms, "go_goroutines", at(0), 1) }))
	assert.Empty(t, s.Query(q).Resolution, "with two instances it is not known which one worked")
}

// An instance that sends its own samples calls itself what its server spans do:
// another name is another instance, though it is the only one with samples.
func TestSamplesOfAnotherInstanceAreNotThoseOfASilentOne(t *testing.T) {
	s := fed(0)
	q := question(0, time.Second)
	q.Of.Instance = "silent"
	assert.Empty(t, s.Query(q).Resolution)
	q.Of.Instance = "" // it does not say
	assert.Equal(t, window.ByService, s.Query(q).Resolution)
}

// The clock of a scrape must not be taken for that of the instance, though both
// tell of the same one.
func TestAScrapeOfAnInstanceThatSendsSamplesTooDoesNotMoveThem(t *testing.T) {
	s := fed(time.Hour)
	s.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) { gauge(ms, "go_goroutines", at(-5*time.Second), 99) }))
	q := question(time.Hour, time.Hour+time.Second)
	q.Offset = time.Hour
	assert.Equal(t, window.Value{V: 10, Age: time.Second, OK: true}, s.Query(q).Levels[window.Goroutines])
	q = question(time.Hour-2*time.Second, time.Hour-time.Second) // before the instance's own
	q.Offset = time.Hour
	assert.Equal(t, window.Value{V: 99, Age: 4 * time.Second, OK: true}, s.Query(q).Levels[window.Goroutines])
}

func TestPartsOfAFigureAreSummedAndTheBetterSourceCounts(t *testing.T) {
	s := window.NewStore()
	s.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) {
		m := ms.AppendEmpty()
		m.SetName("go.memory.used")
		points := m.SetEmptySum().DataPoints()
		for kind, v := range map[string]int64{"stack": 5, "other": 40} {
			point := points.AppendEmpty()
			point.SetTimestamp(at(0))
			point.SetIntValue(v)
			point.Attributes().PutStr("go.memory.type", kind)
		}
	}))
	levels := s.Query(question(0, time.Second)).Levels
	assert.Equal(t, 45.0, levels[window.Memory].V)
	assert.False(t, levels[window.Heap].OK, "what is no stack was taken for heap")

	s = window.NewStore()
	s.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) {
		gauge(ms, "go_memory_classes_heap_objects_bytes", at(0), 2)
		gauge(ms, "go_memstats_heap_alloc_bytes", at(0), 1)
		gauge(ms, "go_memory_used_bytes", at(0), 3)
	}))
	levels = s.Query(question(0, time.Second)).Levels
	assert.Equal(t, 1.0, levels[window.Heap].V)
	assert.Equal(t, 3.0, levels[window.Memory].V)
}

func TestSchedulerLatencyIsOfWhatWasAddedSinceTheSampleBefore(t *testing.T) {
	s := window.NewStore()
	for i, counts := range [][]uint64{{1000, 0, 0}, {1000, 98, 2}} {
		s.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) {
			m := ms.AppendEmpty()
			m.SetName("go.schedule.duration")
			h := m.SetEmptyHistogram()
			h.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
			p := h.DataPoints().AppendEmpty()
			p.SetTimestamp(at(time.Duration(i) * time.Second))
			p.ExplicitBounds().FromRaw([]float64{1e-6, 1e-3})
			p.BucketCounts().FromRaw(counts)
		}))
	}
	assert.Equal(t, window.Value{V: 1e-3, Age: -900 * time.Millisecond, OK: true},
		s.Query(question(0, 100*time.Millisecond)).Levels[window.ScheduleP99], "the first sample has no growth, the next has")
	assert.Equal(t, 1e-3, s.Query(question(time.Second, time.Second)).Levels[window.ScheduleP99].V)
}

func TestMemoryIsBounded(t *testing.T) {
	s := window.NewStore()
	for i := range window.MaxInstances + 10 {
		s.ReadMetrics(payload("auth", fmt.Sprint(i), func(ms pmetric.MetricSlice) { gauge(ms, "go.goroutine.count", at(time.Duration(i)*time.Second), 1) }))
	}
	assert.Equal(t, window.MaxInstances, s.Len())
	assert.EqualValues(t, 10, s.Evicted())

	one := fed()
	for i := range 3 * window.RingSamples {
		one.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) {
			gauge(ms, "go.goroutine.count", at(time.Duration(i)*time.Second), float64(i))
		}))
	}
	last := 3*window.RingSamples - 1
	oldest := time.Duration(last-window.RingSamples+1) * time.Second
	q := question(oldest-time.Second, oldest-time.Second)
	assert.Equal(t, -time.Second, one.Query(q).Levels[window.Goroutines].Age, "the ring has forgotten what was before")
	q.Ended = q.Ended.Add(time.Second)
	require.Zero(t, one.Query(q).Levels[window.Goroutines].Age)
	q.Ended = q.Ended.Add(-q.MaxAge - time.Second)
	assert.True(t, one.Query(q).TooOld)
}

// A target may begin to send its samples with the first requests.
func TestWhereThereIsNoSampleBeforeTheNextOneTellsAndItsAgeIsBelowZero(t *testing.T) {
	s := fed(10 * time.Second)
	v := s.Query(question(8*time.Second, 9*time.Second)).Levels[window.Goroutines]
	assert.Equal(t, -time.Second, v.Age)
	assert.Equal(t, 10.0, v.V)
	v = s.Query(question(10*time.Second, 11*time.Second)).Levels[window.Goroutines]
	assert.Equal(t, time.Second, v.Age, "one from before is preferred")
	assert.False(t, s.Query(question(8*time.Second, 9*time.Second)).Counts[window.GCCycles].OK, "a difference needs one on each side")
}

// An SDK stamps the points of one collection one after another.
func TestThePointsOfACollectionAreOneSample(t *testing.T) {
	s := window.NewStore()
	for i := range window.RingSamples {
		s.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) {
			gauge(ms, "go.goroutine.count", at(time.Duration(i)*time.Second), 1)
			gauge(ms, "go.processor.limit", at(time.Duration(i)*time.Second+2*time.Microsecond), 2)
		}))
	}
	a := s.Query(question(0, 0))
	assert.True(t, a.Known(), "the first of as many as there is room for")
	assert.Equal(t, a.Levels[window.Goroutines].Age, a.Levels[window.Processors].Age)
}

// Exporters deliver out of order after a retry.
func TestLateSamplesFindTheirPlace(t *testing.T) {
	s := window.NewStore()
	for _, ts := range []time.Duration{0, 10, 5, 5} {
		s.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) {
			gauge(ms, "go.goroutine.count", at(ts*time.Second), float64(ts))
		}))
	}
	assert.Equal(t, 5.0, s.Query(question(6*time.Second, 7*time.Second)).Levels[window.Goroutines].V)
}
