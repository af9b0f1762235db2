//go:build race

package grpcengine

// tracedCalls under the race detector, which makes a call take ten times as long.
// The full number is for the tests without it, which .ci/run also runs.
const tracedCalls = 4_000
