package goruntime_test

import (
	"context"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/goleak"

	"github.com/loadtrace/loadtrace/goruntime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// started starts a reader with all that the package has.
func started(t testing.TB, options ...goruntime.Option) *sdkmetric.ManualReader {
	reader := sdkmetric.NewManualReader(sdkmetric.WithProducer(goruntime.NewProducer()))
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	stop, err := goruntime.Start(append(options, goruntime.WithMeterProvider(provider))...)
	require.NoError(t, err)
	t.Cleanup(func() {
		stop()
		stop() // does nothing
		assert.NoError(t, provider.Shutdown(context.Background()))
	})
	return reader
}

func collect(t testing.TB, reader *sdkmetric.ManualReader) map[string]metricdata.Metrics {
	var out metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &out))
	found := map[string]metricdata.Metrics{}
	for _, scope := range out.ScopeMetrics {
		assert.Equal(t, goruntime.Scope, scope.Scope.Name)
		for _, m := range scope.Metrics {
			assert.NotEmpty(t, m.Unit, m.Name)
			assert.NotEmpty(t, m.Description, m.Name)
			assert.NotContains(t, found, m.Name)
			found[m.Name] = m
		}
	}
	return found
}

func value(t testing.TB, m metricdata.Metrics) int64 {
	sum, ok := m.Data.(metricdata.Sum[int64])
	require.True(t, ok, "%s is %T", m.Name, m.Data)
	require.Len(t, sum.DataPoints, 1, m.Name)
	return sum.DataPoints[0].Value
}

func TestAllMetricsOfTheConventionsAreThere(t *testing.T) {
	got := collect(t, started(t))
	for _, name := range []string{
		"go.memory.used", "go.memory.allocated", "go.memory.allocations", "go.memory.gc.goal", "go.memory.gc.cycles",
		"go.memory.gc.pause.duration", "process.cpu.time", "go.goroutine.count", "go.processor.limit", "go.schedule.duration", "go.config.gogc", "go.cpu.time",
		goruntime.MetricHeapLive, goruntime.MetricHeapObjects, goruntime.MetricGoroutineState, goruntime.MetricGoroutines,
		goruntime.MetricThreads, goruntime.MetricMutexWait, goruntime.MetricCgoCalls, goruntime.MetricGCStopping, goruntime.MetricPause,
	} {
		assert.Contains(t, got, name)
	}
	assert.NotContains(t, got, "go.memory.limit", "there is none")
	assert.Equal(t, int64(runtime.GOMAXPROCS(0)), value(t, got["go.processor.limit"]))
	states := got[goruntime.MetricGoroutineState].Data.(metricdata.Sum[int64])
	assert.Len(t, states.DataPoints, 4)
}

func TestMetricsFollowWhatTheProcessDoes(t *testing.T) {
	reader := started(t)
	before := collect(t, reader)
	runtime.GC()
	release := make(chan struct{})
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() { <-release })
	}
	after := collect(t, reader)
	close(release)
	wg.Wait()
	assert.GreaterOrEqual(t, value(t, after["go.memory.gc.cycles"]), value(t, before["go.memory.gc.cycles"])+1)
	assert.GreaterOrEqual(t, value(t, after["go.goroutine.count"]), value(t, before["go.goroutine.count"])+90)
	pauses := func(all map[string]metricdata.Metrics) uint64 {
		return all["go.memory.gc.pause.duration"].Data.(metricdata.Histogram[float64]).DataPoints[0].Count
	}
	assert.GreaterOrEqual(t, pauses(after), pauses(before)+2, "a cycle has two pauses")
}

// The processor time is that of the moment, whether or not a GC cycle has ended.
func TestProcessorTimeIsUpToDate(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	reader := started(t)
	taken := func() (sum float64) {
		for _, p := range collect(t, reader)["process.cpu.time"].Data.(metricdata.Sum[float64]).DataPoints {
			sum += p.Value
		}
		return sum
	}
	before, n := taken(), 0
	for taken() < before+0.02 { // each look takes some itself
		n++
	}
	assert.Less(t, n, 1_000_000)
}

