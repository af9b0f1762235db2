// Package memorytest compares the memory of a process with a budget, for tests of what
// holds data of others: a count of bytes that is wrong passes any test that reads the
// same count. Each case runs in a process of its own, so that none hides another. It
// works on Linux only.
package memorytest
