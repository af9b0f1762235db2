// Package check holds what is shipped for deployment to its schemas, to itself, and
// to the real programs that read it. It is a module of its own, so that what it
// needs (the Compose and Kubernetes libraries) is nobody else's burden.
//
// Its tests need the whole distribution as ../../bin/loadtrace, or where LOADTRACE
// says, and build the real Prometheus, Loki and Jaeger if need be.
package check
