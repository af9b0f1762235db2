// Package targets runs Loadtrace against services that nobody here wrote: Caddy, OPA,
// etcd, Prometheus, a service of Node's and one of Go's, each with the telemetry that
// its own SDK sends. It has tests only, with the build tag targets; see make targets
// and docs/targets.md, which has what was measured.
//
// Each target is built from a module of its own, in a folder of this one, or, of Node,
// installed from a lock file. The requests are counted by the target, and each joined
// span that the run delivers is looked at: its clock, its ledger, its server.
package targets
