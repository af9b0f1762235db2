// Package demo has what a demonstration needs: the demo service as a child process, and the
// plan that attacks it. Who starts a Service stops it.
package demo
