package capacity

import "math"

// Search is how a capacity is looked for.
type Search struct {
	Start     float64 // the first rate
	Most      float64 // the highest rate that may be probed; 0 for no limit
	Precision float64 // ends when High is within this share above Low; 0.03 if 0
	Probes    int     // ends after so many; 30 if 0
}

const (
	growth = 2        // from probe to probe until one fails, and down until one holds
	least  = 1.0 / 64 // the lowest rate probed, as a share of Start
)

// Reason is why a search has ended.
type Reason string

const (
	Precise   Reason = "precise enough"
	Spent     Reason = "all probes are spent"
	Unbroken  Reason = "the target holds the objective at the highest rate allowed"
	Generator Reason = "the generator was the limit"
	Hopeless  Reason = "the target misses the objective at the lowest rate tried"
)

// Next returns the rate of the next probe, or why there is none.
//
// Rates double until one fails for certain, and halve until one holds for certain; then
// they lie within the interval, which takes as long as the margins' errors demand: at a
// half while no probe lies within, else at a quarter, a half or three quarters, where
// probes weigh least. A probe at which the generator was the limit bounds the rates from
// above. The choice on the margin, not on held or missed alone, is stochastic root finding.
//
// Source: R. Pasupathy and S. Kim, The stochastic root-finding problem: overview,
// solutions, and open questions, ACM Transactions on Modeling and Computer Simulation 21
// (2011).
func (s Search) Next(done []Probe) (rate float64, end Reason) {
	e, most := Of(done), s.most(done)
	switch {
	case len(done) == 0:
		return min(s.Start, most), ""
	case e.Low > 0 && e.High > 0 && e.High <= e.Low*(1+s.precision()):
		return 0, Precise
	case len(done) >= s.probes():
		return 0, Spent
	case e.Low == 0 && e.High == 0:
		return min(s.Start, most), "" // again: the first probe decided nothing
	case e.High == 0:
		return s.up(e, most)
	case e.Low == 0:
		if e.High <= s.Start*least {
			return 0, Hopeless
		}
		return e.High / growth, ""
	}
	return within(e, done), ""
}

func (s Search) up(e Estimate, most float64) (float64, Reason) {
	switch {
	case e.Low < most*0.999:
		return min(e.Low*growth, most), ""
	case e.Limited > 0:
		return 0, Generator
	}
	return 0, Unbroken
}

// most is the highest rate that may be probed: a little below those at which the generator
// was the limit.
func (s Search) most(done []Probe) float64 {
	most := math.Inf(1)
	if s.Most > 0 {
		most = s.Most
	}
	for _, p := range done {
		if p.Limited {
			most = min(most, 0.9*p.Rate)
		}
	}
	return most
}

// within returns the emptiest of three places of the interval.
func within(e Estimate, done []Probe) float64 {
	span := math.Log(e.High / e.Low)
	best, emptiest := 0.0, math.Inf(1)
	for _, part := range []float64{0.5, 0.25, 0.75} {
		at, weight := math.Log(e.Low)+part*span, 0.0
		for _, p := range done {
			if math.Abs(math.Log(p.Rate)-at) < span/8 && !p.Limited && p.Error > 0 {
				weight += 1 / (p.Error * p.Error)
			}
		}
		if weight < emptiest {
			best, emptiest = math.Exp(at), weight
		}
	}
	return best
}

func (s Search) precision() float64 {
	if s.Precision == 0 {
		return 0.03
	}
	return s.Precision
}

func (s Search) probes() int {
	if s.Probes == 0 {
		return 30
	}
	return s.Probes
}
