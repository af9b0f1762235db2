// Package servermetricstest compares what goruntime/servermetrics measures with what
// Prometheus reads, and with otelgrpc. It holds tests only. They are not beside the package,
// since a service that imports goruntime would get the versions of gRPC and Prometheus that
// they need; see docs/adr/0022-goruntime-is-released-alone.md.
package servermetricstest
