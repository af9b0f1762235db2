package servermetrics

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/felixge/httpsnoop"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Scope is the instrumentation scope of what the package measures itself.
const Scope = "github.com/loadtrace/loadtrace/goruntime/servermetrics"

// Of the metric that Prometheus knows as http_request_duration_seconds.
const (
	MetricDuration = "http.request.duration" // s
	AttrCode       = "code"                  // the status, such as 200
	AttrMethod     = "method"                // one that HTTP knows, else _OTHER
)

// bounds are those that the conventions advise for request durations.
var bounds = metric.WithExplicitBucketBoundaries(
	0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)

// Middleware wraps handlers, each with a span and its durations. It is to be
// registered with an http.ServeMux, whose pattern names the span. meters nil is
// the global provider; options are otelhttp's.
//
// Subtle: the measurement stands inside otelhttp's span, so that its exemplar
// names it. It therefore leaves out the few microseconds that the span takes.
func Middleware(meters metric.MeterProvider, options ...otelhttp.Option) (func(http.Handler) http.Handler, error) {
	if meters == nil {
		meters = otel.GetMeterProvider()
	}
	duration, err := meters.Meter(Scope).Float64Histogram(MetricDuration, bounds, metric.WithUnit("s"),
		metric.WithDescription("Duration of HTTP requests served, by status code and method."))
	if err != nil {
		return nil, fmt.Errorf("servermetrics: make the histogram: %w", err)
	}
	options = append(options, otelhttp.WithMeterProvider(meters))
	return func(next http.Handler) http.Handler {
		return otelhttp.NewHandler(measured{next, duration}, "", options...)
	}, nil
}

type measured struct {
	next     http.Handler
	duration metric.Float64Histogram
}

// ServeHTTP implements http.Handler.
func (m measured) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begin := time.Now()
	code := http.StatusOK
	finished := false
	defer func() {
		if !finished { // a panic: nobody else will tell
			code = http.StatusInternalServerError
		}
		m.duration.Record(r.Context(), time.Since(begin).Seconds(), metric.WithAttributeSet(attribute.NewSet(
			attribute.String(AttrCode, strconv.Itoa(code)), attribute.String(AttrMethod, method(r.Method)))))
	}()
	code = httpsnoop.CaptureMetrics(m.next, w, r).Code
	finished = true
}

// method bounds what a client can make up.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return m
	}
	return "_OTHER"
}
