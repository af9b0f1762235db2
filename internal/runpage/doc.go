// Package runpage makes of a run's telemetry what a report shows of it: of the join's
// attributes on each client span the figures of the target, of the traces of a store what
// became of single requests. It knows pdata, which the report does not.
package runpage
