// Package clock estimates how far the clock of a target instance is from that
// of the generator, from client spans and the server spans that answered them.
//
// What it claims is proven by the spans' times alone: it takes nothing for granted
// of the network, of how long a server worked, or of when a server span ends.
//
// It is pure: times are arguments. A Filter is one instance's, and is not safe
// for concurrent use.
package clock
