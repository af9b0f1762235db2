package store

import (
	"math"
	"math/rand/v2"
	"time"
)

// Behaviour is the injected behaviour of the store.
type Behaviour struct {
	Seed uint64
	// Latency is the median wait of a lookup. Waits are lognormal around it.
	Latency time.Duration
	// Tail is the share of lookups, 0 to 1, that are slow outliers: their wait is
	// 8 to 25 times what it would have been.
	Tail float64
	// ErrorShare is the share of lookups, 0 to 1, that fail after their wait.
	ErrorShare float64
}

// spread is the standard deviation of the logarithm of a wait: it puts the 99th
// percentile of ordinary lookups at twice the median.
const spread = 0.3

const (
	slowMin = 8
	slowMax = 25
)

// Fate is what becomes of one lookup.
type Fate struct {
	Wait time.Duration
	Slow bool // an outlier
	Fail bool
}

// Fate of the n-th lookup since the store's start. Equal seeds give equal fates,
// however many lookups run at once.
func (b Behaviour) Fate(n uint64) Fate {
	r := rand.New(rand.NewPCG(b.Seed, n))
	f := Fate{Fail: r.Float64() < b.ErrorShare, Slow: r.Float64() < b.Tail}
	factor := math.Exp(spread * r.NormFloat64())
	if f.Slow {
		factor *= slowMin + (slowMax-slowMin)*r.Float64()
	}
	f.Wait = time.Duration(float64(b.Latency) * factor)
	return f
}
