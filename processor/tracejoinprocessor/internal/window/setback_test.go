package window_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/window"
)

// A target whose clock was an hour ahead, and was set, had no runtime for an hour.
func TestSamplesOfAClockThatWasSetBackAreTaken(t *testing.T) {
	s := window.NewStore()
	read := func(d time.Duration, goroutines float64, cycles int64) {
		s.ReadMetrics(payload("auth", "a", func(ms pmetric.MetricSlice) {
			gauge(ms, "go.goroutine.count", at(d), goroutines)
			counter(ms, "go.memory.gc.cycles", at(d), cycles, pmetric.AggregationTemporalityDelta)
			ms.At(1).Sum().DataPoints().At(0).SetStartTimestamp(at(d - time.Second))
			h := ms.AppendEmpty()
			h.SetName("go.schedule.duration")
			h.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
			p := h.Histogram().DataPoints().AppendEmpty()
			p.SetTimestamp(at(d))
			p.SetStartTimestamp(1)
			p.BucketCounts().FromRaw([]uint64{uint64(goroutines), 0})
			p.ExplicitBounds().FromRaw([]float64{0.25})
		}))
	}
	for i := range window.RingSamples + 6 {
		read(time.Hour+time.Duration(i)*time.Second, float64(i+1), 1)
	}
	for i := range 10 {
		read(time.Duration(i)*time.Second, 1000+float64(i), 3)
	}
	a := s.Query(question(4500*time.Millisecond, 4700*time.Millisecond))
	assert.Equal(t, 1004.0, a.Levels[window.Goroutines].V)
	assert.Equal(t, 0.25, a.Levels[window.ScheduleP99].V)
	assert.Equal(t, 3.0, a.Counts[window.GCCycles].V)
}

// One that only comes late, as of an exporter that had to try again, displaces nothing.
func TestASampleThatComesLateDisplacesNothing(t *testing.T) {
	s := fed(300*time.Second, 305*time.Second, 310*time.Second, 20*time.Second)
	assert.Equal(t, 20.0, s.Query(question(306*time.Second, 307*time.Second)).Levels[window.Goroutines].V)
}
