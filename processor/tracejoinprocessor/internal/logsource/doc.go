// Package logsource gets the log lines of requests from Loki by trace id: all
// lines of a window (Window), or those of some requests (Lookup).
//
// Lines are asked for in pages over Loki's query_range, with a time cursor. A
// page is decoded as it arrives and handed on when it is whole, so that a page
// asked for again doubles no line; what is held is one page, bounded in lines
// and in bytes. Each line belongs to who takes it.
//
// It starts no goroutine of its own: calls take as long as they take, within
// the timeouts of Config and the caller's context, and end with an *Error that
// reports the kind of an error. It does not join, cache or log.
package logsource
