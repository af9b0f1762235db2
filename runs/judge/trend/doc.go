// Package trend finds the points of a history at which a figure changed, such as the p99 of
// one plan in one environment, run after run. It is pure: randomness is an argument, and
// the same argument gives the same answer.
package trend
