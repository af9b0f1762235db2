// Package fault plants faults into the demo service, for those who learn to find
// them: four that are found in services in the wild, each with its mark in the
// metrics of the Go runtime. None is planted unless it is asked for, and each is
// bounded, so that a laptop survives it.
package fault
