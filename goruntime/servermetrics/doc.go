// Package servermetrics measures a service's HTTP requests in the two names that
// dashboards look for: http.server.request.duration, of the semantic
// conventions, and http.request.duration by code and method, which is
// http_request_duration_seconds in Prometheus. Both carry the trace of a request
// as an exemplar, as each request gets a server span.
//
// It stands on otelhttp, which makes the span and the first of the two. For gRPC
// nothing has to be added to otelgrpc: its NewServerHandler measures each RPC
// within its span, as rpc.server.call.duration (or rpc.server.duration; see
// OTEL_SEMCONV_STABILITY_OPT_IN), with exemplars.
package servermetrics
