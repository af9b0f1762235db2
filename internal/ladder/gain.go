package ladder

import (
	"encoding/json"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"

	"github.com/loadtrace/loadtrace/internal/figure"
)

// Gain is how many times the rate of before the rate of after is, and the interval
// that holds the true ratio, with a confidence that is shared by all gains of a
// result.
type Gain struct {
	Ratio  float64 `json:"ratio"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	Rounds int     `json:"rounds"` // that it was computed from
}

// MarshalJSON writes the figures rounded. The finding is that of the exact ones.
func (g Gain) MarshalJSON() ([]byte, error) {
	type plain Gain
	g.Ratio, g.Low, g.High = figure.Round(g.Ratio), figure.Round(g.Low), figure.Round(g.High)
	return json.Marshal(plain(g))
}

const (
	// Confidence is that all intervals of a result hold their true ratio at once.
	Confidence = 0.95
	// MinRounds is how many rounds decide anything. Two have one degree of freedom:
	// their interval at 95 % is 12.7 standard errors to each side, and at the confidence
	// that several claims need about 100.
	MinRounds = 3
	// maxWidth is how many times its lower end the upper end of an interval may be that
	// includes 1. A wider one allows for a gain of 1.4 and for a loss of as much at once,
	// so it does not show that there was no change.
	maxWidth = 2
	// widest is as far as an interval reaches, as the logarithm of a factor: to a
	// thousand million times the ratio and as small a part of it. What is wider says no
	// less, and may be no number any more.
	widest = 9 * math.Ln10
)

// Finding is what a gain shows.
type Finding string

const (
	Gained    Finding = "gained"    // the interval is above 1
	Lost      Finding = "lost"      // the interval is below 1
	Unchanged Finding = "unchanged" // it includes 1, and little else
	Undecided Finding = "undecided" // there are too few rounds, or the interval is too wide to say
)

// Finding returns what the gain shows.
func (g Gain) Finding() Finding {
	switch {
	case g.Rounds < MinRounds:
		return Undecided
	case g.Low > 1:
		return Gained
	case g.High < 1:
		return Lost
	case g.High > maxWidth*g.Low:
		return Undecided
	}
	return Unchanged
}

// Compare rates that were measured in pairs, one of each round, at least two. The
// ratio is that of the geometric means. The interval is Student's, of the
// logarithms of the pairs' ratios with n − 1 degrees of freedom: pairs, as
// neighbours in time share what the machine did meanwhile; logarithms, as ratios
// are compared by factors. It supposes that they are distributed about normally.
//
// claims is how many intervals are computed of the same rounds. Each has the
// confidence 1 − (1 − Confidence) / claims, so that all hold at once with Confidence
// at least, however they depend on each other: two steps share the variant between
// them.
//
// It returns nil if a rate is not positive: a variant that answered nothing in a
// round has none.
//
// Sources: Student (W. S. Gosset), The probable error of a mean, Biometrika 6
// (1908), as for paired samples in any textbook; O. J. Dunn, Multiple comparisons
// among means, Journal of the American Statistical Association 56 (1961), for
// Bonferroni's inequality on intervals.
func Compare(before, after []float64, claims int) *Gain {
	n := len(before)
	logs := make([]float64, n)
	mean := 0.0
	for i := range before {
		if !(before[i] > 0 && after[i] > 0) {
			return nil
		}
		logs[i] = math.Log(after[i] / before[i])
		mean += logs[i] / float64(n)
	}
	squares := 0.0
	for _, l := range logs {
		squares += (l - mean) * (l - mean)
	}
	wide := student(n-1, 1-(1-Confidence)/float64(claims)) * math.Sqrt(squares/float64(n-1)/float64(n))
	wide = min(wide, widest)
	return &Gain{Ratio: math.Exp(mean), Low: math.Exp(mean - wide), High: math.Exp(mean + wide), Rounds: n}
}

// student is the t of which Student's distribution with the degrees of freedom
// has as much as the confidence between −t and t. By Abramowitz and Stegun 26.7.1,
// what is outside is the regularized incomplete beta function of (d/2, 1/2) at
// d/(d + t²).
func student(freedom int, confidence float64) float64 {
	d := float64(freedom)
	x := mathext.InvRegIncBeta(d/2, 0.5, 1-confidence)
	return math.Sqrt(d * (1 - x) / x)
}

// geometricMean is 0 if a value is not positive.
func geometricMean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		if !(v > 0) {
			return 0
		}
		sum += math.Log(v)
	}
	return math.Exp(sum / float64(len(values)))
}

func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}
