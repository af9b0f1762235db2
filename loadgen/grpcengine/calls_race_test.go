//go:build race

package grpcengine

// tracedCalls under the race detector, with which each call takes many times as
// long. What it looks for shows in these; .ci/run makes the full number without.
const tracedCalls = 4_000
