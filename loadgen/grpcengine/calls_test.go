//go:build !race

package grpcengine

// tracedCalls is how many calls of each kind are held to the spans of the target.
const tracedCalls = 20_000
