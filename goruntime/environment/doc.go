// Package environment describes what a process runs on and how its Go runtime is
// set, as a value: the processor, what of it the process may use, the kernel, the
// clock, limits, GOMAXPROCS and the garbage collector's settings. Figures that two
// runs gave may only be held against each other if they were made in the same
// environment; Compare says whether they were, and what differs.
//
// Read looks at a file system, Here at that of this machine; all else is pure.
// What a system does not tell is empty and counts as not known: it is never taken
// for equal to something that is known.
//
// Names of hosts are hashed. Summaries and events travel to CI logs and comments on
// pull requests, where names of machines do not belong; the hash still tells
// whether two runs were on one host. It hides no name from somebody who guesses it.
package environment
