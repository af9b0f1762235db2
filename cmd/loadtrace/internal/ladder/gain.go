package ladder

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// Gain is how many times the rate of before the rate of after is, and the
// interval that has the true ratio with a confidence of 95 %.
type Gain struct {
	Ratio float64 `json:"ratio"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// confidence of an interval.
const confidence = 0.95

// Shown says whether the interval leaves out 1: that there was a change at all.
func (g Gain) Shown() bool { return g.Low > 1 || g.High < 1 }

// Compare rates that were measured in pairs, one of each round, at least two. The
// ratio is that of the geometric means. The interval is Student's, of the
// logarithms of the pairs' ratios with n − 1 degrees of freedom: pairs, as
// neighbours in time share what the machine did meanwhile; logarithms, as ratios
// are compared by factors. It supposes that they are distributed about normally.
//
// Source: Student (W. S. Gosset), The probable error of a mean, Biometrika 6
// (1908), as for paired samples in any textbook.
func Compare(before, after []float64) Gain {
	n := len(before)
	logs := make([]float64, n)
	mean := 0.0
	for i := range before {
		logs[i] = math.Log(after[i] / before[i])
		mean += logs[i] / float64(n)
	}
	squares := 0.0
	for _, l := range logs {
		squares += (l - mean) * (l - mean)
	}
	wide := student(n-1) * math.Sqrt(squares/float64(n-1)/float64(n))
	return Gain{Ratio: math.Exp(mean), Low: math.Exp(mean - wide), High: math.Exp(mean + wide)}
}

// student is the t of which Student's distribution with the degrees of freedom
// has as much as the confidence between −t and t. By Abramowitz and Stegun 26.7.1,
// what is outside is the regularized incomplete beta function of (d/2, 1/2) at
// d/(d + t²).
func student(freedom int) float64 {
	d := float64(freedom)
	x := mathext.InvRegIncBeta(d/2, 0.5, 1-confidence)
	return math.Sqrt(d * (1 - x) / x)
}

func geometricMean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += math.Log(v)
	}
	return math.Exp(sum / float64(len(values)))
}

func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}
