// Package judge decides what measurements of a service show: whether a version is better
// than another, from rounds of interleaved runs (Compare), how many rounds that takes
// (Aim.Rounds), the uncertainty of a quantile within one run (SectionOf), and what two
// single runs look like (LookAt). Package capacity finds the rate that a service takes,
// package trend the points at which a history changed.
//
// It is pure statistics: figures in, figures and words out. Randomness is an argument,
// nothing is read or measured, and nothing is kept: results belong to the caller. No
// method here takes the latencies of a run as independent, because they are not: a queue
// carries the fate of a request over to the next.
//
// Every method names its source. docs/statistics.md explains them, with error rates that
// simulations measured.
package judge
