package window_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"pgregory.net/rapid"

	"github.com/loadtrace/loadtrace/goruntime"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/window"
)

// cycle is an event's contents, in milliseconds since the epoch.
type cycle struct {
	number                int64
	earliest, latest, end int64
}

const ms = time.Millisecond

func events(instance string, all ...cycle) plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "auth")
	rl.Resource().Attributes().PutStr("service.instance.id", instance)
	records := rl.ScopeLogs().AppendEmpty().LogRecords()
	for _, c := range all {
		r := records.AppendEmpty()
		r.SetEventName(goruntime.EventGCCycle)
		a := r.Attributes()
		a.PutInt(goruntime.AttrGCNumber, c.number)
		a.PutInt(goruntime.AttrGCStartEarliest, epoch.Add(time.Duration(c.earliest)*ms).UnixNano())
		a.PutInt(goruntime.AttrGCStartLatest, epoch.Add(time.Duration(c.latest)*ms).UnixNano())
		a.PutInt(goruntime.AttrGCEnd, epoch.Add(time.Duration(c.end)*ms).UnixNano())
		a.PutDouble(goruntime.AttrGCPause, 0.0001)
	}
	return ld
}

func storeWith(all ...cycle) *window.Store {
	s := window.NewStore()
	s.ReadLogs(events("a", all...))
	return s
}

func TestAnOverlapIsToldByWhenCyclesBeganAndEnded(t *testing.T) {
	s := storeWith(cycle{4, 10, 12, 20}, cycle{5, 40, 42, 50}, cycle{7, 90, 92, 95}, cycle{8, 97, 97, 99})
	for _, c := range []struct {
		name         string
		began, ended int64
		want         window.GC
	}{
		{"between two cycles", 20, 40, window.GC{Overlap: window.OverlapNo, Resolution: window.ByCycles}},
		{"ends when a cycle may have begun", 30, 41, window.GC{Overlap: window.OverlapPossible, Resolution: window.ByCycles, Cycles: 1, Most: ms, Pause: ms / 10}},
		{"ends when a cycle has begun", 30, 45, window.GC{Overlap: window.OverlapYes, Resolution: window.ByCycles, Cycles: 1, Least: 3 * ms, Most: 5 * ms, Pause: ms / 10}},
		{"within a cycle", 44, 46, window.GC{Overlap: window.OverlapYes, Resolution: window.ByCycles, Cycles: 1, Least: 2 * ms, Most: 2 * ms, Pause: ms / 10}},
		{"of no length, within a cycle", 44, 44, window.GC{Overlap: window.OverlapYes, Resolution: window.ByCycles, Cycles: 1, Pause: ms / 10}},
		{"around two cycles", 5, 60, window.GC{Overlap: window.OverlapYes, Resolution: window.ByCycles, Cycles: 2, Least: 16 * ms, Most: 20 * ms, Pause: ms / 5}},
		{"where the event of a cycle is missing", 60, 70, window.GC{}},
		{"before the first that is known", 1, 9, window.GC{}},
		{"after the last that is known", 100, 110, window.GC{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, s.Query(question(time.Duration(c.began)*ms, time.Duration(c.ended)*ms)).GC)
		})
	}
}

// Where the events do not tell, samples may; where both do, the events are exact.
func TestCyclesGoBeforeSamples(t *testing.T) {
	s := storeWith(cycle{1, 10, 12, 20}, cycle{2, 40, 42, 50})
	for i, n := range []int64{0, 2, 2} {
		s.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) {
			counter(ms, "go.memory.gc.cycles", at(time.Duration(i)*100*time.Millisecond), n, pmetric.AggregationTemporalityCumulative)
		}))
	}
	assert.Equal(t, window.GC{Overlap: window.OverlapNo, Resolution: window.ByCycles}, s.Query(question(22*ms, 30*ms)).GC)
	assert.Equal(t, window.GC{Overlap: window.OverlapPossible, Resolution: window.BySamples}, s.Query(question(60*ms, 70*ms)).GC)
	assert.Empty(t, s.Query(question(120*ms, 130*ms)).GC, "one may have been under way all the time")
}

