package store

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func fates(b Behaviour, n uint64) []Fate {
	list := make([]Fate, n)
	for i := range list {
		list[i] = b.Fate(uint64(i))
	}
	return list
}

func TestEqualSeedsGiveEqualFatesAndOthersOthers(t *testing.T) {
	b := Behaviour{Seed: 7, Latency: time.Millisecond, Tail: 0.1, ErrorShare: 0.1}
	other := b
	other.Seed = 8
	assert.Equal(t, fates(b, 1000), fates(b, 1000))
	assert.NotEqual(t, fates(b, 1000), fates(other, 1000))
}

func TestTheFirstFatesOfSeedOneStayWhatTheyAre(t *testing.T) {
	b := Behaviour{Seed: 1, Latency: 2 * time.Millisecond, Tail: 0.01, ErrorShare: 0.005}
	var waits []time.Duration
	for _, f := range fates(b, 3) {
		waits = append(waits, f.Wait.Round(time.Microsecond))
	}
	// Runs of the demo are compared across versions.
	assert.Equal(t, []time.Duration{1722 * time.Microsecond, 1581 * time.Microsecond, 2124 * time.Microsecond}, waits)
}

func TestTheMedianWaitIsTheLatencyAndTheSharesAreKept(t *testing.T) {
	const n = 100_000
	b := Behaviour{Seed: 1, Latency: 2 * time.Millisecond, Tail: 0.01, ErrorShare: 0.005}
	var waits []time.Duration
	var slow, fail int
	for _, f := range fates(b, n) {
		waits = append(waits, f.Wait)
		if f.Slow {
			slow++
		}
		if f.Fail {
			fail++
		}
	}
	slices.Sort(waits)
	assert.InEpsilon(t, 2*time.Millisecond, waits[n/2], 0.02, "median")
	assert.InEpsilon(t, 4*time.Millisecond, waits[n*98/100], 0.1, "end of the ordinary lookups")
	assert.Greater(t, waits[n*995/1000], 16*time.Millisecond, "in the tail")
	// Four standard deviations of a binomial count each.
	assert.InDelta(t, 1000, slow, 4*32)
	assert.InDelta(t, 500, fail, 4*23)
}

func TestSharesOfNoneAndAllAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64().Draw(t, "lookup")
		seed := rapid.Uint64().Draw(t, "seed")
		none := Behaviour{Seed: seed, Latency: time.Millisecond}.Fate(n)
		assert.False(t, none.Slow || none.Fail)
		all := Behaviour{Seed: seed, Latency: time.Millisecond, Tail: 1, ErrorShare: 1}.Fate(n)
		assert.True(t, all.Slow && all.Fail)
		assert.Positive(t, all.Wait)
	})
}
