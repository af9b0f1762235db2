// Package annotate makes of a client span, its trace, the clock and the runtime
// of its server a Result, and writes it on the span.
//
// It is pure: Explain reads, Put writes, and neither keeps what it is given.
package annotate
