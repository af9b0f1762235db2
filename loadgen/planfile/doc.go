// Package planfile reads a load-test plan from YAML and writes it again. It
// knows the keys, their units and their defaults, replaces environment
// variables, applies values from the command line, and checks everything,
// so that what it returns can be run.
//
// It reports every fault at once, each with its place in the file, its key,
// what is wrong and the fix. What a plan means is in loadgen and pace; how it
// is run is in runner. The reference for authors of plans is
// docs/plan.md.
//
// The syntax is goccy/go-yaml's; the decoding from its syntax tree is this
// package's own, since a library's decoder stops at the first fault, does not
// tell an absent key from a zero, and knows neither units nor key paths.
package planfile
