package judge

import "math"

// sequencePrior is the precision of the mixture over the size of the effect, in standard
// deviations. It makes the intervals narrowest at about 5 to 20 rounds.
const sequencePrior = 0.1

// sequenceHalfWidth returns the half width of a confidence sequence of a normal mean with
// unknown variance: with a probability of at least 1 − alpha, the intervals after every
// number of rounds hold the mean, so that one may look after each round and end when the
// interval decides. It is infinite for the first rounds.
//
// With the sum of squared deviations Q of n values, c² the prior's precision, the test
// martingale against the mean m is
//
//	√(c²/(n+c²)) · (V / (V − S²/(n+c²)))^(n/2),  S = Σ(x−m), V = Σ(x−m)²
//
// and the interval is the set of those m at which it is below 1/alpha (Ville's
// inequality). It is the ratio of the likelihoods with the effect m/σ drawn from a normal
// distribution of precision c² and with none, σ integrated out by the right Haar measure.
//
// Sources: H. Wang and A. Ramdas, Anytime-valid t-tests and confidence sequences for
// Gaussian means with unknown variance (2023, arXiv:2310.03722), section 4; T. L. Lai, On
// confidence sequences, Annals of Statistics 4 (1976); S. R. Howard, A. Ramdas,
// J. McAuliffe and J. Sekhon, Time-uniform, nonparametric, nonasymptotic confidence
// sequences, Annals of Statistics 49 (2021).
func sequenceHalfWidth(squares float64, n int, alpha float64) float64 {
	const c2 = sequencePrior
	count := float64(n)
	// The bound on V / (V − S²/(n+c²)), inverted.
	least := math.Pow((count+c2)/(c2*alpha*alpha), -1/count)
	room := least - c2/(count+c2)
	if room <= 0 {
		return math.Inf(1)
	}
	return math.Sqrt(squares * (1 - least) / (count * room))
}
