// Package event renders what happens to a run as log records with an event
// name: its start with the plan, the beginning of attacks and stages, its stop
// with the summary. Their trace context is the run's span.
//
// It is pure: values in, pdata out, no goroutine and no clock. Values of
// headers and bodies never get into an event, nor what loadgen.RedactURL takes
// out of a URL: they hold secrets.
package event
