package servermetricstest

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
)

// What the package's comment says of gRPC: otelgrpc alone does what Middleware
// does for HTTP, under either of its names.
func TestPrometheusSeesDurationsOfRPCsWithTheTraceAsExemplar(t *testing.T) {
	for mode, name := range map[string]string{"rpc": "rpc_server_call_duration_seconds", "rpc/old": "rpc_server_duration_milliseconds"} {
		t.Run(mode, func(t *testing.T) {
			t.Setenv("OTEL_SEMCONV_STABILITY_OPT_IN", mode)
			registry := prometheus.NewRegistry()
			exporter, err := otelprom.New(otelprom.WithRegisterer(registry), otelprom.WithoutScopeInfo())
			require.NoError(t, err)
			server := grpc.NewServer(grpc.StatsHandler(otelgrpc.NewServerHandler(
				otelgrpc.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter))),
				otelgrpc.WithTracerProvider(sdktrace.NewTracerProvider()), otelgrpc.WithPropagators(propagation.TraceContext{}))))
			healthpb.RegisterHealthServer(server, health.NewServer())
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			served := make(chan error, 1)
			go func() { served <- server.Serve(listener) }()
			conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
			require.NoError(t, err)
			ctx := metadata.AppendToOutgoingContext(t.Context(), "traceparent", traceparent)
			_, err = healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
			require.NoError(t, err)
			_, err = healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{Service: "none"})
			require.Error(t, err)
			require.NoError(t, conn.Close())
			server.GracefulStop() // the second RPC is measured when it has ended for the server too
			require.NoError(t, <-served)

			request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
			request.Header.Set("Accept", "application/openmetrics-text;version=1.0.0")
			w := httptest.NewRecorder()
			promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}).ServeHTTP(w, request)
			got := w.Body.String()
			assert.Regexp(t, name+`_bucket\{[^}]*\} \d+ # \{[^}]*trace_id="2b9c72011d13ef2c78ddec04c386dd6b"`, got)
			assert.Regexp(t, name+`_count\{[^}]*(OK|="0")[^}]*\} 1`, got)
			assert.Regexp(t, name+`_count\{[^}]*(NOT_FOUND|="5")[^}]*\} 1`, got)
		})
	}
}
