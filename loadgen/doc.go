// Package loadgen is the vocabulary of load generation: the plan that says
// what to do, the engine that does it, the record of what became of each
// request, and the identity that names its trace.
//
// It is a leaf: it holds values and the contracts between the packages below
// it, and imports none of them but pace. It knows nothing of the collector;
// telemetry is made from records elsewhere. How a plan is read from YAML is in
// planfile, what an HTTP attack may send in targets, how a plan is run in
// runner and the engines, and what is computed from records in summary.
package loadgen
