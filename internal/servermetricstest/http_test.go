package servermetricstest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/loadtrace/loadtrace/goruntime/servermetrics"
)

const traceparent = "00-2b9c72011d13ef2c78ddec04c386dd6b-00f067aa0ba902b7-01"

// serve sends requests through the middleware and returns what Prometheus sees.
func serve(t *testing.T, next http.HandlerFunc, requests ...*http.Request) string {
	registry := prometheus.NewRegistry()
	exporter, err := otelprom.New(otelprom.WithRegisterer(registry), otelprom.WithoutScopeInfo())
	require.NoError(t, err)
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter))
	wrap, err := servermetrics.Middleware(meters,
		otelhttp.WithTracerProvider(sdktrace.NewTracerProvider()), otelhttp.WithPropagators(propagation.TraceContext{}))
	require.NoError(t, err)
	h := wrap(next)
	for _, r := range requests {
		func() {
			defer func() { _ = recover() }()
			h.ServeHTTP(httptest.NewRecorder(), r)
		}()
	}
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", "application/openmetrics-text;version=1.0.0")
	w := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}).ServeHTTP(w, request)
	return w.Body.String()
}

func request(method string) *http.Request {
	r := httptest.NewRequest(method, "/auth/validate", nil)
	r.Header.Set("Traceparent", traceparent)
	return r
}

func TestPrometheusSeesDurationsByCodeAndMethodWithTheTraceAsExemplar(t *testing.T) {
	got := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }, request("GET"), request("GET"), request("BREW"))
	assert.Contains(t, got, `http_request_duration_seconds_count{code="418",method="GET"} 2`)
	assert.Contains(t, got, `http_request_duration_seconds_count{code="418",method="_OTHER"} 1`)
	assert.Regexp(t, `http_request_duration_seconds_bucket\{code="418",method="GET",le="[^"]*"\} 2 # \{[^}]*trace_id="2b9c72011d13ef2c78ddec04c386dd6b"`, got)
	assert.Contains(t, got, `http_server_request_duration_seconds_count{`)
}

func TestAHandlerThatPanicsIsCountedAsAFailure(t *testing.T) {
	got := serve(t, func(http.ResponseWriter, *http.Request) { panic("broken") }, request("POST"))
	assert.Contains(t, got, `http_request_duration_seconds_count{code="500",method="POST"} 1`)
}

func TestAHandlerThatWritesNoStatusAnswers200(t *testing.T) {
	got := serve(t, func(http.ResponseWriter, *http.Request) {}, request("GET"))
	assert.Contains(t, got, `http_request_duration_seconds_count{code="200",method="GET"} 1`)
}
