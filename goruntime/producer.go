package goruntime

import (
	"context"
	"sync"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/semconv/v1.41.0/goconv"

	"github.com/loadtrace/loadtrace/goruntime/internal/runtimehist"
)

// histograms of the runtime, which count from the start of the process.
var histograms = []row{
	named(count, "/sched/latencies:seconds", goconv.ScheduleDuration{}),
	named(count, "/sched/pauses/total/gc:seconds", goconv.MemoryGCPauseDuration{}),
	count("/sched/pauses/stopping/gc:seconds", MetricGCStopping, "s",
		"The part of GC pauses until all goroutines have stopped."),
	count("/sched/pauses/total/other:seconds", MetricPause, "s",
		"Stop-the-world pauses for other reasons than GC, such as profiles, traces and reads of memory statistics."),
}

// started is about when the runtime began to count.
var started = time.Now()

// Producer gives a metric reader the histograms of the runtime. It is safe for
// use by several readers.
type Producer struct {
	mu      sync.Mutex // guards reading
	reading *reading
}

var _ sdkmetric.Producer = (*Producer)(nil)

// NewProducer makes a producer for a reader:
//
//	sdkmetric.NewPeriodicReader(exporter, sdkmetric.WithProducer(goruntime.NewProducer()))
//
// An instrument could show these histograms only by recording each of what may
// be hundred thousands of observations a second again; a producer hands over
// the runtime's counts. Counts are exact, sums are estimates from the buckets.
func NewProducer() *Producer {
	return &Producer{reading: newReading(sources(histograms)...)}
}

// Produce implements sdkmetric.Producer.
func (p *Producer) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reading.refresh()
	now := time.Now()
	out := metricdata.ScopeMetrics{Scope: instrumentation.Scope{Name: Scope, SchemaURL: semconv.SchemaURL}}
	for _, r := range histograms {
		h := p.reading.histogram(r.source)
		if h == nil { // this Go does not have it
			continue
		}
		out.Metrics = append(out.Metrics, metricdata.Metrics{
			Name: r.name, Unit: r.unit, Description: r.help,
			Data: metricdata.Histogram[float64]{
				Temporality: metricdata.CumulativeTemporality,
				DataPoints:  []metricdata.HistogramDataPoint[float64]{runtimehist.Point(h, started, now)},
			},
		})
	}
	return []metricdata.ScopeMetrics{out}, nil
}