// The runtime's memory in use is what it has, less what it gave back. Both move at any
// time: long after a collection the scavenger still gives memory back, in steps of
// several megabytes. So the metric is compared with a moment in which neither moved.
// The test once compared two moments, within 20 %, and failed where the scavenger, or a
// collection, came between them.
func TestMemoryUsedAddsUp(t *testing.T) {
	reader := started(t)
	inUse := func() uint64 {
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.Sys - stats.HeapReleased
	}
	for {
		before := inUse()
		used := collect(t, reader)["go.memory.used"].Data.(metricdata.Sum[int64])
		if inUse() != before {
			continue
		}
		require.Len(t, used.DataPoints, 2)
		stack, other := used.DataPoints[0].Value, used.DataPoints[1].Value
		assert.Positive(t, stack)
		assert.Positive(t, other)
		assert.EqualValues(t, before, stack+other)
		return
	}
}

func TestEachCycleIsLoggedOnce(t *testing.T) {
	var seen logged
	logs := sdklog.NewLoggerProvider(sdklog.WithProcessor(&seen))
	defer func() { assert.NoError(t, logs.Shutdown(context.Background())) }()
	var mu sync.Mutex
	var cycles []goruntime.Cycle
	arrived := make(chan struct{}, 100)
	started(t, goruntime.WithLoggerProvider(logs), goruntime.WithCycleLook(time.Millisecond), goruntime.WithCycles(func(c goruntime.Cycle) {
		mu.Lock()
		defer mu.Unlock()
		cycles = append(cycles, c)
		arrived <- struct{}{}
	}))
	<-afterGC(arrived)
	<-afterGC(arrived)
	mu.Lock()
	defer mu.Unlock()
	for i, c := range cycles {
		assert.False(t, c.Latest.Before(c.Earliest))
		assert.False(t, c.End.Before(c.Latest))
		assert.Positive(t, c.Pause)
		if i > 0 {
			assert.Equal(t, cycles[i-1].Number+1, c.Number)
			assert.False(t, c.Earliest.Before(cycles[i-1].End), "cycles do not overlap")
		}
	}
	require.GreaterOrEqual(t, len(seen.records()), 2)
	first := seen.records()[0]
	assert.Equal(t, goruntime.EventGCCycle, first.EventName())
	assert.Equal(t, cycles[0].End, first.Timestamp())
	assert.Equal(t, 8, first.AttributesLen())
}

func afterGC(arrived <-chan struct{}) <-chan struct{} {
	runtime.GC()
	return arrived
}

// Rows of attributes were sorted in place by each Start, under the eyes of the others:
// a data race, which the race detector sees here.
func TestSeveralMayStartAtOnce(t *testing.T) {
	readers := make([]*sdkmetric.ManualReader, 8)
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range readers {
		readers[i] = sdkmetric.NewManualReader()
		provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(readers[i]))
		wg.Go(func() {
			<-begin
			stop, err := goruntime.Start(goruntime.WithMeterProvider(provider), goruntime.WithCycleLook(0))
			if assert.NoError(t, err) {
				t.Cleanup(stop)
			}
		})
	}
	close(begin)
	wg.Wait()
	for _, reader := range readers {
		points := collect(t, reader)["go.cpu.time"].Data.(metricdata.Sum[float64]).DataPoints
		require.Len(t, points, 8)
		for _, p := range points {
			assert.Equal(t, 2, p.Attributes.Len(), "%v", p.Attributes.ToSlice())
		}
	}
}

func TestNothingIsWatchedWhenNobodyWantsCycles(t *testing.T) {
	before := runtime.NumGoroutine()
	started(t, goruntime.WithLoggerProvider(sdklog.NewLoggerProvider())) // without a processor
	assert.LessOrEqual(t, runtime.NumGoroutine(), before)
}

func TestALookThatIsTooOftenIsRefused(t *testing.T) {
	_, err := goruntime.Start(goruntime.WithCycleLook(time.Microsecond))
	assert.EqualError(t, err, "goruntime: WithCycleLook(1µs): is too often; pass 1ms or more, or 0 for no GC events")
}

// logged keeps records.
type logged struct {
	mu   sync.Mutex
	kept []sdklog.Record
}

func (l *logged) OnEmit(_ context.Context, r *sdklog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, r.Clone())
	return nil
}

func (l *logged) records() []sdklog.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept
}

func (*logged) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }
func (*logged) Shutdown(context.Context) error                         { return nil }
func (*logged) ForceFlush(context.Context) error                       { return nil }

// BenchmarkCollection is one sample of everything. At ten a second it must stay
// under half a percent of a processor: 500 µs.
func BenchmarkCollection(b *testing.B) {
	reader := started(b)
	var out metricdata.ResourceMetrics
	b.ReportAllocs()
	for b.Loop() {
		if err := reader.Collect(b.Context(), &out); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)*10/1e9*100, "%core@10/s")
}
