package judge

import (
	"math"
	"slices"
)

// Bin is how often a value was measured: once if it is exact, or the count of a
// histogram's bucket, at the value that stands for it.
type Bin struct {
	Value float64
	Count uint64
}

// Batch is what was measured in a stretch of time, in ascending order of values.
type Batch []Bin

// BatchOf returns a batch of single values, in any order.
func BatchOf(values []float64) Batch {
	b := make(Batch, 0, len(values))
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	for _, v := range sorted {
		b = append(b, Bin{v, 1})
	}
	return b
}

// Count returns how many values the batch has.
func (b Batch) Count() (n uint64) {
	for _, bin := range b {
		n += bin.Count
	}
	return n
}

// Quantile returns the smallest value that at least a share q of all values do not
// exceed: the least for 0 or less, the greatest for 1 or more; 0 if there are none.
func (b Batch) Quantile(q float64) float64 {
	count := float64(b.Count())
	if count == 0 {
		return 0
	}
	rank := uint64(min(max(math.Ceil(q*count), 1), count))
	seen := uint64(0)
	for _, bin := range b {
		if seen += bin.Count; seen >= rank {
			return bin.Value
		}
	}
	return 0
}

// merge returns one batch with the values of all.
func merge(batches []Batch) Batch {
	switch len(batches) {
	case 0:
		return nil
	case 1:
		return batches[0]
	}
	half := len(batches) / 2
	return mergeTwo(merge(batches[:half]), merge(batches[half:]))
}

func mergeTwo(a, b Batch) Batch {
	out := make(Batch, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].Value < b[0].Value:
			out, a = append(out, a[0]), a[1:]
		case a[0].Value > b[0].Value:
			out, b = append(out, b[0]), b[1:]
		default:
			out = append(out, Bin{a[0].Value, a[0].Count + b[0].Count})
			a, b = a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// above returns how many values exceed v.
func (b Batch) above(v float64) (n uint64) {
	for i := len(b) - 1; i >= 0 && b[i].Value > v; i-- {
		n += b[i].Count
	}
	return n
}
