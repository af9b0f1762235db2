// Package span renders records as spans: a client span for every request that
// was sent, each the root of a trace of its own and linked to the run's span,
// and the run's own span at its end.
//
// It is pure: records in, pdata out, no goroutine and no clock. What it returns
// belongs to the caller.
package span
