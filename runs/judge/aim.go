package judge

import (
	"fmt"
	"math"
	"sort"

	"gonum.org/v1/gonum/mathext"
)

// Aim is what rounds are to show, and how surely.
type Aim struct {
	// Effect is the change to be shown as better or worse, as a share above the
	// tolerance. With 0 the aim is to show that nothing changed, within the tolerance.
	Effect     float64
	Tolerance  float64 // as in Options
	Confidence float64 // as in Options
	Figures    int     // how many are judged at once; 1 if 0
	Power      float64 // the probability that they show it; 0.9 if 0
}

// MaxRounds is the most that are proposed.
const MaxRounds = 10_000

// Rounds returns how many rounds, those already run included, show the aim. spread is the
// standard deviation of the logarithms of the ratios of the first rounds, as in Change,
// and pilot their number, at least MinRounds. It errs if MaxRounds do not suffice.
//
// The spread of a few rounds may be far below the true one. The number is therefore
// computed for its upper limit with 80 % confidence: in four of five cases the power is at
// least as wanted, and on average over all cases too. Fewer first rounds make the limit
// higher and the proposal larger; 5 are a fair start.
//
// Source: R. H. Browne, On the use of a pilot sample for sample size determination,
// Statistics in Medicine 14 (1995).
func (a Aim) Rounds(spread float64, pilot int) (int, error) {
	if err := a.check(spread, pilot); err != nil {
		return 0, err
	}
	freedom := float64(pilot - 1)
	spread *= math.Sqrt(freedom / (2 * mathext.GammaIncRegInv(freedom/2, 1-spreadConfidence)))
	n := pilot + sort.Search(MaxRounds-pilot+1, func(more int) bool { return a.shown(spread, pilot+more) })
	if n <= MaxRounds {
		return n, nil
	}
	return 0, fmt.Errorf("more than %d rounds are needed: allow a larger tolerance or aim at a larger change, or make rounds longer", MaxRounds)
}

// spreadConfidence is that of the upper limit of a spread.
const spreadConfidence = 0.8

// shown reports whether n rounds with a spread have the power.
func (a Aim) shown(spread float64, n int) bool {
	alpha := (1 - Options{Confidence: a.Confidence}.confidence()) / float64(max(a.Figures, 1))
	miss := 1 - a.power()
	distance := math.Log1p(a.Effect) - math.Log1p(a.Tolerance)
	if a.Effect == 0 { // both margins must be cleared
		distance, miss = -distance, miss/2
	}
	freedom := float64(n - 1)
	return (tQuantile(freedom, alpha/2)+tQuantile(freedom, miss))*spread <= distance*math.Sqrt(float64(n))
}

func (a Aim) power() float64 {
	if a.Power == 0 {
		return 0.9
	}
	return a.Power
}

func (a Aim) check(spread float64, pilot int) error {
	if err := (Options{Confidence: a.Confidence, Tolerance: a.Tolerance}).check(); err != nil {
		return err
	}
	switch {
	case pilot < MinRounds || pilot > MaxRounds:
		return fmt.Errorf("the spread is of %d rounds: it must be of %d to %d", pilot, MinRounds, MaxRounds)
	case !positive(spread):
		return fmt.Errorf("the spread is %v: it must be positive", spread)
	case a.Power != 0 && !(a.Power > 0.5 && a.Power < 1):
		return fmt.Errorf("power is %v: it must be above 0.5 and below 1", a.Power)
	case a.Effect == 0 && a.Tolerance == 0:
		return fmt.Errorf("no number of rounds shows that nothing changed at all: set a tolerance")
	case a.Effect != 0 && !(a.Effect > a.Tolerance && a.Effect <= 100):
		return fmt.Errorf("effect is %v: it must be above the tolerance, %v", a.Effect, a.Tolerance)
	}
	return nil
}
