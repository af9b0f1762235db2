package capacity

// Estimate is the highest rate at which the objective is held.
type Estimate struct {
	// Rate is the estimate; 0 if only Low or only High is known.
	Rate float64 `json:"rate"`
	// Low and High hold the true rate with 95 % confidence; Low is 0 if no probe held, High
	// is 0 if none failed.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Cliff is set if the margin jumps between Low and High. The target holds the objective
	// clearly at Low and misses it clearly at High, so there is no rate at which it is just
	// held: the answer is the range, and Rate is Low.
	Cliff bool `json:"cliff"`
	// Before and After are the margins at the two ends of a cliff.
	Before float64 `json:"before,omitempty"`
	After  float64 `json:"after,omitempty"`
	// Probes are those used; Limited those that said nothing, as the generator was the limit.
	Probes  int `json:"probes"`
	Limited int `json:"limited"`
}

const (
	// jumpWithin is how near to each other the ends of a cliff are, as a share.
	jumpWithin = 0.05
	// At the lower end of a cliff at least half of the requests that may exceed the limit do
	// not; at the upper end ten times as many as may do.
	jumpBefore, jumpAfter = 0.5, -9
)

// likelihood bounds the likelihood ratio statistic: the 0.95 quantile of χ² with one degree
// of freedom. The statistic's own limit is 2.27, for many probes at rates fixed before. For
// probes that follow each other's results and end once the interval is narrow it is too
// small: it held the capacity of an M/M/1 queue in 92 % of 200 simulations, this one in 98 %.
const likelihood = 3.84

// Of returns the estimate that probes support, in any order.
//
// The rate is where the isotonic regression of the margins crosses 0, between two blocks
// by a straight line. The interval holds all the rates that are not rejected as the
// crossing: the regression is fitted again with margins of at least 0 below the rate and
// at most 0 above it, and the rate is rejected if that fits worse by more than the
// statistic's limit allows. It supposes that higher rates have no larger margins, and
// nothing of the shape.
//
// Source: M. Banerjee and J. A. Wellner, Likelihood ratio tests for monotone functions,
// Annals of Statistics 29 (2001), for the test; isotonic has the regression's.
func Of(all []Probe) Estimate {
	probes, weights := usable(all)
	e := Estimate{Probes: len(probes)}
	for _, p := range all {
		if p.Limited {
			e.Limited++
		}
	}
	if len(probes) == 0 {
		return e
	}
	e.Low, e.High = interval(probes, weights)
	e.Rate = crossing(isotonic(probes, weights))
	e.guard(probes, weights)
	return e
}

// interval returns the neighbouring probes of all crossings that are not rejected. One
// between two probes is judged as one anywhere between them.
func interval(probes []Probe, weights []float64) (low, high float64) {
	least := squares(probes, weights, free)
	first, last := -1, -1
	for below := range len(probes) + 1 {
		bound := squares(probes[:below], weights[:below], notNegative) + squares(probes[below:], weights[below:], notPositive)
		if bound-least <= likelihood {
			last = below
			if first < 0 {
				first = below
			}
		}
	}
	if first > 0 {
		low = probes[first-1].Rate
	}
	if last < len(probes) && last >= 0 {
		high = probes[last].Rate
	}
	return low, high
}

// crossing returns where the fitted margin is 0, or 0 if it never is.
func crossing(blocks []block) float64 {
	for i, b := range blocks {
		switch {
		case b.margin > 0:
		case b.margin == 0:
			return b.rate
		case i == 0:
			return 0
		default:
			a := blocks[i-1]
			return a.rate + (b.rate-a.rate)*a.margin/(a.margin-b.margin)
		}
	}
	return 0
}

// guard looks for a cliff between the two ends of a narrow interval.
func (e *Estimate) guard(probes []Probe, weights []float64) {
	if e.Low == 0 || e.High == 0 || e.High > e.Low*(1+jumpWithin) {
		return
	}
	before := meanMargin(probes, weights, e.Low*(1-jumpWithin), e.Low)
	after := meanMargin(probes, weights, e.High, e.High*(1+jumpWithin))
	if before > jumpBefore && after < jumpAfter {
		e.Cliff, e.Before, e.After, e.Rate = true, before, after, e.Low
	}
}

// meanMargin returns the weighted mean of the margins between two rates.
func meanMargin(probes []Probe, weights []float64, low, high float64) float64 {
	sum, weight := 0.0, 0.0
	for i, p := range probes {
		if p.Rate >= low && p.Rate <= high {
			sum += weights[i] * p.Margin
			weight += weights[i]
		}
	}
	return sum / weight
}
