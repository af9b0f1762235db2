package summary

import (
	"math"

	"github.com/loadtrace/loadtrace/internal/figure"
)

// view is a histogram of durations to be read, in nanoseconds. The bucket of index i at
// scale s holds the values above 2^(i/2^s), up to 2^((i+1)/2^s).
type view struct {
	count, zeros uint64 // of all values, and of those that are 0
	sum          nanos
	min, max     float64
	scale        int32
	first        int32 // the index of the first bucket
	len          uint32
	at           func(uint32) uint64 // the count of a bucket, from 0
}

// exactDigits is what a mean keeps, which is better than each of its values, and the bound
// of a bin: the narrowest differ in their seventh digit.
const exactDigits = 10

// mean is in nanoseconds. The histogram is not empty.
func (v *view) mean() float64 { return v.sum.float() / float64(v.count) }

func (v *view) quantiles() Quantiles {
	if v.count == 0 {
		return Quantiles{}
	}
	at := v.values(0.5, 0.9, 0.95, 0.99, 0.999)
	least, most := seconds(v.min), seconds(v.max)
	rounded := func(ns float64) Seconds { return min(max(Seconds(figure.Round(ns/1e9)), least), most) }
	return Quantiles{
		Count: v.count,
		Min:   least,
		Mean:  Seconds(figure.RoundTo(v.mean()/1e9, exactDigits)),
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
func (v *view) values(qs ...float64) []float64 {
	out := make([]float64, len(qs))
	seen, next := v.zeros, uint32(0)
	value := 0.0
	for i, q := range qs {
		rank := uint64(math.Ceil(q * float64(v.count)))
		for seen < rank && next < v.len {
			if n := v.at(next); n > 0 {
				seen += n
				value = v.middle(v.first + int32(next))
			}
			next++
		}
		out[i] = min(max(value, v.min), v.max)
	}
	return out
}

// middle of a bucket, geometrically.
func (v *view) middle(index int32) float64 {
	return math.Exp2(math.Ldexp(float64(index)+0.5, -int(v.scale)))
}

// edge is the lower bound of a bucket at a scale.
func edge(index, scale int32) float64 {
	return math.Exp2(math.Ldexp(float64(index), -int(scale)))
}

// bins is the distribution of the positive values in at most most bins.
func (v *view) bins(most int32) []Bin {
	if v.len == 0 {
		return nil
	}
	first, last, scale := v.first, v.first+int32(v.len)-1, v.scale
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
	for i := range v.len {
		out[(first+int32(i))>>shift-first>>shift].Count += v.at(i)
	}
	return out
}

// binEdge is the bound of a bin, which may be narrower than a nanosecond.
func binEdge(ns float64) Seconds { return Seconds(figure.RoundTo(ns/1e9, exactDigits)) }

func seconds(ns float64) Seconds { return Seconds(ns / 1e9) }
