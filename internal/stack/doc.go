// Package stack runs real Prometheus, Loki and Jaeger servers on loopback,
// without containers: for the command deploy/stack, and for tests that need the
// real thing.
//
// Each server is built with go build from a module of its own, mostly under
// deploy/stack, and kept in the user's cache folder. The first build takes
// minutes; a build that fails is an error with its output, never a skip.
//
// A started server belongs to who started it and must be stopped. On Linux it is
// also stopped by the kernel when the starting process ends.
package stack
