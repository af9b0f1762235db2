// Package release tries what .ci/release makes: tests only. In a release goruntime is a
// module of its own; see docs/adr/0022-goruntime-is-released-alone.md.
package release
