package telemetry

import (
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc/filters"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/metric"
	"google.golang.org/grpc/stats"
)

// Meter makes the instruments of the demo service itself.
func (t *Telemetry) Meter() metric.Meter { return t.metrics.Meter(Scope) }

// Route gives each request to next a server span and durations, by the conventions
// and as http_request_duration_seconds. It is to be registered with a
// http.ServeMux, whose pattern names the span.
func (t *Telemetry) Route(next http.Handler) http.Handler { return t.measured(next) }

// Transport gives each request through next a client span of that name, and
// sends its trace context along.
func (t *Telemetry) Transport(next http.RoundTripper, name string) http.RoundTripper {
	return otelhttp.NewTransport(next, append(t.options(),
		otelhttp.WithSpanNameFormatter(func(string, *http.Request) string { return name }))...)
}

func (t *Telemetry) options() []otelhttp.Option {
	return []otelhttp.Option{
		otelhttp.WithTracerProvider(t.traces),
		otelhttp.WithMeterProvider(t.metrics),
		otelhttp.WithPropagators(t.propagator),
	}
}

// ServerHandler gives each RPC of a gRPC server a server span and a duration;
// not those of health checks and reflection.
func (t *Telemetry) ServerHandler() stats.Handler {
	return otelgrpc.NewServerHandler(
		otelgrpc.WithTracerProvider(t.traces),
		otelgrpc.WithMeterProvider(t.metrics),
		otelgrpc.WithPropagators(t.propagator),
		otelgrpc.WithFilter(filters.None(filters.HealthCheck(), filters.ServicePrefix("grpc.reflection."))))
}

// ClientHandler gives each RPC of a gRPC client a client span and a duration, and
// sends its trace context along.
func (t *Telemetry) ClientHandler() stats.Handler {
	return otelgrpc.NewClientHandler(
		otelgrpc.WithTracerProvider(t.traces),
		otelgrpc.WithMeterProvider(t.metrics),
		otelgrpc.WithPropagators(t.propagator))
}
