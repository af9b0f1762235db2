// Package tracejoinprocessor is a collector processor that adds to every client span
// of a load test what was happening on the other side: the server span that
// answered it, the clock and the Go runtime of the instance, and the log lines.
//
// It stands in the traces, metrics and logs pipelines of one collector. The
// processors of one configuration are one join; see internal/hub. What does not
// wait for being joined passes straight through.
package tracejoinprocessor

//go:generate go tool mdatagen metadata.yaml
