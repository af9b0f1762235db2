package window_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/window"
)

// reported is a point of a count: its value, and since when it counts.
type reported struct {
	at, start time.Duration
	value     int64
}

func sum(ms pmetric.MetricSlice, name string, p reported, temporality pmetric.AggregationTemporality) {
	counter(ms, name, at(p.at), p.value, temporality)
	ms.At(ms.Len() - 1).Sum().DataPoints().At(0).SetStartTimestamp(at(p.start))
}

// A process that had allocated 1,000 bytes and its successor that has allocated 5,000
// once made 4,000.
func TestCountsOfTwoProcessesHaveNoDifference(t *testing.T) {
	const cumulative, delta = pmetric.AggregationTemporalityCumulative, pmetric.AggregationTemporalityDelta
	for _, c := range []struct {
		name        string
		temporality pmetric.AggregationTemporality
		points      []reported
		want        window.Value
	}{
		{"one process", cumulative, []reported{{0, -time.Hour, 1000}, {2 * time.Second, -time.Hour, 5000}},
			window.Value{V: 4000, Age: 1100 * ms, Width: 2 * time.Second, OK: true}},
		{"restarted", cumulative, []reported{{0, -time.Hour, 1000}, {2 * time.Second, time.Second, 5000}}, window.Value{}},
		{"restarted, with less", cumulative, []reported{{0, -time.Hour, 1000}, {2 * time.Second, time.Second, 10}}, window.Value{}},
		{"deltas", delta, []reported{{0, -time.Second, 1000}, {2 * time.Second, 0, 5000}},
			window.Value{V: 5000, Age: 1100 * ms, Width: 2 * time.Second, OK: true}},
		{"deltas, one is missing", delta, []reported{{0, -time.Second, 1000}, {2 * time.Second, time.Second, 5000}}, window.Value{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := window.NewStore()
			for _, p := range c.points {
				s.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) { sum(ms, "go.memory.allocated", p, c.temporality) }))
			}
			assert.Equal(t, c.want, s.Query(question(time.Second, 1100*ms)).Counts[window.Allocated])
		})
	}
}

// The counters of client_golang tell no start, but the process does.
func TestAScrapedProcessThatWasRestartedHasNoDifference(t *testing.T) {
	for _, c := range []struct {
		name string
		born float64
		ok   bool
	}{{"the same", 1.7e9, true}, {"another", 1.7e9 + 1, false}} {
		t.Run(c.name, func(t *testing.T) {
			s := window.NewStore()
			for i, born := range []float64{1.7e9, c.born} {
				s.ReadMetrics(payload("auth", "127.0.0.1:9464", func(ms pmetric.MetricSlice) {
					counter(ms, "go_memstats_alloc_bytes_total", at(time.Duration(2*i)*time.Second), int64(1000+4000*i), pmetric.AggregationTemporalityCumulative)
					gauge(ms, "process_start_time_seconds", at(time.Duration(2*i)*time.Second), born)
				}))
			}
			assert.Equal(t, c.ok, s.Query(question(time.Second, 1100*ms)).Counts[window.Allocated].OK)
		})
	}
}

// latency is a point of the scheduler's histogram with so many slow ones of a hundred.
func latency(ts, start time.Duration, n uint64, temporality pmetric.AggregationTemporality) pmetric.Metrics {
	return payload("auth", "a", func(ms pmetric.MetricSlice) {
		m := ms.AppendEmpty()
		m.SetName("go.schedule.duration")
		m.SetEmptyHistogram().SetAggregationTemporality(temporality)
		p := m.Histogram().DataPoints().AppendEmpty()
		p.SetTimestamp(at(ts))
		p.SetStartTimestamp(at(start))
		p.ExplicitBounds().FromRaw([]float64{1e-6, 1e-3})
		p.BucketCounts().FromRaw([]uint64{1000, n, 0})
	})
}

