// Gohttp is a service as the documentation of OpenTelemetry shows one: otelhttp around
// a handler, the exporters and the SDK with their defaults, and slog bridged to OTLP.
// It has nothing of Loadtrace.
//
// GET /count on the address --admin has the number of requests it has answered.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/log/global"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
)

var (
	address = flag.String("http", "127.0.0.1:8080", "where it serves /greet/NAME")
	admin   = flag.String("admin", "127.0.0.1:8081", "where it serves /count")
	grpc    = flag.String("grpc", "", "send spans to this host:port over gRPC, which is TLS unless the environment says otherwise")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := serve(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(ctx context.Context) error {
	shutdown, err := instrument(ctx)
	if err != nil {
		return err
	}
	var answered atomic.Int64
	logger := otelslog.NewLogger("greet")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /greet/{name}", func(w http.ResponseWriter, r *http.Request) {
		answered.Add(1)
		logger.InfoContext(r.Context(), "greeting", slog.String("name", r.PathValue("name")))
		fmt.Fprintf(w, "Hello %s\n", r.PathValue("name"))
	})
	failed := make(chan error, 2)
	go func() {
		failed <- http.ListenAndServe(*admin, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"http":%d}`, answered.Load())
		}))
	}()
	go func() { failed <- http.ListenAndServe(*address, otelhttp.NewHandler(mux, "greet")) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
		defer stop()
		return shutdown(ctx)
	}
}

// instrument sets up the three signals, all to where the environment says.
func instrument(ctx context.Context) (shutdown func(context.Context) error, err error) {
	spans, err := exporter(ctx)
	if err != nil {
		return nil, err
	}
	reader, err := autoexport.NewMetricReader(ctx)
	if err != nil {
		return nil, err
	}
	records, err := autoexport.NewLogExporter(ctx)
	if err != nil {
		return nil, err
	}
	traces := trace.NewTracerProvider(trace.WithBatcher(spans))
	metrics := metric.NewMeterProvider(metric.WithReader(reader))
	logs := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(records)))
	otel.SetTracerProvider(traces)
	otel.SetMeterProvider(metrics)
	global.SetLoggerProvider(logs)
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	return func(ctx context.Context) error {
		return errors.Join(traces.Shutdown(ctx), metrics.Shutdown(ctx), logs.Shutdown(ctx))
	}, runtime.Start()
}

func exporter(ctx context.Context) (trace.SpanExporter, error) {
	if *grpc != "" {
		return otlptracegrpc.New(ctx, otlptracegrpc.WithEndpoint(*grpc))
	}
	return autoexport.NewSpanExporter(ctx)
}
