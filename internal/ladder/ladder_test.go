package ladder

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStudentsQuantilesAreThoseOfTheTables(t *testing.T) {
	for freedom, want := range map[int]float64{1: 12.706, 2: 4.303, 4: 2.776, 9: 2.262, 30: 2.042, 1000: 1.962} {
		assert.InDelta(t, want, student(freedom, 0.95), 0.0005, freedom)
	}
}

func TestAGainIsTheRatioOfTheGeometricMeans(t *testing.T) {
	g := Compare([]float64{100, 400}, []float64{200, 1800}, 1)
	assert.InDelta(t, math.Sqrt(200*1800)/math.Sqrt(100*400), g.Ratio, 1e-9)
	assert.Less(t, g.Low, g.Ratio)
	assert.Greater(t, g.High, g.Ratio)
}

// A machine that halves its speed from round to round changes nothing for pairs.
func TestWhatAPairSharesDoesNotWidenTheInterval(t *testing.T) {
	g := Compare([]float64{800, 400, 200}, []float64{1600, 800, 400}, 1)
	assert.InDelta(t, 2, g.Ratio, 1e-9)
	assert.InDelta(t, 2, g.Low, 1e-9)
	assert.InDelta(t, 2, g.High, 1e-9)
	assert.Equal(t, Gained, g.Finding())
}

func TestTheIntervalHasTheTrueRatioNineteenTimesInTwenty(t *testing.T) {
	const trials, truth = 4000, 1.3
	r := rand.New(rand.NewPCG(1, 2))
	inside := 0
	for range trials {
		var before, after []float64
		for range 5 {
			common := math.Exp(r.NormFloat64())
			before = append(before, common*math.Exp(0.1*r.NormFloat64()))
			after = append(after, truth*common*math.Exp(0.1*r.NormFloat64()))
		}
		if g := Compare(before, after, 1); g.Low <= truth && truth <= g.High {
			inside++
		}
	}
	assert.InDelta(t, Confidence, float64(inside)/trials, 0.015)
}

func TestARoundGoesUpAndTheNextGoesDown(t *testing.T) {
	assert.Equal(t, []int{0, 1, 2}, Order(0, 3))
	assert.Equal(t, []int{2, 1, 0}, Order(1, 3))
}

func TestARungIsTheSumOfItsSamples(t *testing.T) {
	r := New([]Variant{
		{Name: "none", Samples: []Sample{
			{Rate: 100, P50: 1, P99: 5, Goroutines: 7, Sent: 10, Errors: 1, Doubts: []string{"waited 12ms"}},
			{Rate: 400, P50: 3, P99: 9, Goroutines: 9, Sent: 40},
		}},
		{Name: "one", Samples: []Sample{
			{Rate: 200, P50: 1, P99: 1, Goroutines: 1, Sent: 1, Doubts: []string{"late", "waited 14ms"}},
			{Rate: 800, P50: 1, P99: 1, Goroutines: 1, Sent: 1},
		}},
	})
	none := r.Variants[0]
	assert.InDelta(t, 200, none.Rate, 1e-9)
	assert.Equal(t, []float64{2, 7}, []float64{none.P50, none.P99})
	assert.Equal(t, 9, none.Goroutines)
	assert.EqualValues(t, 50, none.Sent)
	assert.EqualValues(t, 1, none.Errors)
	assert.Nil(t, none.Gain)
	require.NotNil(t, r.Variants[1].Gain)
	assert.InDelta(t, 2, r.Variants[1].Gain.Ratio, 1e-9)
	assert.Equal(t, r.Variants[1].Gain, r.Whole)
	assert.Equal(t, []Doubt{{"waited 12ms", 2}, {"late", 1}}, r.Doubts)
	assert.Equal(t, 4, r.Runs)
}

