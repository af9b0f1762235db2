package judge

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// tQuantile returns the value that Student's distribution exceeds with a probability of
// tail, below ½. By Abramowitz and Stegun 26.7.1, the probability outside of ±t is the
// regularized incomplete beta function of (f/2, 1/2) at f/(f + t²).
func tQuantile(freedom, tail float64) float64 {
	x := mathext.InvRegIncBeta(freedom/2, 0.5, 2*tail)
	return math.Sqrt(freedom * (1 - x) / x)
}

// moments returns the mean of values and the sum of their squared deviations from it.
func moments(values []float64) (mean, squares float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return mean, squares
}
