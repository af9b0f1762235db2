// Package runner runs a plan: it opens an engine for each attack, starts
// the attacks side by side or one after another, counts what was planned
// against what was recorded, and tells of starts, stages and the end.
//
// The caller owns the run: it is started by Do and over when Do returns.
package runner
