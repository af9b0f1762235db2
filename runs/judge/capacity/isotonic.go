package capacity

import (
	"cmp"
	"math"
	"slices"
)

// Probe is a run at one rate.
type Probe struct {
	Rate float64 `json:"rate"` // requests a second
	// Margin is the share of the requests that are allowed to exceed the limit and did not:
	// 1 if none did, 0 at the capacity, −99 if all did where 1 % may. ProbeOf computes it.
	Margin float64 `json:"margin"`
	// Error is the standard error of Margin.
	Error float64 `json:"error"`
	// Limited is set if the generator could not send at this rate. Such a probe says
	// nothing of the target.
	Limited bool `json:"limited,omitempty"`
}

// block is a range of rates over which the fitted margin is the same.
type block struct {
	margin, weight float64
	rate           float64 // weighted mean
	first, last    int     // probes
}

// isotonic returns the margins that never increase with the rate and are nearest to the
// probes', in weighted squares: probes in ascending order of rate, weights of each.
//
// It pools adjacent violators.
//
// Source: M. Ayer, H. D. Brunk, G. M. Ewing, W. T. Reid and E. Silverman, An empirical
// distribution function for sampling with incomplete information, Annals of Mathematical
// Statistics 26 (1955).
func isotonic(probes []Probe, weights []float64) []block {
	var blocks []block
	for i, p := range probes {
		b := block{p.Margin, weights[i], p.Rate, i, i}
		for n := len(blocks); n > 0 && blocks[n-1].margin <= b.margin; n = len(blocks) {
			b = blocks[n-1].pool(b)
			blocks = blocks[:n-1]
		}
		blocks = append(blocks, b)
	}
	return blocks
}

func (b block) pool(o block) block {
	w := b.weight + o.weight
	return block{(b.margin*b.weight + o.margin*o.weight) / w, w, (b.rate*b.weight + o.rate*o.weight) / w, b.first, o.last}
}

// squares returns the weighted squared distances of probes to their fit, of which each
// margin is first moved by clip.
func squares(probes []Probe, weights []float64, clip func(float64) float64) (sum float64) {
	for _, b := range isotonic(probes, weights) {
		fitted := clip(b.margin)
		for i := b.first; i <= b.last; i++ {
			d := probes[i].Margin - fitted
			sum += weights[i] * d * d
		}
	}
	return sum
}

func free(m float64) float64        { return m }
func notNegative(m float64) float64 { return max(m, 0) }
func notPositive(m float64) float64 { return min(m, 0) }

// usable returns the probes that say something, by rate, and their weights: of each the
// inverse of its squared error.
//
// If the probes differ from their fit by more than their errors allow, runs differ by more
// than what is seen within them. Then all errors are larger by the square root of the
// ratio of the two.
//
// Source: R. T. Birge, The calculation of errors by the method of least squares, Physical
// Review 40 (1932).
func usable(all []Probe) (probes []Probe, weights []float64) {
	for _, p := range all {
		if !p.Limited && positive(p.Rate) && positive(p.Error) && !math.IsNaN(p.Margin) && !math.IsInf(p.Margin, 0) {
			probes = append(probes, p)
		}
	}
	slices.SortStableFunc(probes, func(a, b Probe) int { return cmp.Compare(a.Rate, b.Rate) })
	for i := range probes {
		e := typicalError(probes, i)
		weights = append(weights, 1/(e*e))
	}
	excess := squares(probes, weights, free) / float64(max(len(probes)-len(isotonic(probes, weights)), 1))
	for i := range weights {
		weights[i] /= max(excess, 1)
	}
	return probes, weights
}

// typicalError is the root mean square of the errors of the probes at about the same rate. A quiet run has a small share beyond the limit and a small error at
// once: weighted by its own, the probes would find too large a margin.
func typicalError(probes []Probe, i int) float64 {
	sum, n := 0.0, 0.0
	for _, p := range probes {
		if math.Abs(p.Rate/probes[i].Rate-1) <= alike {
			sum, n = sum+p.Error*p.Error, n+1
		}
	}
	return math.Sqrt(sum / n)
}

// alike is how far rates are from each other at which errors are about the same, as a
// share.
const alike = 0.03

func positive(v float64) bool { return v > 0 && !math.IsInf(v, 1) }