// A percentile of the last hour was once reported as one of two seconds ago.
func TestAPercentileIsOfNoLongerThanTheGreatestAge(t *testing.T) {
	const cumulative, delta = pmetric.AggregationTemporalityCumulative, pmetric.AggregationTemporalityDelta
	for _, c := range []struct {
		name   string
		points []pmetric.Metrics
		ok     bool
	}{
		{"since five seconds", []pmetric.Metrics{latency(-5*time.Second, -time.Hour, 0, cumulative), latency(0, -time.Hour, 98, cumulative)}, true},
		{"since an hour", []pmetric.Metrics{latency(-time.Hour, -2*time.Hour, 0, cumulative), latency(0, -2*time.Hour, 98, cumulative)}, false},
		{"of a new process", []pmetric.Metrics{latency(-time.Hour, -2*time.Hour, 0, cumulative), latency(0, -5*time.Second, 98, cumulative)}, true},
		{"of another process", []pmetric.Metrics{latency(-5*time.Second, -2*time.Hour, 0, cumulative), latency(0, -time.Hour, 98, cumulative)}, false},
		{"the first", []pmetric.Metrics{latency(0, -5*time.Second, 98, cumulative)}, false},
		{"sent again", []pmetric.Metrics{latency(-5*time.Second, -time.Hour, 0, cumulative), latency(0, -time.Hour, 98, cumulative), latency(-5*time.Second, -time.Hour, 0, cumulative)}, true},
		{"a delta of five seconds", []pmetric.Metrics{latency(0, -5*time.Second, 98, delta)}, true},
		{"a delta of an hour", []pmetric.Metrics{latency(0, -time.Hour, 98, delta)}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := window.NewStore()
			for _, p := range c.points {
				s.ReadMetrics(p)
			}
			v := s.Query(question(time.Second, 2*time.Second)).Levels[window.ScheduleP99]
			assert.Equal(t, c.ok, v.OK)
			if c.ok {
				assert.Equal(t, 2*time.Second, v.Age)
			}
		})
	}
}

// scrapes are of an instance every five seconds.
func scrapes() *window.Store {
	s := window.NewStore()
	for i := range 4 {
		ts := at(time.Duration(i) * 5 * time.Second)
		s.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) {
			gauge(ms, "go_goroutines", ts, float64(7+i))
			counter(ms, "go_memstats_alloc_bytes_total", ts, int64(100*i), pmetric.AggregationTemporalityCumulative)
		}))
	}
	return s
}

// What was scraped has the collector's time, the work the instance's.
func TestScrapedSamplesAreAsFarAwayAsTheClockMayBe(t *testing.T) {
	q := question(6*time.Second, 7*time.Second)
	q.Bound = 500 * ms
	a := scrapes().Query(q)
	assert.Equal(t, window.Value{V: 8, Age: 2500 * ms, OK: true}, a.Levels[window.Goroutines], "at most")
	assert.Equal(t, window.Value{V: 100, Age: 2500 * ms, Width: 5 * time.Second, OK: true}, a.Counts[window.Allocated])

	q.Bound = 1500 * ms
	assert.Equal(t, window.Value{V: 200, Age: 8500 * ms, Width: 10 * time.Second, OK: true}, scrapes().Query(q).Counts[window.Allocated],
		"the work may have begun at 4.5 s")
	q.Bound = 20 * time.Second
	a = scrapes().Query(q)
	assert.False(t, a.Known())
	assert.True(t, a.TooOld)
}

// A clock off by a minute once made "goroutines of a second ago" of any sample.
func TestWithoutAClockScrapedSamplesTellNothing(t *testing.T) {
	q := question(6*time.Second, 7*time.Second)
	q.Clocked = false
	a := scrapes().Query(q)
	assert.False(t, a.Known())
	assert.Empty(t, a.Resolution)
	a = fed(5 * time.Second).Query(q)
	assert.True(t, a.Known(), "the instance's own samples need none")
}
