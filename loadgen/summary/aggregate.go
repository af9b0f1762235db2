package summary

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// aggregate is a histogram that was read from addends, and to which others are added. It
// is coarsened as a histogram is, so that the sum of shards is the histogram of all their
// values.
type aggregate struct {
	count, zeros uint64
	sum          nanos
	min, max     int64
	scale, first int32
	counts       []uint64 // neither the first nor the last is 0
}

// merge adds what o holds. The two may be of different scales.
func (a *aggregate) merge(o *aggregate) {
	if o.count == 0 {
		return
	}
	if a.count == 0 {
		a.min, a.max = o.min, o.max
	}
	a.min, a.max = min(a.min, o.min), max(a.max, o.max)
	a.count += o.count
	a.zeros += o.zeros
	a.sum.add(o.sum)
	switch {
	case len(o.counts) == 0:
	case len(a.counts) == 0:
		a.scale, a.first, a.counts = o.scale, o.first, slices.Clone(o.counts)
	default:
		a.mergeBuckets(o)
	}
}

func (a *aggregate) mergeBuckets(o *aggregate) {
	scale := min(a.scale, o.scale)
	low := min(a.first>>(a.scale-scale), o.first>>(o.scale-scale))
	high := max(a.last()>>(a.scale-scale), o.last()>>(o.scale-scale))
	for high-low >= buckets {
		low, high, scale = low>>1, high>>1, scale-1
	}
	if scale != a.scale || low != a.first || high != a.last() {
		counts := make([]uint64, high-low+1)
		a.addTo(counts, low, scale)
		a.scale, a.first, a.counts = scale, low, counts
	}
	o.addTo(a.counts, low, scale)
}

func (a *aggregate) last() int32 { return a.first + int32(len(a.counts)) - 1 }

// addTo adds the buckets to counts, whose first has an index at a scale.
func (a *aggregate) addTo(counts []uint64, first, scale int32) {
	shift := a.scale - scale
	for i, n := range a.counts {
		counts[(a.first+int32(i))>>shift-first] += n
	}
}

// view returns what the aggregate, which may be nil, holds.
func (a *aggregate) view() *view {
	if a == nil {
		return &view{}
	}
	return &view{
		count: a.count, zeros: a.zeros, sum: a.sum, min: float64(a.min), max: float64(a.max),
		scale: a.scale, first: a.first, len: uint32(len(a.counts)), at: func(i uint32) uint64 { return a.counts[i] },
	}
}

// addend writes a histogram; nil if it has no values.
func (v *view) addend() *Histogram {
	if v.count == 0 {
		return nil
	}
	h := &Histogram{Count: v.count, Zeros: v.zeros, Sum: v.sum.String(), Min: int64(v.min), Max: int64(v.max), Scale: v.scale}
	first, last := uint32(0), v.len
	for first < last && v.at(first) == 0 {
		first++
	}
	for last > first && v.at(last-1) == 0 {
		last--
	}
	if first == last {
		h.Scale = 0
		return h
	}
	h.First = v.first + int32(first)
	var text []byte
	for i := first; i < last; i++ {
		n, empty := v.at(i), int64(0)
		for ; n == 0; n = v.at(i) {
			empty, i = empty-1, i+1
		}
		if empty < 0 {
			text = append(strconv.AppendInt(text, empty, 10), ' ')
		}
		text = append(strconv.AppendUint(text, n, 10), ' ')
	}
	h.Buckets = string(text[:len(text)-1])
	return h
}

// Bounds of a histogram that is read. The finest scale is that of the library, and at the
// coarsest all durations are in one bucket.
const (
	minScale, maxScale = -10, 20
	// maxCount bounds every count of a summary that is read, so that those of
	// pace.MaxShards of them do not overflow.
	maxCount = 1 << 50
)

// aggregate reads a histogram, nil being an empty one. What it holds is bounded and agrees
// with itself.
func (h *Histogram) aggregate() (*aggregate, error) {
	if h == nil {
		return &aggregate{}, nil
	}
	sum, err := parseNanos(h.Sum)
	if err != nil {
		return nil, err
	}
	a := &aggregate{count: h.Count, zeros: h.Zeros, sum: sum, min: h.Min, max: h.Max, scale: h.Scale, first: h.First}
	switch {
	case h.Count == 0 || h.Count > maxCount:
		return nil, fmt.Errorf("count is %d; it may be 1 to %d", h.Count, uint64(maxCount))
	case h.Min < 0 || h.Min > h.Max:
		return nil, fmt.Errorf("min_ns %d and max_ns %d are no bounds of durations", h.Min, h.Max)
	case h.Scale < minScale || h.Scale > maxScale:
		return nil, fmt.Errorf("scale is %d; it may be %d to %d", h.Scale, minScale, maxScale)
	case sum.less(times64(h.Count, uint64(h.Min))) || times64(h.Count, uint64(h.Max)).less(sum):
		return nil, errors.New("sum_ns is not between what min_ns and max_ns allow")
	}
	counted, err := a.read(h.Buckets)
	if err != nil {
		return nil, err
	}
	if counted != h.Count {
		return nil, fmt.Errorf("zeros and buckets have %d values, but count is %d", counted, h.Count)
	}
	return a, a.checkIndexes()
}

// read reads the buckets, and returns how many values there are with zeros.
func (a *aggregate) read(text string) (counted uint64, err error) {
	counted = a.zeros
	for token := range strings.FieldsSeq(text) {
		n, err := strconv.ParseInt(token, 10, 64)
		switch {
		case err != nil || n == 0 || n > maxCount || counted > maxCount:
			return 0, errors.New("buckets has something that is no count of a bucket")
		case n < 0 && n < -buckets, len(a.counts)+1 > buckets, n < 0 && len(a.counts)-int(n) > buckets:
			return 0, fmt.Errorf("buckets has more than %d", buckets)
		case n < 0:
			a.counts = append(a.counts, make([]uint64, -n)...)
		default:
			a.counts = append(a.counts, uint64(n))
			counted += uint64(n)
		}
	}
	if n := len(a.counts); n > 0 && (a.counts[0] == 0 || a.counts[n-1] == 0) {
		return 0, errors.New("buckets begins or ends with empty ones")
	}
	return counted, nil
}

// checkIndexes refuses buckets of other values than a time.Duration has, from 1 ns to
// 2^63 ns.
func (a *aggregate) checkIndexes() error {
	least, most := int64(-1), int64(63)
	if a.scale > 0 {
		most <<= a.scale
	} else {
		most >>= -a.scale
	}
	if len(a.counts) > 0 && (int64(a.first) < least || int64(a.first)+int64(len(a.counts))-1 > most) {
		return errors.New("first is the index of no bucket of durations")
	}
	return nil
}
