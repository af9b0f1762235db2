package judge

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func figure(ratios ...float64) Figure {
	f := Figure{Name: "p99"}
	for i, ratio := range ratios {
		f.Pairs = append(f.Pairs, Pair{A: float64(i + 1), B: float64(i+1) * ratio})
	}
	return f
}

func compare(t *testing.T, o Options, figures ...Figure) Comparison {
	t.Helper()
	c, err := Compare(figures, o)
	require.NoError(t, err)
	return c
}

// Computed by hand with t = 2.776445, the tabulated quantile for 4 degrees of freedom.
func TestTheIntervalIsStudentsOfTheLogarithms(t *testing.T) {
	c := compare(t, Options{}, figure(1.16, 1.19, 1.22, 1.15, 1.18)).Changes[0]
	assert.InDelta(t, 1.17974, c.Ratio, 1e-5)
	assert.InDelta(t, 1.14636, c.Low, 1e-5)
	assert.InDelta(t, 1.21410, c.High, 1e-5)
	assert.Equal(t, Worse, c.Verdict)
	assert.Equal(t, "p99: worse, +18 % (+15 % … +21 %) over 5 rounds", c.String())
}

func TestAChangeIsJudgedByItsToleranceAndDirection(t *testing.T) {
	slower, faster, equal := figure(1.16, 1.19, 1.22, 1.15, 1.18), figure(0.84, 0.82, 0.83, 0.85), figure(1.001, 0.999, 1.002, 0.998)
	throughput := faster
	throughput.MoreIsBetter = true
	for _, c := range []struct {
		f         Figure
		tolerance float64
		want      Verdict
		why       string
	}{
		{slower, 0.05, Worse, ""},
		{slower, 0.16, Undecided, "it is worse, but perhaps by less than 16 %"},
		{slower, 0.25, Same, ""},
		{faster, 0.05, Better, ""},
		{throughput, 0.05, Worse, ""},
		{equal, 0.05, Same, ""},
		{equal, 0, Undecided, "no change is shown"},
		{figure(0.5, 1.9, 1.1), 0.05, Undecided, "the interval allows for better and for worse"},
		{figure(0.97, 1.03, 1.06, 1.02), 0.05, Undecided, "the interval reaches beyond the tolerance"},
	} {
		got := compare(t, Options{Tolerance: c.tolerance}, c.f).Changes[0]
		assert.Equal(t, c.want, got.Verdict, got)
		assert.Equal(t, c.why, got.Why)
	}
}

func TestMoreFiguresMakeEveryIntervalWider(t *testing.T) {
	f := figure(1.02, 1.05, 1.08, 1.01, 1.04)
	one, six := compare(t, Options{}, f), compare(t, Options{}, f, f, f, f, f, f)
	assert.Equal(t, Worse, one.Verdict)
	assert.Less(t, six.Changes[0].Low, one.Changes[0].Low)
	assert.Contains(t, six.String(), "all 6 intervals hold at once with 95 % confidence")
}

func TestWhatCannotBeJudgedIsUndecidedWithTheReason(t *testing.T) {
	for why, f := range map[string]Figure{
		"2 of at least 3 rounds":         figure(2, 2.1),
		"0 of at least 3 rounds":         {Name: "p99"},
		"round 2 has no p99 on one side": figure(1.1, 0, 1.1),
		"round 3 has no p99 on one side": figure(1.1, 1, math.NaN()),
		"round 1 has no p99 on one side": figure(math.Inf(1), 1, 1),
		"all rounds have the very same ratio, as figures that were measured never have": figure(1, 1, 1, 1),
	} {
		c := compare(t, Options{Tolerance: 0.05}, f).Changes[0]
		assert.Equal(t, Undecided, c.Verdict)
		assert.Equal(t, why, c.Why)
		assert.False(t, math.IsInf(c.High, 0) || math.IsNaN(c.High), "an infinite figure is no JSON")
	}
	assert.Equal(t, Undecided, compare(t, Options{}).Verdict, "nothing was compared")
}

