package diagnosis

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// collected is requests by chance and a GC cycle of 5 ms each 100 ms, about. took is how
// long a request takes that meets a cycle, or does not.
func collected(took func(random *rand.Rand, meets bool) time.Duration) *Evidence {
	random := rand.New(rand.NewPCG(3, 4))
	e := &Evidence{Instances: []Instance{{Service: "shop"}}, Seed: 5}
	for at := int64(0); at < int64(20*time.Second); at += int64(80+random.IntN(40)) * int64(time.Millisecond) {
		e.Cycles = append(e.Cycles, Cycle{Begin: at, End: at + int64(5*time.Millisecond)})
	}
	next := 0
	for at := int64(0); at < int64(20*time.Second); at += int64(random.ExpFloat64() * float64(5*time.Millisecond)) {
		for next < len(e.Cycles)-1 && e.Cycles[next].End < at {
			next++
		}
		meets := e.Cycles[next].Begin <= at
		d := took(random, meets)
		e.Requests = append(e.Requests, Request{Trace: "t", Response: d, Begin: at, End: at + int64(d)})
	}
	return e
}

func TestSlowRequestsThatMeetCyclesAreAnAssociation(t *testing.T) {
	e := collected(func(random *rand.Rand, meets bool) time.Duration {
		d := time.Duration(1+random.ExpFloat64()) * time.Millisecond
		if meets {
			d += 10 * time.Millisecond
		}
		return d
	})
	found := Examine(e)
	require.Len(t, found, 1)
	f := found[0]
	assert.Equal(t, summary.FindingGCPressure, f.Kind)
	assert.Equal(t, summary.BasisAssociation, f.Basis)
	assert.Contains(t, f.Sentence, "an association")
	assert.LessOrEqual(t, f.Confidence, 0.8)
	excess := f.Evidence[0]
	assert.True(t, *excess.Low > 0.25 && *excess.High <= 1 && *excess.Low <= *excess.Value && *excess.Value <= *excess.High)
}

func TestAWeakAssociationIsNotNamed(t *testing.T) {
	e := collected(func(random *rand.Rand, meets bool) time.Duration {
		d := time.Duration((1 + random.ExpFloat64()) * float64(time.Millisecond))
		if meets {
			d += 1500 * time.Microsecond
		}
		return d
	})
	o, ok := e.overlaps(0)
	require.True(t, ok)
	assert.Less(t, o.p, 0.01, "it is there")
	assert.Empty(t, Examine(e))
}

// Slow requests last longer, and so meet more cycles, whatever made them slow.
func TestSlowRequestsThatMeetCyclesByTheirLengthAloneAreNone(t *testing.T) {
	e := collected(func(random *rand.Rand, _ bool) time.Duration {
		if random.Float64() < 0.05 {
			return time.Duration(60+random.IntN(60)) * time.Millisecond
		}
		return time.Millisecond
	})
	o, ok := e.overlaps(0)
	require.True(t, ok)
	assert.Greater(t, o.slow, 2*o.all, "they do meet more")
	assert.Greater(t, o.p, 0.01)
	assert.Empty(t, Examine(e))
}

func TestTheSamePlaceboComesOfTheSameSeed(t *testing.T) {
	e := collected(func(random *rand.Rand, _ bool) time.Duration {
		return time.Duration(random.ExpFloat64() * float64(time.Millisecond))
	})
	a, _ := e.overlaps(0)
	b, _ := e.overlaps(0)
	assert.Equal(t, a, b)
}

func TestACollectorThatTakesTheProcessorIsNamedWithWhoAllocates(t *testing.T) {
	e := served(10 * time.Millisecond)
	e.counter(CPUGC, 0.6)
	e.counter(CPUTotal, 1.2)
	e.counter(GCCycles, 30)
	e.counter(AllocatedBytes, 200*1.2e6)
	e.counter(AllocatedObjects, 200*10_300)
	e.Allocations = &Allocations{Sites: []Site{{Stack: Stack{{"example.com/shop/table.(*Table).copy", "/src/table.go", 107}}, Share: 0.91}}}
	found := Examine(e)
	require.Len(t, found, 1)
	f := found[0]
	assert.Equal(t, summary.BasisMeasured, f.Basis)
	assert.Equal(t, "The garbage collector takes 50 % of the processor time of shop: a request allocates 1.2 MB in 10300 objects, "+
		"91 % of it in table.(*Table).copy (table.go:107)", f.Sentence)
}

// The runtime counts processors that it has, also where others run on them.
func TestACollectorOfAStarvedServiceIsNamedOnlyIfRequestsAllocateMuch(t *testing.T) {
	for bytes, want := range map[float64]int{60e3: 0, 1.5e6: 1} {
		e := served(10 * time.Millisecond)
		e.counter(CPUGC, 0.6)
		e.counter(CPUTotal, 1.2)
		e.counter(SchedWait, 0.6)
		e.counter(AllocatedBytes, 200*bytes)
		e.counter(AllocatedObjects, 200*100)
		assert.Len(t, Examine(e), want, bytes)
	}
}

func TestOfRequestsThatAllocateLittleTheShareMustBeLarge(t *testing.T) {
	for share, want := range map[float64]int{0.3: 0, 0.5: 1} {
		e := served(10 * time.Millisecond)
		e.counter(CPUGC, share)
		e.counter(CPUTotal, 1)
		e.counter(AllocatedBytes, 200*60e3)
		e.counter(AllocatedObjects, 200*400)
		assert.Len(t, Examine(e), want, share)
	}
}

func TestALittleCollectionIsNoPressure(t *testing.T) {
	e := served(10 * time.Millisecond)
	e.counter(CPUGC, 0.1)
	e.counter(CPUTotal, 1)
	e.counter(GCCycles, 8)
	assert.Empty(t, Examine(e))
}
