package queuetest

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// Autoregressive returns n log-normal values whose logarithms have the standard deviation
// sigma and the correlation phi from one to the next: AR(1).
func Autoregressive(r *rand.Rand, n int, phi, sigma float64) []float64 {
	out := make([]float64, n)
	state := r.NormFloat64()
	for i := range out {
		out[i] = math.Exp(sigma * state)
		state = phi*state + math.Sqrt(1-phi*phi)*r.NormFloat64()
	}
	return out
}

// Large asks for as many simulations as the figures of docs/statistics.md are from.
const Large = "LOADTRACE_SIMULATE"

// Simulations returns how many a test runs: small ones take seconds.
func Simulations(t testing.TB, small, large int) int {
	t.Helper()
	if os.Getenv(Large) != "" {
		return large
	}
	return small
}

// Rand returns the randomness of a test, the same each time.
func Rand() *rand.Rand { return rand.New(rand.NewPCG(22, 1981)) }

// Share returns how many of n are not false.
func Share(hits, n int) float64 { return float64(hits) / float64(n) }
