// Package distribution is the collector that Loadtrace is: the components that
// builder-config.yaml lists, the providers of configuration, and what it calls itself.
// It starts nothing: internal/session does so for a run, and the root command for a
// collector.
package distribution

//go:generate go run ./internal/gencomponents
