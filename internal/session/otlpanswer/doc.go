// Package otlpanswer refuses answers to OTLP over HTTP that are none. Any web server may
// answer 200, and the collector's exporter takes that for success. The extension of this
// package stands behind the exporter as a middleware and looks at each answer; it changes
// nothing of those of OTLP.
//
// An answer without a body is taken: Prometheus and Loki answer so, against the
// specification.
package otlpanswer
