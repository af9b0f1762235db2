package judge

import (
	"fmt"
	"math"
)

// Look is two single runs beside each other. It is no Change and has no verdict: how much
// two runs of one version differ is unknown after one run each, and often more than the
// interval within them.
type Look struct {
	// Ratio of B's quantile to A's, and the interval as far as the two runs support it.
	Ratio float64 `json:"ratio"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	// Likeness is what it looks like; LooksUnclear if it may be either.
	Likeness   Likeness `json:"looks"`
	Order      float64  `json:"order"`
	Confidence float64  `json:"confidence"`
	// Why is the reason of an unclear look, without a full stop.
	Why string `json:"why,omitempty"`
}

// Likeness is what two runs look like, which is less than a verdict.
type Likeness string

const (
	LooksBetter  Likeness = "looks better"
	LooksAlike   Likeness = "looks alike"
	LooksWorse   Likeness = "looks worse"
	LooksUnclear Likeness = "unclear"
)

var likenesses = map[Verdict]Likeness{Better: LooksBetter, Same: LooksAlike, Worse: LooksWorse, Undecided: LooksUnclear}

// LookAt compares the same quantile of two runs. tolerance is a share, as in Options; the
// confidence is the sections'.
//
// The interval is Welch's, of the difference of the logarithms.
//
// Source: B. L. Welch, The generalization of "Student's" problem when several different
// population variances are involved, Biometrika 34 (1947).
func LookAt(a, b Section, tolerance float64) Look {
	l := Look{Ratio: 1, Low: math.Exp(-widest), High: math.Exp(widest), Likeness: LooksUnclear, Order: a.Order, Confidence: a.Confidence}
	if positive(a.Value) && positive(b.Value) {
		l.Ratio = b.Value / a.Value
	}
	switch {
	case a.Order != b.Order || a.Confidence != b.Confidence:
		l.Why = "the two quantiles are not the same one"
	case a.Refused != "":
		l.Why = "the first run has no interval: " + a.Refused
	case b.Refused != "":
		l.Why = "the second run has no interval: " + b.Refused
	default:
		i := welch(a, b)
		l.Low, l.High = math.Exp(i.low), math.Exp(i.high)
		verdict, why := i.judge(math.Log1p(max(tolerance, 0)))
		l.Likeness, l.Why = likenesses[verdict], why
	}
	return l
}

func welch(a, b Section) interval {
	va, vb := a.Error*a.Error, b.Error*b.Error
	mean := math.Log(b.Value / a.Value)
	if va+vb == 0 {
		return around(mean, 0)
	}
	freedom := (va + vb) * (va + vb) / (va*va/float64(a.Batches-1) + vb*vb/float64(b.Batches-1))
	return around(mean, tQuantile(freedom, (1-a.Confidence)/2)*math.Sqrt(va+vb))
}

// String returns the look in words, with what it leaves open.
func (l Look) String() string {
	text := fmt.Sprintf("p%v %s", shortOrder(l.Order), l.Likeness)
	if l.High < math.Exp(widest) {
		text += fmt.Sprintf(", %s (%s … %s within these runs)", signed(l.Ratio), signed(l.Low), signed(l.High))
	}
	if l.Why != "" {
		text += ": " + l.Why
	}
	return text + ". Variance between runs is unknown, so this is no verdict: compare several rounds"
}

// shortOrder writes 0.999 as 99.9.
func shortOrder(order float64) float64 { return math.Round(order*1e6) / 1e4 }

// String returns the section in words.
func (s Section) String() string {
	text := fmt.Sprintf("p%v %.3g", shortOrder(s.Order), s.Value)
	if s.Refused != "" {
		return text + " without an interval: " + s.Refused
	}
	return fmt.Sprintf("%s (%.3g … %.3g with %s confidence within this run, from %d batches)", text, s.Low, s.High, percent(s.Confidence), s.Batches)
}
