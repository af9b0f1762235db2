// Package dashboards makes Loadtrace's dashboards for Grafana, and json/ has them
// as files (go generate), of the Classic schema that every Grafana since 11 reads
// from disk.
//
// A dashboard is data: sections of panels, each with its queries, its unit, what
// it shows in words and where it gets bad. Rendering gives one meaning one colour
// and one kind of panel one look, and refuses a panel that does not say all of it.
// Names of metrics and attributes are those of the code that writes them.
//
// A query may find nothing in a run that is well, for a reason that stands beside
// it; every other one finds something, which a test holds against real servers.
package dashboards

//go:generate go run ./internal/generate json
