package window_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/internal/lineartest"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/window"
)

// points of one metric, as an attribute and a time of each say.
func points(metric string, n int, fill func(p pmetric.NumberDataPoint, i int)) pmetric.Metrics {
	return payload("auth", "a", func(ms pmetric.MetricSlice) {
		m := ms.AppendEmpty()
		m.SetName(metric)
		ps := m.SetEmptyGauge().DataPoints()
		ps.EnsureCapacity(n)
		for i := range n {
			p := ps.AppendEmpty()
			p.SetTimestamp(at(time.Duration(i) * time.Second))
			p.SetIntValue(int64(i + 1))
			fill(p, i)
		}
	})
}

// 300,000 points of one metric, each of another time, held the hub's lock for more than 100
// seconds; so did a scrape of as many instances.
func TestReadingIsLinear(t *testing.T) {
	for name, make := range map[string]func(n int) pmetric.Metrics{
		"points of one metric": func(n int) pmetric.Metrics {
			return points("go.goroutine.count", n, func(pmetric.NumberDataPoint, int) {})
		},
		"points of one metric, the latest first": func(n int) pmetric.Metrics {
			return points("go.goroutine.count", n, func(p pmetric.NumberDataPoint, i int) { p.SetTimestamp(at(time.Duration(-i) * time.Second)) })
		},
		"scraped instances": func(n int) pmetric.Metrics {
			return points("go_goroutines", n, func(p pmetric.NumberDataPoint, i int) {
				p.Attributes().PutStr("service_name", "auth")
				p.Attributes().PutStr("service_instance_id", strconv.Itoa(i))
			})
		},
		"instances": func(n int) pmetric.Metrics {
			md := pmetric.NewMetrics()
			for i := range n {
				payload("auth", strconv.Itoa(i), func(ms pmetric.MetricSlice) { gauge(ms, "go.goroutine.count", at(time.Duration(i)), 1) }).
					ResourceMetrics().MoveAndAppendTo(md.ResourceMetrics())
			}
			return md
		},
		"services": func(n int) pmetric.Metrics {
			md := pmetric.NewMetrics()
			for i := range n {
				payload(strconv.Itoa(i), "a", func(ms pmetric.MetricSlice) { gauge(ms, "go.goroutine.count", at(0), 1) }).
					ResourceMetrics().MoveAndAppendTo(md.ResourceMetrics())
			}
			return md
		},
		"histograms": func(n int) pmetric.Metrics {
			return payload("auth", "a", func(ms pmetric.MetricSlice) {
				m := ms.AppendEmpty()
				m.SetName("go.schedule.duration")
				ps := m.SetEmptyHistogram().DataPoints()
				for i := range n {
					p := ps.AppendEmpty()
					p.SetTimestamp(at(time.Duration(i) * time.Second))
					p.BucketCounts().FromRaw([]uint64{uint64(i), 1})
					p.ExplicitBounds().FromRaw([]float64{1})
				}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			lineartest.Run(t, 2000, func(n int) func() {
				md, s := make(n), full()
				return func() { s.ReadMetrics(md) }
			})
		})
	}
}

// full is a store with as many instances as it remembers.
func full() *window.Store {
	s := window.NewStore()
	s.ReadMetrics(points("go_goroutines", window.MaxInstances, func(p pmetric.NumberDataPoint, i int) {
		p.Attributes().PutStr("service_name", "old-"+strconv.Itoa(i))
	}))
	for i := range window.MaxInstances {
		s.ReadMetrics(payload("old", strconv.Itoa(i), func(ms pmetric.MetricSlice) { gauge(ms, "go.goroutine.count", at(0), 1) }))
	}
	s.ReadLogs(collections("old", window.MaxInstances, true))
	return s
}

func TestReadingLogsIsLinear(t *testing.T) {
	for name, resources := range map[string]bool{"of one instance": false, "of an instance each": true} {
		t.Run(name, func(t *testing.T) {
			lineartest.Run(t, 4000, func(n int) func() {
				ld, s := collections("auth", n, resources), full()
				return func() { s.ReadLogs(ld) }
			})
		})
	}
}

// collections are events of GC cycles, of one instance or of one each.
func collections(service string, n int, each bool) plog.Logs {
	ld := plog.NewLogs()
	var records plog.LogRecordSlice
	for i := range n {
		if i == 0 || each {
			rl := ld.ResourceLogs().AppendEmpty()
			rl.Resource().Attributes().PutStr("service.name", service)
			rl.Resource().Attributes().PutStr("service.instance.id", strconv.Itoa(i))
			records = rl.ScopeLogs().AppendEmpty().LogRecords()
		}
		end := epoch.Add(time.Duration(i) * time.Millisecond).UnixNano()
		r := records.AppendEmpty()
		r.SetEventName("goruntime.gc.cycle")
		r.Attributes().PutInt("goruntime.gc.cycle.number", int64(i+1))
		r.Attributes().PutInt("goruntime.gc.cycle.start.earliest", end-2)
		r.Attributes().PutInt("goruntime.gc.cycle.start.latest", end-1)
		r.Attributes().PutInt("goruntime.gc.cycle.end", end)
	}
	return ld
}

// Each request of an instance that has sent nothing was compared with all that had: with a
// thousand others it took as long as a thousand requests.
func TestAQuestionTakesNoLongerWithManyInstances(t *testing.T) {
	for name, of := range map[string]window.Identity{
		"of one service":                 {Service: "auth", Instance: "unknown"},
		"of another service":             {Service: "shop", Instance: "unknown"},
		"of another service's namespace": {Service: "auth", Namespace: "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			lineartest.Run(t, 100, func(n int) func() {
				s := window.NewStore()
				for i := range n {
					md := payload("auth", strconv.Itoa(i), func(ms pmetric.MetricSlice) { gauge(ms, "go.goroutine.count", at(0), 1) })
					md.ResourceMetrics().At(0).Resource().Attributes().PutStr("service.namespace", strconv.Itoa(i))
					s.ReadMetrics(md)
				}
				q := question(0, time.Second)
				q.Of = of
				return func() {
					for range 200 * n {
						assert.Empty(t, s.Query(q).Resolution)
					}
				}
			})
		})
	}
}

// One payload of any size once kept all joins waiting until it was read.
func TestWhoReadsALargePayloadPausesOften(t *testing.T) {
	for name, read := range map[string]func(s *window.Store){
		"points": func(s *window.Store) {
			s.ReadMetrics(points("go.goroutine.count", 50_000, func(pmetric.NumberDataPoint, int) {}))
		},
		"instances": func(s *window.Store) {
			s.ReadMetrics(points("go_goroutines", 50_000, func(p pmetric.NumberDataPoint, i int) { p.Attributes().PutStr("service_name", strconv.Itoa(i)) }))
		},
		"metrics of no use": func(s *window.Store) {
			s.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) {
				for range 50_000 {
					ms.AppendEmpty().SetName("other")
				}
			}))
		},
		"events": func(s *window.Store) { s.ReadLogs(collections("auth", 50_000, false)) },
		"records of requests": func(s *window.Store) {
			ld := plog.NewLogs()
			records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
			for range 50_000 {
				records.AppendEmpty()
			}
			s.ReadLogs(ld)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, pauses := window.NewStore(), 0
			s.Pause = func() { pauses++ }
			read(s)
			assert.GreaterOrEqual(t, pauses, 50)
		})
	}
}
