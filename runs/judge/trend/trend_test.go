package trend

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/runs/judge/queuetest"
)

func of(t *testing.T, o Options, values ...float64) Trend {
	t.Helper()
	trend, err := Of(values, queuetest.Rand(), o)
	require.NoError(t, err)
	return trend
}

func TestAStepIsFoundWhereItIs(t *testing.T) {
	got := of(t, Options{}, 100, 101, 99, 102, 100, 98, 121, 119, 120, 122, 118, 121)
	require.Len(t, got.Changes, 1)
	c := got.Changes[0]
	assert.Equal(t, 6, c.At)
	assert.InDelta(t, 100, c.Before, 0.1)
	assert.InDelta(t, 120.2, c.After, 0.1)
	assert.Less(t, c.P, 0.02)
	assert.Contains(t, got.String(), "run 7: 100 → 120 (+20.2 %, p = 0.0")
}

func TestAStepUpAndBackIsTwoChanges(t *testing.T) {
	got := of(t, Options{}, 100, 101, 99, 102, 100, 98, 101, 121, 119, 120, 122, 118, 121, 120, 99, 100, 101, 102, 98, 100)
	require.Len(t, got.Changes, 2)
	assert.Equal(t, 7, got.Changes[0].At)
	assert.Equal(t, 14, got.Changes[1].At)
}

func TestAStepWithinTheToleranceIsLeftOut(t *testing.T) {
	values := []float64{100, 100.1, 99.9, 100.2, 100, 102, 102.1, 101.9, 102.2, 102}
	assert.Len(t, of(t, Options{}, values...).Changes, 1)
	assert.Empty(t, of(t, Options{Tolerance: 0.05}, values...).Changes)
}

func TestOneOutlierIsNoChange(t *testing.T) {
	assert.Equal(t, "no change is shown in 12 runs", of(t, Options{}, 100, 101, 99, 102, 100, 300, 98, 101, 99, 100, 102, 99).String())
}

func TestAShortHistoryShowsNothingAndAWrongOneIsRefused(t *testing.T) {
	assert.Equal(t, "no change can be shown: 3 of at least 8 runs", of(t, Options{}, 1, 1, 9).String())
	for text, call := range map[string]func() (Trend, error){
		"run 2 has the value 0: it must be positive":          func() (Trend, error) { return Of([]float64{1, 0, 1, 1, 1, 1, 1, 1}, queuetest.Rand(), Options{}) },
		"level is 5: it must be above 0 and below 0.5":        func() (Trend, error) { return Of(nil, queuetest.Rand(), Options{Level: 5}) },
		"the history has 501 runs: give the last 500 at most": func() (Trend, error) { return Of(make([]float64, 501), queuetest.Rand(), Options{}) },
	} {
		_, err := call()
		assert.EqualError(t, err, text)
	}
}

// The definition, term by term.
func TestTheEnergyDistanceIsThatOfItsDefinition(t *testing.T) {
	x, y := []float64{1, 2, 4}, []float64{7, 5, 6, 9}
	mean := func(a, b []float64, same bool) float64 {
		sum, pairs := 0.0, 0.0
		for i := range a {
			for j := range b {
				if !same || i != j {
					sum, pairs = sum+math.Abs(a[i]-b[j]), pairs+1
				}
			}
		}
		return sum / pairs
	}
	want := 12.0 / 7 * (2*mean(x, y, false) - mean(x, x, true) - mean(y, y, true))
	assert.InDelta(t, want, energy(append(x, y...), 3), 1e-12)
	at, distance := clearest([]float64{1, 2, 4, 7, 5, 6, 9})
	assert.Equal(t, 3, at)
	assert.InDelta(t, want, distance, 1e-12)
}

func TestSimulatedHistoriesWithoutAChangeAreAlarmedAtTheNominalRate(t *testing.T) {
	n, r := queuetest.Simulations(t, 100, 2000), queuetest.Rand()
	for _, runs := range []int{8, 12, 20, 40} {
		for _, phi := range []float64{0, 0.3} {
			alarms := 0
			for range n {
				got, err := Of(queuetest.Autoregressive(r, runs, phi, 0.05), r, Options{Permutations: 99})
				require.NoError(t, err)
				if len(got.Changes) > 0 {
					alarms++
				}
			}
			share := queuetest.Share(alarms, n)
			t.Logf("%d runs, correlation %v: %.1f %% alarmed", runs, phi, 100*share)
			if phi == 0 {
				assert.Less(t, share, 0.12)
			}
		}
	}
}

func TestSimulatedStepsAreFound(t *testing.T) {
	n, r := queuetest.Simulations(t, 30, 1000), queuetest.Rand()
	for _, runs := range []int{10, 20, 40} {
		for _, after := range []int{3, runs / 2} {
			found, near := 0, 0
			for range n {
				values := queuetest.Autoregressive(r, runs, 0, 0.03)
				for i := runs - after; i < runs; i++ {
					values[i] *= 1.1
				}
				got, err := Of(values, r, Options{Permutations: 99})
				require.NoError(t, err)
				if len(got.Changes) > 0 {
					found++
					if d := got.Changes[0].At - (runs - after); len(got.Changes) == 1 && d >= -1 && d <= 1 {
						near++
					}
				}
			}
			t.Logf("step of 10 %%, noise 3 %%, %d runs after it of %d: found %.1f %%, as one change within a run of its place %.1f %%",
				after, runs, 100*queuetest.Share(found, n), 100*queuetest.Share(near, n))
			if after > 3 {
				assert.Greater(t, queuetest.Share(found, n), 0.85)
			}
		}
	}
}
