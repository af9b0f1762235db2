package judge

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/runs/judge/queuetest"
)

func TestAQuantileIsTheSmallestValueThatEnoughDoNotExceed(t *testing.T) {
	b := BatchOf([]float64{4, 1, 3, 2})
	for q, want := range map[float64]float64{0: 1, 0.25: 1, 0.26: 2, 0.5: 2, 0.75: 3, 1: 4} {
		assert.Equal(t, want, b.Quantile(q), q)
	}
	assert.Zero(t, Batch{}.Quantile(0.5))
	assert.Zero(t, Batch{{1, 0}, {2, 0}}.Quantile(0.5))
	assert.Equal(t, uint64(3), Batch{{1, 2}, {2, 3}}.above(1))
}

// A histogram's buckets and the values in them must give the same section, as all that
// counts is how many values lie beyond which.
func TestASectionOfHistogramsIsThatOfTheirValues(t *testing.T) {
	values := queuetest.Autoregressive(queuetest.Rand(), 20_000, 0.5, 0.5)
	for i := range values {
		values[i] = math.Exp2(math.Round(math.Log2(values[i])*64) / 64)
	}
	single := inBatches(values, 40)
	var histograms []Batch
	for _, b := range single {
		histograms = append(histograms, mergeTwo(b, nil))
	}
	for i, b := range histograms {
		var packed Batch
		for _, bin := range b {
			if last := len(packed) - 1; last >= 0 && packed[last].Value == bin.Value {
				packed[last].Count++
				continue
			}
			packed = append(packed, bin)
		}
		histograms[i] = packed
	}
	assert.Equal(t, SectionOf(single, 0.99, 0.95), SectionOf(histograms, 0.99, 0.95))
}

func TestASectionIsWorthFewerValuesThanItHas(t *testing.T) {
	draw, _ := lognormal(0.9, 0.5)
	s := SectionOf(inBatches(draw(queuetest.Rand(), 50_000), 60), 0.9, 0.95)
	assert.Empty(t, s.Refused)
	assert.Less(t, s.Low, s.Value)
	assert.Less(t, s.Value, s.High)
	assert.Less(t, s.Worth, 15_000.0, "neighbours with a correlation of 0.9 were taken as independent")
	assert.Contains(t, s.String(), "with 95 % confidence within this run")
}

func TestASectionIsRefusedWithTheReason(t *testing.T) {
	r := queuetest.Rand()
	plain := queuetest.Autoregressive(r, 20_000, 0, 0.5)
	drifting := make([]float64, len(plain))
	for i, v := range plain {
		drifting[i] = v * math.Exp(float64(i)/float64(len(plain)))
	}
	gap := inBatches(plain, 60)
	for i := 20; i < 40; i++ {
		gap[i] = nil
	}
	zero := make([]float64, 1000)
	for want, s := range map[string]Section{
		"9 of at least 10 batches: run longer":                     SectionOf(inBatches(plain, 9), 0.99, 0.95),
		"neighbouring sections go together":                        SectionOf(inBatches(drifting, 60), 0.5, 0.95),
		"independent values lie beyond the quantile, of 10 needed": SectionOf(inBatches(plain[:3000], 60), 0.999, 0.95),
		"a section is empty: leave out where nothing was sent":     SectionOf(gap, 0.5, 0.95),
		"the quantile is not positive":                             SectionOf(inBatches(zero, 20), 0.5, 0.95),
		"order 99 and confidence 0.95 must be above 0 and below 1": SectionOf(inBatches(plain, 60), 99, 0.95),
		"order 0.5 and confidence NaN must be above 0 and below 1": SectionOf(inBatches(plain, 60), 0.5, math.NaN()),
	} {
		assert.Contains(t, s.Refused, want)
		assert.Zero(t, s.High)
		assert.Contains(t, s.String(), "without an interval: ")
	}
	assert.NotEmpty(t, SectionOf(nil, 0.5, 0.95).Refused)
}

func TestSingleRunsLookLikeSomethingAndHaveNoVerdict(t *testing.T) {
	a := Section{Order: 0.99, Value: 0.1, Low: 0.09, High: 0.11, Confidence: 0.95, Batches: 20, Error: 0.02}
	b := a
	b.Value = 0.13
	look := LookAt(a, b, 0.05)
	assert.Equal(t, LooksWorse, look.Likeness)
	assert.Equal(t, "p99 looks worse, +30 % (+23 % … +38 % within these runs). Variance between runs is unknown, so this is no verdict: compare several rounds", look.String())
	assert.Equal(t, LooksBetter, LookAt(b, a, 0.05).Likeness)
	assert.Equal(t, LooksAlike, LookAt(a, a, 0.1).Likeness)
	assert.Equal(t, LooksUnclear, LookAt(a, a, 0.01).Likeness)

	b.Refused = "3 of at least 10 batches: run longer"
	assert.Contains(t, LookAt(a, b, 0.05).String(), "p99 unclear: the second run has no interval: 3 of at least 10 batches")
	b.Order = 0.5
	assert.Equal(t, "the two quantiles are not the same one", LookAt(a, b, 0.05).Why)
}