func TestRunsWithoutFailuresHaveTheSameErrorRatio(t *testing.T) {
	none := Errors("errors", []Counts{{1000, 0, 1000, 0}, {1000, 0, 1000, 0}, {1000, 0, 1000, 0}})
	c := compare(t, Options{Tolerance: 0.05}, none).Changes[0]
	assert.Equal(t, "errors: same: no request failed on either side: each error ratio is below 0.1 %", c.String())

	one := Errors("errors", []Counts{{1000, 0, 1000, 0}})
	assert.Equal(t, "1 of at least 3 rounds", compare(t, Options{Tolerance: 0.05}, one).Changes[0].Why)
	nothing := Errors("error ratio", []Counts{{1000, 0, 1000, 0}, {1000, 0, 0, 0}, {1000, 0, 1000, 0}})
	assert.Equal(t, "round 2 has no error ratio on one side", compare(t, Options{Tolerance: 0.05}, nothing).Changes[0].Why)

	some := Errors("errors", []Counts{{1000, 0, 1000, 30}, {1000, 1, 1000, 25}, {1000, 0, 1000, 28}, {1000, 1, 1000, 40}})
	assert.Equal(t, Worse, compare(t, Options{Tolerance: 0.05}, some).Verdict)
}

func TestOptionsThatMakeNoSenseAreNamed(t *testing.T) {
	_, err := Compare(nil, Options{Confidence: 95})
	assert.EqualError(t, err, "confidence is 95: it must be above 0.5 and below 1")
	_, err = Compare(nil, Options{Tolerance: -1})
	assert.EqualError(t, err, "tolerance is -1: it must be from 0 to 10, where 0.05 is 5 %")
	_, err = Compare(nil, Options{Tolerance: math.NaN()})
	assert.Error(t, err)
}

func TestTheWorstVerdictIsTheOneOfAll(t *testing.T) {
	assert.Equal(t, Worse, Overall(Better, Undecided, Worse))
	assert.Equal(t, Undecided, Overall(Better, Undecided, Same))
	assert.Equal(t, Better, Overall(Same, Better))
	assert.Equal(t, Same, Overall(Same, Same))
	assert.Equal(t, Undecided, Overall())
}

func TestASequenceIsWiderThanAnIntervalOfAFixedNumberOfRounds(t *testing.T) {
	f := figure(1.16, 1.19, 1.22, 1.15, 1.18, 1.17, 1.2, 1.16)
	fixed, anytime := compare(t, Options{}, f).Changes[0], compare(t, Options{Anytime: true}, f)
	assert.Greater(t, anytime.Changes[0].High, fixed.High)
	assert.Equal(t, Worse, anytime.Verdict)
	assert.Contains(t, anytime.String(), "after any number of rounds")
}

// At the ends of the interval the test martingale, written as in the paper, is 1/alpha.
func TestTheEndsOfASequenceAreWhereItsMartingaleReachesItsBound(t *testing.T) {
	values := []float64{0.1, 0.14, 0.2, 0.08, 0.13, 0.11}
	mean, squares := moments(values)
	half := sequenceHalfWidth(squares, len(values), 0.05)
	for _, m := range []float64{mean - half, mean + half} {
		s, v, n := 0.0, 0.0, float64(len(values))
		for _, x := range values {
			s, v = s+x-m, v+(x-m)*(x-m)
		}
		reach := n + sequencePrior
		got := math.Sqrt(sequencePrior/reach) * math.Pow(reach*v/(reach*v-s*s), n/2)
		assert.InDelta(t, 20, got, 1e-6)
	}
}

func TestAProposalGrowsWithTheSpreadAndNamesWhatIsWrong(t *testing.T) {
	aim := Aim{Effect: 0.1, Tolerance: 0.05}
	few, err := aim.Rounds(0.02, 5)
	require.NoError(t, err)
	many, err := aim.Rounds(0.05, 5)
	require.NoError(t, err)
	assert.Less(t, few, many)
	for text, wrong := range map[string]func() (int, error){
		"more than 10000 rounds are needed: allow a larger tolerance or aim at a larger change, or make rounds longer": func() (int, error) { return aim.Rounds(5, 5) },
		"the spread is of 2 rounds: it must be of 3 to 10000":                                                          func() (int, error) { return aim.Rounds(0.02, 2) },
		"the spread is 0: it must be positive":                                                                         func() (int, error) { return aim.Rounds(0, 5) },
		"no number of rounds shows that nothing changed at all: set a tolerance":                                       func() (int, error) { return Aim{}.Rounds(0.02, 5) },
		"effect is 0.05: it must be above the tolerance, 0.05":                                                         func() (int, error) { return Aim{Effect: 0.05, Tolerance: 0.05}.Rounds(0.02, 5) },
		"power is 90: it must be above 0.5 and below 1":                                                                func() (int, error) { return Aim{Effect: 0.1, Power: 90}.Rounds(0.02, 5) },
	} {
		_, err := wrong()
		assert.EqualError(t, err, text)
	}
}
