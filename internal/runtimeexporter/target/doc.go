// Package target asks a service about its Go runtime from outside, over the HTTP
// endpoints that it has anyway: expvar (/debug/vars), net/http/pprof, and
// Prometheus metrics (/metrics).
//
// It is passive: it reads what costs the service little, and never asks for a
// garbage collection or a profile that takes time. It remembers nothing between
// two calls of Ask. What it reads is bounded; see the limits in ask.go.
package target
