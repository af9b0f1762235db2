package window

import (
	"math"
	"slices"
	"sort"
	"time"
)

// RingSamples is how many samples are kept of an instance: five minutes at one in
// five seconds.
const RingSamples = 64

// setBack is by how much a sample must be older than what is known to have come from a clock
// that was ahead and has been set: until it had caught up, its samples would all be too late.
const setBack = int64(5 * time.Minute)

// ring is the latest samples of an instance, by time.
type ring struct {
	samples []Sample
}

// put adds a sample, or completes the one of the same time. The oldest makes room.
func (r *ring) put(s *Sample) {
	i := sort.Search(len(r.samples), func(i int) bool { return r.samples[i].At >= s.At })
	if i < len(r.samples) && r.samples[i].At == s.At {
		r.samples[i].merge(s)
		return
	}
	if n := len(r.samples); i == 0 && n > 0 && r.samples[n-1].At-s.At > setBack {
		r.samples = append(r.samples[:0], *s)
		return
	}
	if len(r.samples) < RingSamples {
		r.samples = slices.Insert(r.samples, i, *s)
		return
	}
	if i == 0 {
		return // older than all
	}
	copy(r.samples, r.samples[1:i])
	r.samples[i-1] = *s
}

// last sample at or before a time that has a figure.
func (r *ring) last(f Field, at int64) *Sample {
	for i := len(r.samples) - 1; i >= 0; i-- {
		if s := &r.samples[i]; s.At <= at && !math.IsNaN(s.V[f]) {
			return s
		}
	}
	return nil
}

// first sample at or after a time that has a figure.
func (r *ring) first(f Field, at int64) *Sample {
	i := sort.Search(len(r.samples), func(i int) bool { return r.samples[i].At >= at })
	for ; i < len(r.samples); i++ {
		if s := &r.samples[i]; !math.IsNaN(s.V[f]) {
			return s
		}
	}
	return nil
}
