package summary

import (
	"math"
	"time"

	"github.com/lightstep/go-expohisto/structure"

	"github.com/loadtrace/loadtrace/internal/figure"
)

// buckets bounds a histogram. 4096 of them hold 64 powers of two at scale 6,
// and a positive time.Duration has 63, so the scale never falls below 6
// whatever is added. A bucket of scale 6 is a factor of 2^(1/64) wide: its
// geometric middle is within 2^(1/128) − 1 = 0.543 % of all it holds.
const buckets = 4096

// histogram of durations. Count, least, greatest and mean are exact; the mean to
// within the rounding of a float64 sum.
type histogram struct {
	ns structure.Float64 // nanoseconds; an int64 sum would overflow in a long run
}

func newHistogram() *histogram {
	h := &histogram{}
	h.ns.Init(structure.NewConfig(structure.WithMaxSize(buckets)))
	return h
}

// add counts d. A negative duration, which only a faulty clock can give, counts as 0.
func (h *histogram) add(d time.Duration) { h.ns.Update(float64(max(d, 0))) }

func (h *histogram) clear() { h.ns.Clear() }

// merge adds what o holds.
//
// Subtle: MergeFrom takes the scale of a histogram without positive values to be
// 0 and would coarsen ours to it.
func (h *histogram) merge(o *histogram) {
	if o.ns.Count() == o.ns.ZeroCount() {
		if n := o.ns.Count(); n > 0 {
			h.ns.UpdateByIncr(0, n)
		}
		return
	}
	h.ns.MergeFrom(&o.ns)
}

// exactDigits is what a mean keeps, which is better than each of its values, and the bound
// of a bin: the narrowest differ in their seventh digit.
const exactDigits = 10

func (h *histogram) quantiles() Quantiles {
	n := h.ns.Count()
	if n == 0 {
		return Quantiles{}
	}
	at := h.values(0.5, 0.9, 0.95, 0.99, 0.999)
	least, most := seconds(h.ns.Min()), seconds(h.ns.Max())
	rounded := func(ns float64) Seconds { return min(max(Seconds(figure.Round(ns/1e9)), least), most) }
	return Quantiles{
		Count: n,
		Min:   least,
		Mean:  Seconds(figure.RoundTo(h.ns.Sum()/float64(n)/1e9, exactDigits)),
		P50:   rounded(at[0]),
		P90:   rounded(at[1]),
		P95:   rounded(at[2]),
		P99:   rounded(at[3]),
		P999:  rounded(at[4]),
		Max:   most,
	}
}

// values of the quantiles qs, which ascend, in nanoseconds. The histogram is not
// empty.
func (h *histogram) values(qs ...float64) []float64 {
	out := make([]float64, len(qs))
	b := h.ns.Positive()
	seen, next := h.ns.ZeroCount(), uint32(0)
	value := 0.0
	for i, q := range qs {
		rank := uint64(math.Ceil(q * float64(h.ns.Count())))
		for seen < rank && next < b.Len() {
			if n := b.At(next); n > 0 {
				seen += n
				value = h.middle(b.Offset() + int32(next))
			}
			next++
		}
		out[i] = min(max(value, h.ns.Min()), h.ns.Max())
	}
	return out
}

// middle of a bucket, geometrically.
func (h *histogram) middle(index int32) float64 {
	return math.Exp2(math.Ldexp(float64(index)+0.5, -int(h.ns.Scale())))
}

// edge is the lower bound of a bucket at a scale.
func edge(index, scale int32) float64 {
	return math.Exp2(math.Ldexp(float64(index), -int(scale)))
}

// bins is the distribution of the positive values in at most most bins.
func (h *histogram) bins(most int32) []Bin {
	b := h.ns.Positive()
	if b.Len() == 0 {
		return nil
	}
	first, last, scale := b.Offset(), b.Offset()+int32(b.Len())-1, h.ns.Scale()
	shift := int32(0)
	for last>>shift-first>>shift >= most {
		shift++
	}
	scale -= shift
	out := make([]Bin, last>>shift-first>>shift+1)
	for i := range out {
		at := first>>shift + int32(i)
		out[i].From, out[i].To = binEdge(edge(at, scale)), binEdge(edge(at+1, scale))
	}
	for i := range b.Len() {
		out[(first+int32(i))>>shift-first>>shift].Count += b.At(i)
	}
	return out
}

// binEdge is the bound of a bin, which may be narrower than a nanosecond.
func binEdge(ns float64) Seconds { return Seconds(figure.RoundTo(ns/1e9, exactDigits)) }

func seconds(ns float64) Seconds { return Seconds(ns / 1e9) }
