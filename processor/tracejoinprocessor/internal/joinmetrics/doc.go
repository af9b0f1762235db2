// Package joinmetrics counts joined requests: their response time by component of the
// ledger and by GC overlap, and what could be joined.
//
// It is pure: results in, cumulative pdata out. Exemplars name only spans that are
// kept. A Meter is not safe for concurrent use, and what Collect returns belongs to
// the caller.
package joinmetrics
