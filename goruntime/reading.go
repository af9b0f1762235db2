package goruntime

import (
	"math"
	"runtime/metrics"
)

// reading is one pass over runtime/metrics. It is not safe for concurrent use.
type reading struct {
	samples []metrics.Sample
	at      map[string]int
}

// newReading reads what of the names this Go has.
func newReading(more ...string) *reading {
	names := more
	if len(names) == 0 {
		names = scalars
	}
	r := &reading{at: make(map[string]int, len(names))}
	known := make(map[string]bool)
	for _, d := range metrics.All() {
		known[d.Name] = true
	}
	for _, name := range names {
		if known[name] {
			r.at[name] = len(r.samples)
			r.samples = append(r.samples, metrics.Sample{Name: name})
		}
	}
	return r
}

func (r *reading) refresh() { metrics.Read(r.samples) }

// count is an integer of the runtime, at most the largest int64.
func (r *reading) count(name string) (int64, bool) {
	i, ok := r.at[name]
	if !ok || r.samples[i].Value.Kind() != metrics.KindUint64 {
		return 0, false
	}
	return int64(min(r.samples[i].Value.Uint64(), math.MaxInt64)), true
}

func (r *reading) seconds(name string) (float64, bool) {
	i, ok := r.at[name]
	if !ok || r.samples[i].Value.Kind() != metrics.KindFloat64 {
		return 0, false
	}
	return r.samples[i].Value.Float64(), true
}

func (r *reading) histogram(name string) *metrics.Float64Histogram {
	i, ok := r.at[name]
	if !ok || r.samples[i].Value.Kind() != metrics.KindFloat64Histogram {
		return nil
	}
	return r.samples[i].Value.Float64Histogram()
}
