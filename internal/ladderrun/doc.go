// Package ladderrun measures variants of a service under the same load, each in processes of
// its own: the demo service with more and more of its mistakes fixed, or the
// user's commands. internal/ladder computes the gains; the caller provides the function that
// runs a plan.
package ladderrun
