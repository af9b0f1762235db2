package summary

import (
	"time"

	"github.com/loadtrace/loadtrace/internal/figure"
)

// Times is a distribution of durations, held as the figures of a summary are: two Times of
// the same values have the same Quantiles to the digit, however the values were added and
// merged. It takes at most 32 KiB, and about 4 KiB while no bucket holds more than 255
// values. It is not for several goroutines at once.
type Times struct{ h *histogram }

// NewTimes makes an empty distribution.
func NewTimes() *Times { return &Times{newHistogram()} }

// Add counts a duration. A negative one counts as 0.
func (t *Times) Add(d time.Duration) { t.h.add(d) }

// AddN counts a duration n times.
func (t *Times) AddN(d time.Duration, n uint64) {
	if n > 0 {
		t.h.ns.UpdateByIncr(float64(max(d, 0)), n)
	}
}

// Merge adds what o holds.
func (t *Times) Merge(o *Times) { t.h.merge(o.h) }

// Count is the number of values.
func (t *Times) Count() uint64 { return t.h.ns.Count() }

// Quantiles are those of a summary.
func (t *Times) Quantiles() Quantiles { return t.h.quantiles() }

// At are the quantiles qs, which ascend from 0 to 1, by the rule of Quantiles. An empty
// distribution has none.
func (t *Times) At(qs ...float64) []Seconds {
	if t.Count() == 0 {
		return nil
	}
	out := make([]Seconds, len(qs))
	for i, ns := range t.h.values(qs...) {
		out[i] = min(max(Seconds(figure.Round(ns/1e9)), seconds(t.h.ns.Min())), seconds(t.h.ns.Max()))
	}
	return out
}

// Bins calls visit with the number of values in each bin that has any. Bin i holds values
// above 2^(i/each) nanoseconds up to 2^((i+1)/each), for an each of 1, 2, 4 … 32; values of
// 0 are in no bin.
func (t *Times) Bins(each int, visit func(i int, n uint64)) {
	b, shift := t.h.ns.Positive(), t.h.ns.Scale()
	for each > 1 {
		each /= 2
		shift--
	}
	at, n := int32(0), uint64(0)
	for i := range b.Len() {
		count := b.At(i)
		if count == 0 {
			continue
		}
		bin := (b.Offset() + int32(i)) >> max(shift, 0)
		if n > 0 && bin != at {
			visit(int(at), n)
			n = 0
		}
		at = bin
		n += count
	}
	if n > 0 {
		visit(int(at), n)
	}
}
