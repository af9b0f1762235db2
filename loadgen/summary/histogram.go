package summary

import (
	"time"

	"github.com/lightstep/go-expohisto/structure"
)

// buckets bounds a histogram. 4096 of them hold 64 powers of two at scale 6,
// and a positive time.Duration has 63, so the scale never falls below 6
// whatever is added. A bucket of scale 6 is a factor of 2^(1/64) wide: its
// geometric middle is within 2^(1/128) − 1 = 0.543 % of all it holds.
const buckets = 4096

// histogram of durations. Count, sum, least and greatest are exact.
type histogram struct {
	ns  structure.Float64 // nanoseconds
	sum nanos             // the one in ns is rounded, and depends on the order of values
}

func newHistogram() *histogram {
	h := &histogram{}
	h.ns.Init(structure.NewConfig(structure.WithMaxSize(buckets)))
	return h
}

// add counts d. A negative duration, which only a faulty clock can give, counts as 0.
func (h *histogram) add(d time.Duration) {
	d = max(d, 0)
	h.ns.Update(float64(d))
	h.sum.add(nanos{lo: uint64(d)})
}

func (h *histogram) clear() {
	h.ns.Clear()
	h.sum = nanos{}
}

// merge adds what o holds.
//
// Subtle: MergeFrom takes the scale of a histogram without positive values to be
// 0 and would coarsen ours to it.
func (h *histogram) merge(o *histogram) {
	h.sum.add(o.sum)
	if o.ns.Count() == o.ns.ZeroCount() {
		if n := o.ns.Count(); n > 0 {
			h.ns.UpdateByIncr(0, n)
		}
		return
	}
	h.ns.MergeFrom(&o.ns)
}

// view returns what the histogram holds, for as long as nothing is added.
func (h *histogram) view() *view {
	b := h.ns.Positive()
	return &view{
		count: h.ns.Count(), zeros: h.ns.ZeroCount(), sum: h.sum, min: h.ns.Min(), max: h.ns.Max(),
		scale: h.ns.Scale(), first: b.Offset(), len: b.Len(), at: b.At,
	}
}

func (h *histogram) quantiles() Quantiles           { return h.view().quantiles() }
func (h *histogram) values(qs ...float64) []float64 { return h.view().values(qs...) }
func (h *histogram) bins(most int32) []Bin          { return h.view().bins(most) }
