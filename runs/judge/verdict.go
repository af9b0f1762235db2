package judge

import (
	"fmt"
	"math"
)

// Verdict is what an interval shows of a change.
type Verdict string

const (
	Better    Verdict = "better"    // by more than the tolerance
	Same      Verdict = "same"      // any change is within the tolerance
	Worse     Verdict = "worse"     // by more than the tolerance
	Undecided Verdict = "undecided" // more rounds may show one of the others
)

// interval is of the logarithm of a ratio.
type interval struct{ mean, low, high float64 }

// around returns an interval with a half width, at most widest.
func around(mean, half float64) interval {
	if !(half < widest) { // also not a number
		half = widest
	}
	return interval{mean, mean - half, mean + half}
}

// widest is as far as an interval reaches, as the logarithm of a factor: a thousand
// million. A wider interval has no more to say, and may be no finite number.
const widest = 9 * math.Ln10

// judge compares an interval with a margin to either side of no change. Positive values
// are worse.
//
// One interval decides everything, so that no verdict contradicts the figures beside it:
// Same if it is within the margins, Better or Worse if it is beyond one. Its confidence
// 1 − α then bounds the error of a claim: Better or Worse by α/2 wherever the truth is
// within the margin or on the other side, Same by α/2 wherever it is beyond. That is the
// two one-sided tests procedure at a level of α/2.
//
// Sources: D. J. Schuirmann, A comparison of the two one-sided tests procedure and the
// power approach, Journal of Pharmacokinetics and Biopharmaceutics 15 (1987), for Same;
// J. C. Hsu, Multiple Comparisons (1996), for directions from confidence intervals.
func (i interval) judge(margin float64) (v Verdict, why string) {
	switch {
	case i.low > margin:
		return Worse, ""
	case i.high < -margin:
		return Better, ""
	case margin > 0 && -margin <= i.low && i.high <= margin:
		return Same, ""
	case i.low > 0:
		return Undecided, fmt.Sprintf("it is worse, but perhaps by less than %s", percent(math.Expm1(margin)))
	case i.high < 0:
		return Undecided, fmt.Sprintf("it is better, but perhaps by less than %s", percent(math.Expm1(margin)))
	case margin > 0 && i.low < -margin && i.high > margin:
		return Undecided, "the interval allows for better and for worse"
	case margin > 0:
		return Undecided, "the interval reaches beyond the tolerance"
	}
	return Undecided, "no change is shown"
}

// flip turns an interval over, for figures of which more is better.
func (i interval) flip() interval { return interval{-i.mean, -i.high, -i.low} }

// Overall returns the verdict on all figures together: Worse if one is worse, else
// Undecided if one is undecided, else Better if one is better, else Same.
func Overall(verdicts ...Verdict) Verdict {
	for _, v := range []Verdict{Worse, Undecided, Better, Same} {
		for _, one := range verdicts {
			if one == v {
				return v
			}
		}
	}
	return Undecided
}
