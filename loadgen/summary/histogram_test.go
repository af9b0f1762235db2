package summary

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// bound is what Quantiles promises.
const bound = 0.006

func exactQuantile(sorted []time.Duration, q float64) float64 {
	return sorted[int(math.Ceil(q*float64(len(sorted))))-1].Seconds()
}

func requireQuantiles(t require.TestingT, values []time.Duration) {
	h := newHistogram()
	sum := 0.0
	for _, v := range values {
		h.add(v)
		sum += v.Seconds()
	}
	slices.Sort(values)
	got := h.quantiles()
	require.Equal(t, uint64(len(values)), got.Count)
	require.InEpsilon(t, values[0].Seconds(), float64(got.Min), 1e-15)
	require.InEpsilon(t, values[len(values)-1].Seconds(), float64(got.Max), 1e-15)
	require.InEpsilon(t, sum/float64(len(values)), float64(got.Mean), 1e-9)
	for q, v := range map[float64]Seconds{0.5: got.P50, 0.9: got.P90, 0.95: got.P95, 0.99: got.P99, 0.999: got.P999} {
		require.InEpsilon(t, exactQuantile(values, q), float64(v), bound, "quantile %g", q)
	}
}

func TestQuantilesAreWithinTheirBoundForManyDistributions(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	ms := float64(time.Millisecond)
	const n = 100_000
	for name, draw := range map[string]func(i int) float64{
		"uniform":    func(int) float64 { return (1 + 99*rnd.Float64()) * ms },
		"lognormal":  func(int) float64 { return math.Exp(rnd.NormFloat64()*1.5) * ms },
		"full range": func(int) float64 { return math.Pow(10, 3+8*rnd.Float64()) }, // 1 µs to 100 s
		"constant":   func(int) float64 { return 17.3 * ms },
		"bimodal": func(i int) float64 {
			if i%10 == 0 {
				return (900 + 50*rnd.NormFloat64()) * ms
			}
			return (2 + 0.1*rnd.NormFloat64()) * ms
		},
	} {
		t.Run(name, func(t *testing.T) {
			values := make([]time.Duration, n)
			for i := range values {
				values[i] = max(time.Duration(draw(i)), 1)
			}
			requireQuantiles(t, values)
		})
	}
}

func TestOneOutlierInAMillionMovesNothingButTheMaximum(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	values := make([]time.Duration, 1_000_000)
	for i := range values {
		values[i] = time.Duration((2 + rnd.Float64()) * float64(time.Millisecond))
	}
	values[777_777] = 100 * time.Second
	requireQuantiles(t, values)
}

func TestTheScaleHoldsForAnyDurations(t *testing.T) {
	h := newHistogram()
	h.add(1)
	h.add(math.MaxInt64)
	require.GreaterOrEqual(t, h.ns.Scale(), int32(6))
	assert.Less(t, math.Exp2(math.Ldexp(0.5, -int(h.ns.Scale())))-1, bound)

	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Map(rapid.Int64Range(1, math.MaxInt64),
			func(n int64) time.Duration { return time.Duration(n) }), 1, 200).Draw(t, "values")
		requireQuantiles(t, values)
	})
}

// A merge with an empty histogram once coarsened the other to powers of two.
func TestMergingEqualsAddingEverythingToOne(t *testing.T) {
	durations := rapid.SliceOfN(rapid.Map(rapid.Int64Range(0, 1e11),
		func(n int64) time.Duration { return time.Duration(n) }), 0, 100)
	rapid.Check(t, func(t *rapid.T) {
		merged, one := newHistogram(), newHistogram()
		for range rapid.IntRange(0, 4).Draw(t, "parts") {
			part := newHistogram()
			for _, d := range durations.Draw(t, "part") {
				part.add(d)
				one.add(d)
			}
			merged.merge(part)
		}
		want, got := one.quantiles(), merged.quantiles()
		require.InDelta(t, float64(want.Mean), float64(got.Mean), 1e-9)
		want.Mean, got.Mean = 0, 0
		for _, pair := range [][2]*Seconds{{&want.P50, &got.P50}, {&want.P90, &got.P90}, {&want.P95, &got.P95}, {&want.P99, &got.P99}, {&want.P999, &got.P999}} {
			require.InDelta(t, float64(*pair[0]), float64(*pair[1]), 2*bound*float64(*pair[0]))
			*pair[0], *pair[1] = 0, 0
		}
		require.Equal(t, want, got)
	})
}

func TestZeroAndNegativeDurationsCountAsZero(t *testing.T) {
	h := newHistogram()
	for range 9 {
		h.add(0)
	}
	h.add(-time.Second)
	h.add(time.Second)
	got := h.quantiles()
	assert.Equal(t, uint64(11), got.Count)
	assert.Zero(t, got.Min)
	assert.Zero(t, got.P90)
	assert.Equal(t, Seconds(1), got.Max)
	assert.InEpsilon(t, 1, float64(got.P99), bound)
}

func TestBinsCoverEveryPositiveValueOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHistogram()
		n := rapid.IntRange(1, 300).Draw(t, "n")
		for range n {
			h.add(time.Duration(rapid.Int64Range(1, 1e11).Draw(t, "value")))
		}
		bins := h.bins(32)
		require.LessOrEqual(t, len(bins), 32)
		var sum uint64
		for i, b := range bins {
			sum += b.Count
			require.Less(t, b.From, b.To)
			if i > 0 {
				require.Equal(t, bins[i-1].To, b.From)
			}
		}
		require.Equal(t, uint64(n), sum)
		require.LessOrEqual(t, float64(bins[0].From), h.ns.Min()/1e9)
		require.GreaterOrEqual(t, float64(bins[len(bins)-1].To)*(1+1e-12), h.ns.Max()/1e9)
		require.NotZero(t, bins[0].Count)
		require.NotZero(t, bins[len(bins)-1].Count)
	})
	assert.Empty(t, newHistogram().bins(32))
}
