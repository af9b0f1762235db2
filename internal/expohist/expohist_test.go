package expohist

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

func TestAPointHoldsEveryValueWithinTheErrorOfItsBuckets(t *testing.T) {
	h := New()
	h.Add(0)
	for i := range 1000 { // three decades
		h.Add(math.Pow(10, float64(i+1)/334))
	}
	p := pmetric.NewExponentialHistogramDataPoint()
	h.WriteTo(p)
	assert.EqualValues(t, 1001, p.Count())
	assert.EqualValues(t, 1, p.ZeroCount())
	assert.Zero(t, p.Min())
	assert.InDelta(t, 1000, p.Max(), 20)
	base := math.Pow(2, math.Pow(2, -float64(p.Scale())))
	assert.Less(t, (base-1)/2, 0.023, "half a bucket's width")
	counted := uint64(0)
	for _, n := range p.Positive().BucketCounts().AsRaw() {
		counted += n
	}
	assert.EqualValues(t, 1000, counted)
	assert.LessOrEqual(t, p.Positive().BucketCounts().Len(), buckets)
}
