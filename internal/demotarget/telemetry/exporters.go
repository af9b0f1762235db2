package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Exporters are where the signals go. A nil one: nowhere. The signals are made
// all the same, so that logs carry trace ids and traces go on downstream.
type Exporters struct {
	Spans   sdktrace.SpanExporter
	Metrics sdkmetric.Exporter
	Logs    sdklog.Exporter

	wire *tetheredTransport // of OTLP, else nil
}

// OTLP exports over HTTP to base, such as http://127.0.0.1:4318. It connects
// when there is something to send, so a dead base is no error here.
func OTLP(base *url.URL) (Exporters, error) {
	ctx := context.Background() // the exporters connect later, and take other contexts
	w := newTetheredTransport()
	client := &http.Client{Transport: w, Timeout: exportTimeout}
	at := func(path string) string { return base.JoinPath(path).String() }
	spans, err1 := otlptracehttp.New(ctx,
		otlptracehttp.WithEndpointURL(at("v1/traces")), otlptracehttp.WithHTTPClient(client))
	metrics, err2 := otlpmetrichttp.New(ctx,
		otlpmetrichttp.WithEndpointURL(at("v1/metrics")), otlpmetrichttp.WithHTTPClient(client))
	logs, err3 := otlploghttp.New(ctx,
		otlploghttp.WithEndpointURL(at("v1/logs")), otlploghttp.WithHTTPClient(client))
	if err := errors.Join(err1, err2, err3); err != nil {
		w.cut()
		return Exporters{}, fmt.Errorf("export to %s: %w", base, err)
	}
	return Exporters{Spans: spans, Metrics: metrics, Logs: logs, wire: w}, nil
}

// stop ends what the providers' shutdown may have left under way when its
// context ended first: the span processor, for one, exports under a context of
// its own, and a retry may be waiting for its turn.
func (e Exporters) stop(ctx context.Context) {
	if e.wire != nil {
		e.wire.cut()
	}
	if e.Spans != nil && ctx.Err() != nil {
		// It complains of the ended context, and stops nonetheless.
		_ = e.Spans.Shutdown(ctx)
	}
}

// tetheredTransport is an HTTP transport whose requests can all be cut off for good.
type tetheredTransport struct {
	transport *http.Transport
	ended     context.Context
	end       context.CancelFunc
}

func newTetheredTransport() *tetheredTransport {
	ended, end := context.WithCancel(context.Background())
	return &tetheredTransport{
		transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			MaxIdleConnsPerHost: 4,
			IdleConnTimeout:     90 * time.Second,
			TLSHandshakeTimeout: 5 * time.Second,
		},
		ended: ended, end: end,
	}
}

// RoundTrip implements http.RoundTripper.
func (w *tetheredTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	release := context.AfterFunc(w.ended, cancel)
	response, err := w.transport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		release()
		cancel()
		return nil, err
	}
	response.Body = &tethered{response.Body, func() { release(); cancel() }}
	return response, nil
}

func (w *tetheredTransport) cut() {
	w.end()
	w.transport.CloseIdleConnections()
}
