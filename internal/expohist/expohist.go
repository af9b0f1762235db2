// Package expohist keeps the distribution of a series and renders it as a point of an OTLP
// exponential histogram. Exemplars are its users', who choose them differently.
package expohist

import (
	"github.com/lightstep/go-expohisto/structure"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// buckets bounds a histogram: with 160 buckets three decades are resolved to within 2.2 %.
const buckets = 160

// Histogram is a distribution of values that are not negative. One goroutine uses it.
type Histogram struct{ values structure.Float64 }

// New returns an empty histogram.
func New() *Histogram {
	h := &Histogram{}
	h.values.Init(structure.NewConfig(structure.WithMaxSize(buckets)))
	return h
}

// Add adds a value.
func (h *Histogram) Add(v float64) { h.values.Update(v) }

// WriteTo writes the distribution until now. It leaves the point's times, attributes and
// exemplars alone.
func (h *Histogram) WriteTo(p pmetric.ExponentialHistogramDataPoint) {
	p.SetCount(h.values.Count())
	p.SetSum(h.values.Sum())
	p.SetMin(h.values.Min())
	p.SetMax(h.values.Max())
	p.SetScale(h.values.Scale())
	p.SetZeroCount(h.values.ZeroCount())
	from := h.values.Positive()
	p.Positive().SetOffset(from.Offset())
	counts := p.Positive().BucketCounts()
	counts.EnsureCapacity(int(from.Len()))
	for i := range from.Len() {
		counts.Append(from.At(i))
	}
}
