// Package e2e follows every request of a run from end to end: the distribution's
// binary with the shipped collector configuration, the demo service as a process
// of its own, and real Prometheus, Loki and Jaeger. It has tests only, with the
// build tag stack.
//
// Without flags they are small, and hold what must be true on any machine: that
// nothing is lost, whatever back end is away. With -alone they are benchmarks that
// hold the figures, too; see make bench-e2e.
package e2e
