// Package enginekit is what the engines do in the same way, whatever their
// protocol: what a request carries to the target to be recognised, what a record may
// hold of a connection and an error, and how a stop becomes a cut. It knows
// neither of their tools.
package enginekit
