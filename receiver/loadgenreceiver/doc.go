// Package loadgenreceiver is a collector receiver that runs a load-test
// plan once and tells of it: a client span for every request that was sent,
// cumulative metrics whose exemplars name those spans, and log events.
//
// The receivers of one configuration, up to one each for traces, metrics and
// logs, are one generator: it starts with the last of them and ends with the
// first. The attack is never slowed by a pipeline; see package
// internal/queue.
//
// A command line that embeds the collector brings its plan with WithPlan and
// follows the run through an Observer.
package loadgenreceiver

//go:generate go tool mdatagen metadata.yaml
