package calibrate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const ms = time.Millisecond

func TestWithoutWaitingTheTruthIsWhatWasInjected(t *testing.T) {
	c := Case{Rate: 100, Count: 40, Latency: twoPoint}
	got, err := truth(&c)
	require.NoError(t, err)
	for i, d := range got {
		assert.Equal(t, twoPoint(i), d)
	}
}

// Ten requests, one each 10 ms; the server stalls for 35 ms from the fourth on.
func TestAStallMakesAllWaitForItsEnd(t *testing.T) {
	c := Case{Rate: 100, Count: 10, Latency: fixed(ms), Stall: 35 * ms, StallAt: 3}
	got, err := truth(&c)
	require.NoError(t, err)
	assert.Equal(t, []time.Duration{ms, ms, ms, 36 * ms, 26 * ms, 16 * ms, 6 * ms, ms, ms, ms}, got)
}

// With one worker the fourth holds it to the end of the stall at 65 ms; those
// wanted meanwhile follow one after another, 2 ms each.
func TestWithoutAFreeWorkerRequestsWaitTheirTurn(t *testing.T) {
	c := Case{Rate: 100, Count: 9, Latency: fixed(2 * ms), Stall: 35 * ms, StallAt: 3, MaxWorkers: 1}
	got, err := truth(&c)
	require.NoError(t, err)
	// wanted at:                        0       10      20      30       40       50       60      70      80
	assert.Equal(t, []time.Duration{2 * ms, 2 * ms, 2 * ms, 37 * ms, 29 * ms, 21 * ms, 13 * ms, 5 * ms, 2 * ms}, got)
}

func TestTheWorkerThatIsFreeFirstTakesTheNextRequest(t *testing.T) {
	latency := []time.Duration{30 * ms, 5 * ms, 5 * ms, 5 * ms}
	c := Case{Rate: 1000, Count: 4, Latency: func(i int) time.Duration { return latency[i] }, MaxWorkers: 2}
	got, err := truth(&c)
	require.NoError(t, err)
	assert.Equal(t, []time.Duration{30 * ms, 5 * ms, 9 * ms, 13 * ms}, got)
}

func TestQuantilesAreOfTheNearestRank(t *testing.T) {
	var all []time.Duration
	for i := range 1000 {
		all = append(all, time.Duration(1000-i)*ms)
	}
	assert.Equal(t, Points{P50: .5, P90: .9, P95: .95, P99: .99, P999: .999, Max: 1}, points(all))
	assert.Equal(t, Points{P50: .007, P90: .007, P95: .007, P99: .007, P999: .007, Max: .007}, points([]time.Duration{7 * ms}))
}

func TestTheHeavyTailIsTheSameEachTimeAndBounded(t *testing.T) {
	var longest time.Duration
	over := 0
	for i := range 100_000 {
		d := pareto(i)
		require.Equal(t, d, pareto(i))
		require.GreaterOrEqual(t, d, ms)
		longest = max(longest, d)
		if d > 10*ms {
			over++
		}
	}
	assert.Equal(t, 500*ms, longest)
	assert.InDelta(t, 0.0316, float64(over)/100_000, 0.003, "P(d > 10 ms) = 10^-1.5")
}
