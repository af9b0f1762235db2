// Package otlpresponse refuses responses to OTLP over HTTP that are not OTLP. Any web server may
// answer 200, and the collector's exporter takes that for success. The extension of this
// package stands behind the exporter as a middleware and checks each response; OTLP's
// own pass unchanged.
//
// A response without a body is accepted: Prometheus and Loki send such, against the
// specification.
package otlpresponse
