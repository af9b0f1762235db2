package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/loadtrace/loadtrace/goruntime"
	"github.com/loadtrace/loadtrace/goruntime/servermetrics"
)

// Scope is the instrumentation scope of what the demo service measures and logs
// itself.
const Scope = "github.com/loadtrace/loadtrace/internal/demotarget"

// Bounds of what waits for export. Over them the SDK drops the newest spans and
// the oldest log records; at 3,000 requests a second the span queue holds seven
// seconds.
const (
	queueSize      = 65_536
	batchSize      = 2_048
	batchDelay     = 500 * time.Millisecond
	exportTimeout  = 10 * time.Second
	metricInterval = time.Second
)

// Config has the resource of the telemetry, and where the human log goes.
type Config struct {
	Service  string // service.name
	Instance string // service.instance.id
	// Level is the least level that is logged, to people and over OTLP.
	Level slog.Level
	// JSON makes the human log one JSON object a line.
	JSON bool
	// Output takes the human log.
	Output io.Writer
}

// Telemetry is the three signals of one process.
type Telemetry struct {
	// Log writes to the human log and to the log exporter.
	Log *slog.Logger

	traces     *sdktrace.TracerProvider
	metrics    *sdkmetric.MeterProvider
	logs       *sdklog.LoggerProvider
	propagator propagation.TextMapPropagator
	measured   func(http.Handler) http.Handler
	exporters  Exporters
	// stopRuntime is nil until the runtime is reported.
	stopRuntime func()
}

// New starts the telemetry. It owns the exporters from now on, also when it
// returns an error.
func New(ctx context.Context, c Config, e Exporters) (*Telemetry, error) {
	res, err := describe(ctx, c)
	if err != nil {
		e.stop(ctx)
		return nil, err
	}
	described, err := placed(ctx, res)
	if err != nil {
		e.stop(ctx)
		return nil, fmt.Errorf("describe what the process runs in: %w", err)
	}
	t := &Telemetry{
		traces:  newTraces(described, e),
		metrics: newMetrics(described, e),
		logs:    newLogs(res, e),
		propagator: propagation.NewCompositeTextMapPropagator(
			propagation.TraceContext{}, propagation.Baggage{}),
		exporters: e,
	}
	human := newHuman(c)
	bridge := otelslog.NewHandler(Scope, otelslog.WithLoggerProvider(t.logs))
	t.Log = slog.New(slog.NewMultiHandler(human, atLeast{bridge, c.Level}))
	reportFaults(slog.New(human))
	t.measured, err = servermetrics.Middleware(t.metrics, t.options()...)
	if err != nil {
		return nil, errors.Join(err, t.Stop(ctx))
	}
	t.stopRuntime, err = goruntime.Start(goruntime.WithMeterProvider(t.metrics), goruntime.WithLoggerProvider(t.logs))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the runtime metrics: %w", err), t.Stop(ctx))
	}
	return t, nil
}

func newTraces(res *resource.Resource, e Exporters) *sdktrace.TracerProvider {
	options := []sdktrace.TracerProviderOption{
		sdktrace.WithResource(res),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.AlwaysSample())),
	}
	if e.Spans != nil {
		options = append(options, sdktrace.WithBatcher(e.Spans,
			sdktrace.WithMaxQueueSize(queueSize),
			sdktrace.WithMaxExportBatchSize(batchSize),
			sdktrace.WithBatchTimeout(batchDelay),
			sdktrace.WithExportTimeout(exportTimeout)))
	}
	return sdktrace.NewTracerProvider(options...)
}

func newMetrics(res *resource.Resource, e Exporters) *sdkmetric.MeterProvider {
	options := []sdkmetric.Option{sdkmetric.WithResource(res)}
	if e.Metrics != nil {
		options = append(options, sdkmetric.WithReader(sdkmetric.NewPeriodicReader(e.Metrics,
			sdkmetric.WithInterval(metricInterval),
			sdkmetric.WithTimeout(exportTimeout),
			sdkmetric.WithProducer(goruntime.NewProducer()))))
	}
	return sdkmetric.NewMeterProvider(options...)
}

func newLogs(res *resource.Resource, e Exporters) *sdklog.LoggerProvider {
	options := []sdklog.LoggerProviderOption{sdklog.WithResource(res)}
	if e.Logs != nil {
		options = append(options, sdklog.WithProcessor(sdklog.NewBatchProcessor(e.Logs,
			sdklog.WithMaxQueueSize(queueSize),
			sdklog.WithExportMaxBatchSize(batchSize),
			sdklog.WithExportInterval(batchDelay),
			sdklog.WithExportTimeout(exportTimeout))))
	}
	return sdklog.NewLoggerProvider(options...)
}

// Stop exports what is still queued, until ctx ends; the rest is lost, and the
// error says so. It returns soon after ctx, whatever the far end does.
func (t *Telemetry) Stop(ctx context.Context) error {
	if t.stopRuntime != nil {
		defer t.stopRuntime() // after the last collection, which still wants it
	}
	shutdowns := []func(context.Context) error{
		t.traces.Shutdown, t.metrics.Shutdown, t.logs.Shutdown,
	}
	faults := make([]error, len(shutdowns))
	var wg sync.WaitGroup
	for i, shutdown := range shutdowns {
		wg.Go(func() { faults[i] = shutdown(ctx) })
	}
	wg.Wait()
	t.exporters.stop(ctx)
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("flush the telemetry: %w", err)
	}
	return nil
}
