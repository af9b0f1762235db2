// Package interop runs Loadtrace against services of other projects: Caddy, OPA,
// etcd, Prometheus, a service of Node's and one of Go's, each with the telemetry that
// its own SDK sends. It has tests only, with the build tag interop; see make interop
// and docs/interop.md, which has what was measured.
//
// Each target is built from a module of its own, in a folder of this one, or, of Node,
// installed from a lock file. The requests are counted by the target, and each joined
// span that the run delivers is looked at: its clock, its ledger, its server.
package interop
