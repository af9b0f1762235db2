package ladder

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStudentsQuantilesAreThoseOfTheTables(t *testing.T) {
	for freedom, want := range map[int]float64{1: 12.706, 2: 4.303, 4: 2.776, 9: 2.262, 30: 2.042, 1000: 1.962} {
		assert.InDelta(t, want, student(freedom), 0.0005, freedom)
	}
}

func TestAGainIsTheRatioOfTheGeometricMeans(t *testing.T) {
	g := Compare([]float64{100, 400}, []float64{200, 1800})
	assert.InDelta(t, math.Sqrt(200*1800)/math.Sqrt(100*400), g.Ratio, 1e-9)
	assert.Less(t, g.Low, g.Ratio)
	assert.Greater(t, g.High, g.Ratio)
}

// A machine that halves its speed from round to round changes nothing for pairs.
func TestWhatAPairSharesDoesNotWidenTheInterval(t *testing.T) {
	g := Compare([]float64{800, 400, 200}, []float64{1600, 800, 400})
	assert.InDelta(t, 2, g.Ratio, 1e-9)
	assert.InDelta(t, 2, g.Low, 1e-9)
	assert.InDelta(t, 2, g.High, 1e-9)
	assert.True(t, g.Shown())
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
		if g := Compare(before, after); g.Low <= truth && truth <= g.High {
			inside++
		}
	}
	assert.InDelta(t, confidence, float64(inside)/trials, 0.015)
}

func TestARoundGoesUpAndTheNextGoesDown(t *testing.T) {
	assert.Equal(t, []int{0, 1, 2}, Order(0, 3))
	assert.Equal(t, []int{2, 1, 0}, Order(1, 3))
}

func TestARungIsTheSumOfItsSamples(t *testing.T) {
	r := New([]Rung{
		{Name: "none", Samples: []Sample{
			{Rate: 100, P50: 1, P99: 5, Goroutines: 7, Sent: 10, Errors: 1, Doubts: []string{"waited 12ms"}},
			{Rate: 400, P50: 3, P99: 9, Goroutines: 9, Sent: 40},
		}},
		{Name: "one", Samples: []Sample{
			{Rate: 200, P50: 1, P99: 1, Goroutines: 1, Sent: 1, Doubts: []string{"late", "waited 14ms"}},
			{Rate: 800, P50: 1, P99: 1, Goroutines: 1, Sent: 1},
		}},
	})
	none := r.Rungs[0]
	assert.InDelta(t, 200, none.Rate, 1e-9)
	assert.Equal(t, []float64{2, 7}, []float64{none.P50, none.P99})
	assert.Equal(t, 9, none.Goroutines)
	assert.EqualValues(t, 50, none.Sent)
	assert.EqualValues(t, 1, none.Errors)
	assert.Nil(t, none.Gain)
	require.NotNil(t, r.Rungs[1].Gain)
	assert.InDelta(t, 2, r.Rungs[1].Gain.Ratio, 1e-9)
	assert.Equal(t, *r.Rungs[1].Gain, r.Whole)
	assert.Equal(t, []Doubt{{"waited 12ms", 2}, {"late", 1}}, r.Doubts)
	assert.Equal(t, 4, r.Runs)
}
