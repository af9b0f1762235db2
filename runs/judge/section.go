package judge

import (
	"fmt"
	"math"
)

// Section is a quantile of one run, with the interval that the run alone supports. It
// says nothing of how much another run of the same service would differ.
type Section struct {
	Order      float64 `json:"order"` // of the quantile, 0.99 for p99
	Value      float64 `json:"value"` // of all batches together
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Confidence float64 `json:"confidence"`
	Count      uint64  `json:"count"` // of values
	// Worth is how many independent values would have the same interval. In a queue it is
	// a small part of Count.
	Worth float64 `json:"worth"`
	// Batches are those that the interval was computed from.
	Batches int `json:"batches"`
	// Correlation is that of neighbouring batches.
	Correlation float64 `json:"correlation"`
	// Error is the standard error of the logarithm of Value, a rough one if the interval is
	// refused; 0 if there is none.
	Error float64 `json:"error"`
	// Refused is why there is no interval, without a full stop. Low and High are 0.
	Refused string `json:"refused,omitempty"`
}

const (
	// MinBatches is the fewest that an interval is computed from, and the fewest of a run.
	MinBatches = 10
	// mostBatches is where more would not make the interval narrower by 5 %.
	mostBatches = 32
	// minBeyond is how many independent values must lie beyond the quantile.
	minBeyond = 10
	// neighbours is the correlation of neighbouring batches at which an interval is refused,
	// where even the longest batches have it.
	neighbours = 0.6
	// suspicion is the normal quantile of 0.8: with longer batches the interval is tried
	// again if there would be so much correlation by chance in one of five cases.
	suspicion = 0.8416
)

// SectionOf returns the quantile of an order, above 0 and below 1, of latencies given as
// batches of equal duration in the order of time: a second each, for instance.
//
// The share of values beyond the quantile is taken in each section of the run, a number of
// neighbouring batches. How much the sections' shares differ gives the standard error of
// the share, with Student's distribution for their number, whatever connects the latencies
// within a section. The quantiles of all values at the ends of the share's interval are the
// interval of the quantile. It is asymmetric, as its uncertainty is: sections' quantiles
// themselves, whose spread is taken otherwise, are skewed and biased at p99.
//
// Between 32 and 10 sections are used: the most of which neighbours do not go together, by
// von Neumann's ratio. What correlation φ is left widens the interval by √((1+φ)/(1−φ)).
// Without enough batches, without enough independent values beyond the quantile, or with
// too much correlation there is no interval, and Refused says why.
//
// Sources: P. Heidelberger and P. A. W. Lewis, Quantile estimation in dependent sequences,
// IBM Research Report RC 9087 (1981), Operations Research 32 (1984), for the variance of
// the share and its inversion; R. S. Woodruff, Confidence intervals for medians and other
// position measures, Journal of the American Statistical Association 47 (1952), for the
// inversion; S. Asmussen and P. W. Glynn, Stochastic Simulation (2007), III.5 and IV.5, for
// sectioning and the means of batches; J. von Neumann, Distribution of the ratio of the mean square successive
// difference to the variance, Annals of Mathematical Statistics 12 (1941);
// C. Alexopoulos, D. Goldsman, A. C. Mokashi, K.-W. Tien and J. R. Wilson, Sequest: a
// sequential procedure for estimating quantiles in steady-state simulations, Operations
// Research 67 (2019), for the choice of batches by that test and the correction.
func SectionOf(batches []Batch, order, confidence float64) Section {
	all := merge(batches)
	s := Section{Order: order, Value: all.Quantile(order), Confidence: confidence, Count: all.Count()}
	switch {
	case !(order > 0 && order < 1) || !(confidence > 0 && confidence < 1):
		s.Refused = fmt.Sprintf("order %v and confidence %v must be above 0 and below 1", order, confidence)
	case len(batches) < MinBatches:
		s.Refused = fmt.Sprintf("%d of at least %d batches: run longer", len(batches), MinBatches)
	case !positive(s.Value):
		s.Refused = "the quantile is not positive"
	default:
		s.divide(all, batches)
	}
	return s
}

// divide computes the interval.
func (s *Section) divide(all Batch, batches []Batch) {
	beyond, ok := ShareBeyond(batches, s.Value)
	s.Batches, s.Correlation = beyond.Sections, beyond.Correlation
	s.Worth = float64(s.Count)
	if beyond.Error > 0 {
		s.Worth = min(s.Order*(1-s.Order)/(beyond.Error*beyond.Error), s.Worth)
	}
	s.Error = math.Log(all.Quantile(s.Order+beyond.Error)/all.Quantile(s.Order-beyond.Error)) / 2
	switch rare := s.Worth * min(s.Order, 1-s.Order); {
	case !ok:
		s.Refused = "a section is empty: leave out where nothing was sent"
	case s.Correlation > neighbours:
		s.Refused = fmt.Sprintf("neighbouring sections go together (correlation %.2f), as while latency drifts: run longer", s.Correlation)
	case rare < minBeyond:
		s.Refused = fmt.Sprintf("only about %.0f independent values lie beyond the quantile, of %d needed: run longer", rare, minBeyond)
	default:
		t := tQuantile(float64(s.Batches-1), (1-s.Confidence)/2)
		low, high := s.Order-t*beyond.Error, s.Order+t*beyond.Error
		if low <= 0 || high >= 1 {
			s.Refused = "the interval reaches beyond the values that were measured: run longer"
			return
		}
		s.Low, s.High = all.Quantile(low), all.Quantile(high)
		s.Error = math.Log(s.High/s.Low) / (2 * t)
	}
}