// Between two samples a cycle that was running once counted as none at all.
func TestACycleThatRunsOnPastBothSamplesIsNotDenied(t *testing.T) {
	s := window.NewStore()
	for i, n := range []int64{3, 3, 3, 4} { // it runs from 6 s to 11 s
		s.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) {
			counter(ms, "go.memory.gc.cycles", at(time.Duration(i)*5*time.Second), n, pmetric.AggregationTemporalityCumulative)
		}))
	}
	a := s.Query(question(7*time.Second, 8*time.Second))
	assert.Zero(t, a.Counts[window.GCCycles].V)
	assert.True(t, a.Counts[window.GCCycles].OK)
	assert.Empty(t, a.GC)
}

// Two processes that call themselves the same, or one and the one that replaced it.
func TestOfSeveralProcessesWithOneNameNoOverlapIsDenied(t *testing.T) {
	free := question(25*ms, 28*ms)
	s := storeWith(cycle{4, 10, 12, 20}, cycle{5, 40, 42, 50})
	assert.Equal(t, window.OverlapNo, s.Query(free).GC.Overlap)
	s.ReadLogs(events("a", cycle{5, 60, 61, 62}))
	assert.Empty(t, s.Query(free).GC)
	assert.Equal(t, window.OverlapYes, s.Query(question(12*ms, 15*ms)).GC.Overlap, "what was, was")
	s = storeWith(cycle{4, 10, 12, 20}, cycle{5, 40, 42, 50}, cycle{1, 60, 61, 62})
	assert.Empty(t, s.Query(free).GC)
}

func TestWhatIsNoCycleIsNotRead(t *testing.T) {
	ld := events("a", cycle{1, 10, 12, 20}, cycle{0, 30, 30, 31}, cycle{2, 42, 40, 50}, cycle{3, 60, 70, 65})
	ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().AppendEmpty().Body().SetStr("garbage collection")
	text := ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().AppendEmpty()
	text.SetEventName(goruntime.EventGCCycle)
	text.Attributes().PutStr(goruntime.AttrGCEnd, "soon")
	assert.Equal(t, 1, window.NewStore().ReadLogs(ld))
}

func TestEventsMayComeTwiceAndInAnyOrder(t *testing.T) {
	s := window.NewStore()
	for _, c := range []cycle{{3, 60, 60, 70}, {1, 10, 10, 20}, {2, 40, 40, 50}, {1, 10, 10, 20}, {3, 60, 60, 70}} {
		s.ReadLogs(events("a", c))
	}
	g := s.Query(question(0, time.Second)).GC
	assert.Equal(t, 3, g.Cycles)
	assert.Equal(t, 30*ms, g.Least)
}

func TestMemoryForCyclesIsBounded(t *testing.T) {
	s := window.NewStore()
	for n := int64(1); n <= 3*window.RingCycles; n++ {
		s.ReadLogs(events("a", cycle{n, 10 * n, 10 * n, 10*n + 5}))
	}
	assert.Equal(t, window.RingCycles, s.Query(question(0, time.Hour)).GC.Cycles)
	for n := range window.MaxInstances + 5 {
		s.ReadLogs(events(fmt.Sprint("other ", n), cycle{1, 1000, 1000, 1000 + int64(n)}))
	}
	assert.EqualValues(t, 6, s.Evicted())
}

// The verdict must hold for wherever each cycle began within its bounds.
func TestNoOverlapIsInventedOrMissed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string, most int64) int64 { return rapid.Int64Range(0, most).Draw(t, name) }
		var all []cycle
		var began []int64 // in truth
		now := int64(1)
		for n := range int64(rapid.IntRange(0, 12).Draw(t, "cycles")) {
			c := cycle{number: n + 1, earliest: now + draw("apart", 20)}
			truth := c.earliest + draw("began", 5)
			c.latest = truth + draw("bound", 5)
			c.end = c.latest + 1 + draw("rest", 10)
			now = c.end
			if draw("read", 4) > 0 {
				all = append(all, c)
			}
			began = append(began, truth, c.end)
		}
		from := draw("from", now)
		to := from + 1 + draw("length", 20)
		var truth int64
		for i := 0; i < len(began); i += 2 {
			truth += max(0, min(to, began[i+1])-max(from, began[i]))
		}
		g := storeWith(all...).Query(question(time.Duration(from)*ms, time.Duration(to)*ms)).GC
		switch g.Overlap {
		case window.OverlapNo:
			assert.Zero(t, truth)
		case window.OverlapYes:
			assert.Positive(t, truth)
			assert.LessOrEqual(t, g.Least, time.Duration(truth)*ms)
		}
		assert.LessOrEqual(t, g.Least, g.Most)
	})
}
