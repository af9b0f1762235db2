package clock_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/clock"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// world makes pairs of a target whose clock is offset(t) ahead at true time t.
type world struct {
	random *rand.Rand
	offset func(time.Duration) time.Duration
	late   time.Duration // how long server spans outlast their response, at most
	held   time.Duration // and for how long the processor is taken from some of them before they end
}

func (w world) pair(at time.Duration) clock.Pair {
	out := 50*time.Microsecond + time.Duration(w.random.ExpFloat64()*float64(300*time.Microsecond))
	back := 50*time.Microsecond + time.Duration(w.random.ExpFloat64()*float64(300*time.Microsecond))
	work := time.Duration(w.random.ExpFloat64() * float64(2*time.Millisecond))
	var late time.Duration
	if w.late > 0 {
		late = time.Duration(w.random.Int64N(int64(w.late)))
	}
	if w.held > 0 && w.random.IntN(4) == 0 {
		late += time.Duration(w.random.Int64N(int64(w.held)))
	}
	target := func(t time.Duration) time.Time { return epoch.Add(t + w.offset(t)) }
	return clock.Pair{
		Sent: epoch.Add(at), Began: target(at + out),
		Ended: target(at + out + work + late), Done: epoch.Add(at + out + work + back),
	}
}

func fixed(d time.Duration) func(time.Duration) time.Duration {
	return func(time.Duration) time.Duration { return d }
}

func TestTheTrueOffsetIsWithinTheBound(t *testing.T) {
	drifting := func(ppm float64, from time.Duration) func(time.Duration) time.Duration {
		return func(t time.Duration) time.Duration { return from + time.Duration(ppm*1e-6*float64(t)) }
	}
	for name, w := range map[string]world{
		"the same clock":                   {offset: fixed(0)},
		"three seconds ahead":              {offset: fixed(3 * time.Second)},
		"an hour behind":                   {offset: fixed(-time.Hour)},
		"drifting by 80 ppm":               {offset: drifting(80, -time.Second)},
		"server spans that end too late":   {offset: fixed(time.Second), late: 90 * time.Microsecond},
		"a busy target":                    {offset: fixed(time.Second), late: 90 * time.Microsecond, held: 3 * time.Millisecond},
		"drifting the other way, and late": {offset: drifting(-50, time.Minute), late: 90 * time.Microsecond},
	} {
		t.Run(name, func(t *testing.T) {
			w.random = rand.New(rand.NewPCG(1, 2))
			var f clock.Filter
			for at := time.Duration(0); at < 3*time.Minute; at += 20 * time.Millisecond {
				f.Add(w.pair(at))
				got, ok := f.At(epoch.Add(at))
				require.True(t, ok)
				require.LessOrEqual(t, (got.Offset - w.offset(at)).Abs(), got.Bound, "at %s", at)
				if at > 10*time.Second {
					require.Less(t, got.Bound, 700*time.Microsecond, "at %s", at)
				}
			}
		})
	}
}

func TestAClockThatWasSetIsFollowedAfterThreePairs(t *testing.T) {
	set := 30 * time.Second
	w := world{random: rand.New(rand.NewPCG(3, 4)), offset: func(t time.Duration) time.Duration {
		if t < set {
			return time.Second
		}
		return -time.Minute
	}}
	var f clock.Filter
	for at := time.Duration(0); at < set; at += 100 * time.Millisecond {
		f.Add(w.pair(at))
	}
	for range 3 {
		f.Add(w.pair(set))
	}
	got, _ := f.At(epoch.Add(set))
	assert.LessOrEqual(t, (got.Offset + time.Minute).Abs(), got.Bound)
}

func TestOnePairThatCannotBeTrueChangesNothing(t *testing.T) {
	w := world{random: rand.New(rand.NewPCG(5, 6)), offset: fixed(time.Second)}
	var f clock.Filter
	f.Add(w.pair(0))
	before, _ := f.At(epoch)
	wild := w.pair(0)
	wild.Began, wild.Ended = wild.Began.Add(time.Hour), wild.Ended.Add(time.Hour)
	f.Add(wild)
	f.Add(clock.Pair{Sent: epoch, Done: epoch.Add(-1)})
	after, _ := f.At(epoch)
	assert.Equal(t, before, after)
}

func TestWithoutPairsNothingIsClaimedAndSilenceWidensTheBound(t *testing.T) {
	var f clock.Filter
	_, ok := f.At(epoch)
	require.False(t, ok)
	f.Add(world{random: rand.New(rand.NewPCG(7, 8)), offset: fixed(0)}.pair(0))
	soon, _ := f.At(epoch.Add(time.Second))
	late, _ := f.At(epoch.Add(time.Hour))
	assert.Greater(t, late.Bound-soon.Bound, 300*time.Millisecond)
}

// A span may end long after its response was read, as those of handlers that go
// on working; its end then tells nothing.
func TestAServerThatOutlastsTheRequestIsStillPlaced(t *testing.T) {
	var f clock.Filter
	f.Add(clock.Pair{
		Sent: epoch, Done: epoch.Add(10 * time.Millisecond),
		Began: epoch.Add(time.Second + time.Millisecond), Ended: epoch.Add(2 * time.Second),
	})
	got, ok := f.At(epoch)
	require.True(t, ok)
	assert.LessOrEqual(t, (got.Offset - time.Second).Abs(), got.Bound)
	assert.Less(t, got.Bound, 6*time.Millisecond)
}
