// Package verdict decides what a run's figures mean: whether they keep to the
// plan's thresholds, and whether the measurement can be trusted at all.
//
// It is pure: figures and times in, verdict out. It counts and measures nothing
// itself (that is summary's work, which asks it for the checks to be made) and
// reads no machine (vitals does). The rules and their reasons are in
// docs/verdict.md.
package verdict
