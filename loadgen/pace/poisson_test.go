package pace_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

const perSecond = 100

func poisson(seed, count uint64) pace.Stage {
	return pace.Stage{Poisson: &pace.Poisson{Rate: perSecond, Seed: seed}, Count: count}
}

// gaps between arrivals, in mean gaps; the first is that from the beginning.
func gaps(at []time.Duration) []float64 {
	out := make([]float64, len(at))
	before := time.Duration(0)
	for i, t := range at {
		out[i] = (t - before).Seconds() * perSecond
		before = t
	}
	return out
}

func moments(v []float64) (mean, variance float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		variance += (x - mean) * (x - mean) / float64(len(v)-1)
	}
	return mean, variance
}

func TestPoissonGapsAreExponentialAndIndependent(t *testing.T) {
	const n = 100_000
	g := gaps(times(t, schedule(t, poisson(42, n))))
	mean, variance := moments(g)
	assert.InDelta(t, 1, mean, 4/math.Sqrt(n))
	assert.InDelta(t, 1, variance, 4*math.Sqrt(8/float64(n)))

	product := 0.0
	for i := 1; i < n; i++ {
		product += (g[i] - mean) * (g[i-1] - mean) / (n - 1)
	}
	assert.InDelta(t, 0, product/variance, 4/math.Sqrt(n), "correlation of neighbours")

	slices.Sort(g)
	far := 0.0 // Kolmogorov and Smirnov's distance
	for i, x := range g {
		p := 1 - math.Exp(-x)
		far = max(far, math.Abs(p-float64(i)/n), math.Abs(p-float64(i+1)/n))
	}
	assert.Less(t, far, 1.63/math.Sqrt(n), "differs from the exponential at the 1 percent level")
}

// A tree of gaps could be right within its leaves and wrong between them.
func TestPoissonCountsVaryAsMuchAsTheirMean(t *testing.T) {
	at := times(t, schedule(t, poisson(7, 400_000)))
	for _, window := range []time.Duration{300 * time.Millisecond, 3 * time.Second, 30 * time.Second} {
		counts := make([]float64, at[len(at)-1]/window)
		for _, x := range at {
			if i := int(x / window); i < len(counts) {
				counts[i]++
			}
		}
		mean, variance := moments(counts)
		assert.InDelta(t, 1, variance/mean, 4*math.Sqrt(2/float64(len(counts))), "windows of %s", window)
	}
}

func TestTheSameSeedGivesTheSameTimes(t *testing.T) {
	one := times(t, schedule(t, poisson(1, 3000)))
	assert.Equal(t, one, times(t, schedule(t, poisson(1, 3000))))
	assert.NotEqual(t, one, times(t, schedule(t, poisson(2, 3000))))
	assert.Equal(t, one[:1000], times(t, schedule(t, poisson(1, 1000))), "the count does not bear on the times")
}

func TestPoissonTimesDoNotDependOnTheOrderOfReading(t *testing.T) {
	const n = 200_000
	want := times(t, schedule(t, poisson(3, n)))
	s := schedule(t, poisson(3, n))
	r := rand.New(rand.NewPCG(1, 2))
	for range 3_000 {
		i := r.IntN(n)
		got, ok := s.At(uint64(i))
		require.True(t, ok)
		require.Equal(t, want[i], got, "request %d", i)
	}
}

func TestPoissonIsReadByManyAtOnce(t *testing.T) {
	const n = 50_000
	want := times(t, schedule(t, poisson(4, n)))
	s := schedule(t, poisson(4, n))
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range n {
				i = (i + g*5000) % n
				if got, _ := s.At(uint64(i)); got != want[i] {
					t.Errorf("request %d: got %s, want %s", i, got, want[i])
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestPoissonStageWithADurationHoldsTheArrivalsBeforeItsEnd(t *testing.T) {
	long := times(t, schedule(t, poisson(5, 2000)))
	for d := 7 * time.Second; d < 9*time.Second; d += 10 * time.Millisecond {
		within, _ := slices.BinarySearch(long, d)
		at := times(t, schedule(t, pace.Stage{Poisson: &pace.Poisson{Rate: perSecond, Seed: 5}, Duration: d}))
		require.Equal(t, long[:within], at)
	}
}

func TestPoissonStageIsFollowedByTheFractionBeforeIt(t *testing.T) {
	s := schedule(t,
		pace.Stage{Constant: 2, Duration: 750 * time.Millisecond}, // half a request is left
		poisson(6, 10),
		pace.Stage{Constant: 2, Count: 1},
	)
	at := times(t, s)
	require.Len(t, at, 13)
	alone := times(t, schedule(t, poisson(6, 11)))
	for n := range 10 {
		assert.Equal(t, 750*time.Millisecond+alone[n], at[2+n], "arrivals count from the stage's beginning")
	}
	assert.InDelta(t, 750*time.Millisecond+alone[10]+250*time.Millisecond, at[12], 2)
}

func TestHugePoissonStagesAreKnownWithoutDrawingTheirRequests(t *testing.T) {
	const hits = 1e13
	s := schedule(t, pace.Stage{Poisson: &pace.Poisson{Rate: 1e7}, Duration: 1e6 * time.Second})
	planned, exact := s.Planned()
	assert.True(t, exact)
	assert.InDelta(t, hits, float64(planned), 5*math.Sqrt(hits))
	last, ok := s.At(planned - 1)
	assert.True(t, ok)
	assert.Less(t, last, 1e6*time.Second)
	assert.Greater(t, last, 1e6*time.Second-10*time.Microsecond)
	_, ok = s.At(planned)
	assert.False(t, ok)
	for _, border := range []uint64{1 << 8, 1 << 16, 1 << 24, 1 << 32, 1 << 40} {
		before, _ := s.At(border - 1)
		after, _ := s.At(border)
		assert.GreaterOrEqual(t, after, before, "request %d", border)
		assert.Less(t, after-before, 10*time.Microsecond, "request %d", border)
	}
}
