// Package capacity finds the highest rate at which a service holds an objective, from
// probes: runs at single rates with the margin that each left. It says which interval the
// probes support, which rate to probe next and when to end, and fits the Universal
// Scalability Law to explain what was seen.
//
// It is pure: it starts no probe and draws no random number. What a probe is, how long it
// takes and whether the generator kept up are for its caller.
package capacity
