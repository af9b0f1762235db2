package runtimehist

import (
	"math"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// real is a histogram with the buckets of the runtime.
func real(t *testing.T) *metrics.Float64Histogram {
	s := []metrics.Sample{{Name: "/sched/latencies:seconds"}}
	metrics.Read(s)
	require.Equal(t, metrics.KindFloat64Histogram, s[0].Value.Kind())
	h := s[0].Value.Float64Histogram()
	clear(h.Counts)
	return h
}

func TestCountsAreExactAtEachBound(t *testing.T) {
	h := real(t)
	for i := range h.Counts {
		h.Counts[i] = uint64(i + 1)
	}
	p := Point(h, time.Time{}, time.Time{})
	require.Len(t, p.BucketCounts, len(p.Bounds)+1)
	assert.Greater(t, len(p.Bounds), 30)
	assert.Less(t, len(p.Bounds), 60)
	var sum uint64
	for i, bound := range p.Bounds {
		sum += p.BucketCounts[i]
		var want uint64
		for j, n := range h.Counts {
			if h.Buckets[j+1] <= bound {
				want += n
			}
		}
		assert.Equal(t, want, sum, "up to %v", bound)
	}
	assert.Equal(t, p.Count, sum+p.BucketCounts[len(p.Bounds)])
}

func TestTheSumIsWithinAnEighth(t *testing.T) {
	h := real(t)
	var low, high float64
	for i := range h.Counts {
		if h.Buckets[i] >= 512e-9 && !math.IsInf(h.Buckets[i+1], 1) {
			h.Counts[i] = 3
			low += 3 * h.Buckets[i]
			high += 3 * h.Buckets[i+1]
		}
	}
	sum := Point(h, time.Time{}, time.Time{}).Sum
	assert.LessOrEqual(t, math.Abs(sum-low)/low, 0.1251)
	assert.LessOrEqual(t, math.Abs(sum-high)/high, 0.1251)
}

func TestWhatLiesBeyondAllBoundsIsCounted(t *testing.T) {
	h := real(t)
	h.Counts[0], h.Counts[len(h.Counts)-1] = 1, 2
	p := Point(h, time.Time{}, time.Time{})
	assert.Equal(t, uint64(3), p.Count)
	assert.Equal(t, uint64(1), p.BucketCounts[0])
	assert.Equal(t, uint64(2), p.BucketCounts[len(p.BucketCounts)-1])
	assert.False(t, math.IsInf(p.Sum, 0) || math.IsNaN(p.Sum))
}
