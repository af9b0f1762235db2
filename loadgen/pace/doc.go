// Package pace computes when requests are to be sent. A Schedule is a pure function:
// stages, each a rate as a function of time, whose integral gives the intended
// time of every request. A Pacer walks a schedule in real time, and satisfies the
// pacer interfaces of both vegeta and ghz.
//
// A Schedule does not change once it is made, and any number of goroutines may
// read it. A Pacer belongs to one attack.
//
// The package imports the standard library and, for Linux's timers, golang.org/x/sys.
// It starts no goroutine and sends nothing.
package pace
