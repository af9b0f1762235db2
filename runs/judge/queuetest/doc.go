// Package queuetest simulates queues whose quantiles and capacities are known, and series
// with known dependence, for tests of what is said of measurements. All randomness is an
// argument. Times are in seconds, rates per second.
package queuetest