// A ladder of eight variants makes eight claims. Each at 95 % was once wrong about
// somewhere in three ladders of ten, where no step changes anything.
func TestAllIntervalsOfALadderHoldAtOnceNineteenTimesInTwenty(t *testing.T) {
	const trials, count, rounds = 2000, 8, 5
	r := rand.New(rand.NewPCG(3, 4))
	all := 0
	for range trials {
		variants := make([]Variant, count)
		for range rounds {
			common := math.Exp(r.NormFloat64())
			for i := range variants {
				variants[i].Samples = append(variants[i].Samples, Sample{Rate: 1000 * common * math.Exp(0.1*r.NormFloat64()), Sent: 1000})
			}
		}
		result := New(variants)
		require.Equal(t, count, result.Claims)
		gains := []*Gain{result.Whole}
		for _, g := range variants[1:] {
			gains = append(gains, g.Gain)
		}
		if !slices.ContainsFunc(gains, func(g *Gain) bool { return g.Low > 1 || g.High < 1 }) {
			all++
		}
	}
	assert.GreaterOrEqual(t, float64(all)/trials, Confidence-0.01)
}

func TestOneStepMakesOneClaim(t *testing.T) {
	assert.Equal(t, []int{1, 3, 8}, []int{claims(2), claims(3), claims(8)})
}

// Two rounds once gave "0.14 … 549" with a tick.
func TestAGainIsDecidedByEnoughRoundsAndANarrowInterval(t *testing.T) {
	for _, c := range []struct {
		gain Gain
		want Finding
	}{
		{Gain{9, 8.6, 9.5, 3}, Gained},
		{Gain{9, 1.01, 80, 3}, Gained},
		{Gain{9, 8.6, 9.5, 2}, Undecided},
		{Gain{0.5, 0.4, 0.6, 3}, Lost},
		{Gain{1, 0.9, 1.2, 3}, Unchanged},
		{Gain{1.1, 0.8, 1.6, 3}, Unchanged},
		{Gain{1.1, 0.8, 1.61, 3}, Undecided},
		{Gain{8.8, 0.14, 549, 5}, Undecided},
	} {
		assert.Equal(t, c.want, c.gain.Finding(), "%+v", c.gain)
	}
	two := New([]Variant{{Name: "a", Samples: sampled(100, 110)}, {Name: "b", Samples: sampled(900, 900)}})
	assert.Equal(t, []string{"2 rounds are too few for an interval; measure at least 3"}, two.Undecided)
	wide := New([]Variant{{Name: "a", Samples: sampled(100, 900, 100)}, {Name: "b", Samples: sampled(900, 100, 900)}})
	require.Len(t, wide.Undecided, 1)
	assert.Contains(t, wide.Undecided[0], "the interval is too wide, from ")
	three := New([]Variant{{Name: "a", Samples: sampled(100, 110, 100)}, {Name: "b", Samples: sampled(900, 910, 890)}})
	assert.Empty(t, three.Undecided)
}

func TestAnIntervalIsAlwaysOfNumbers(t *testing.T) {
	g := Compare([]float64{1e-3, 1e9}, []float64{1e9, 1e-3}, 8)
	assert.InDelta(t, 1, g.Ratio, 1e-9)
	assert.InDelta(t, 1e9, g.High, 1)
	assert.InDelta(t, 1e-9, g.Low, 1e-15)
	assert.Equal(t, Undecided, g.Finding())
}

func sampled(rates ...float64) (samples []Sample) {
	for _, r := range rates {
		samples = append(samples, Sample{Rate: r, Sent: 1000})
	}
	return samples
}

// A variant that answered nothing in its time was once the fastest.
func TestAVariantWithoutAnAnswerHasNoRateAndIsComparedWithNothing(t *testing.T) {
	r := New([]Variant{
		{Name: "slow", Samples: sampled(43, 0, 43)},
		{Name: "quick", Samples: sampled(450, 455, 460)},
		{Name: "quicker", Samples: sampled(900, 910, 920)},
	})
	assert.Zero(t, r.Variants[0].Rate)
	assert.Nil(t, r.Variants[1].Gain)
	assert.Nil(t, r.Whole)
	require.NotNil(t, r.Variants[2].Gain)
	assert.Equal(t, Gained, r.Variants[2].Gain.Finding())
	assert.Equal(t, []string{"slow answered no request in the time of a measurement; give a longer --duration"}, r.Undecided)
}
