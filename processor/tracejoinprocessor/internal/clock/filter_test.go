package clock_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/clock"
)

// pair of a request that was sent at a time: the ways there and back and the work
// take a time each, and the target's clock is ahead.
func pair(at, out, work, back, ahead time.Duration) clock.Pair {
	sent := epoch.Add(at)
	return clock.Pair{
		Sent: sent, Done: sent.Add(out + work + back),
		Began: sent.Add(out + ahead), Ended: sent.Add(out + work + ahead),
	}
}

func fed(pairs ...clock.Pair) *clock.Filter {
	f := &clock.Filter{}
	for _, p := range pairs {
		f.Add(p)
	}
	return f
}

// roughly: to the grain of the times' digits, a few nanoseconds.
func roughly(t *testing.T, want, got clock.Estimate) {
	t.Helper()
	assert.InDelta(t, want.Offset, got.Offset, 1000, "offset")
	assert.InDelta(t, want.Bound, got.Bound, 1000, "bound")
}

func TestOnePairProvesThatTheServerBeganWhileTheClientWaited(t *testing.T) {
	p := pair(0, 100*us, 8*ms, 100*us, time.Second)
	want := clock.Estimate{Offset: time.Second - 4*ms, Bound: 4*ms + 100*us}
	got, ok := fed(p).Of(p)
	require.True(t, ok)
	roughly(t, want, got)
	got, ok = clock.Alone(p)
	require.True(t, ok)
	roughly(t, want, got)
}

func TestPairsAreIntersected(t *testing.T) {
	early, late := pair(0, 100*us, 8*ms, 100*us, 0), pair(ms, 5*ms, 0, 100*us, 0)
	got, ok := fed(early, late).Of(early)
	require.True(t, ok)
	roughly(t, clock.Estimate{Bound: 100 * us}, got)
}

// The bound holds whenever spans end; where the offset is within it they suggest.
func TestEndsPlaceTheEstimateAndDoNotNarrowIt(t *testing.T) {
	var f clock.Filter
	var p clock.Pair
	for i := range 10 {
		p = pair(time.Duration(i)*ms, 100*us, 100*ms, 100*us, time.Second)
		f.Add(p)
	}
	got, ok := f.Of(p)
	require.True(t, ok)
	assert.InDelta(t, time.Second, got.Offset, float64(2*us))
	assert.InDelta(t, 100*ms+100*us, got.Bound, float64(10*us))
}

// On the first clock filter two stages that contradicted themselves had a bound of a
// nanosecond each, and won for it.
func TestEvidenceThatContradictsItselfIsWide(t *testing.T) {
	a, b := pair(0, 100*us, ms, 100*us, 0), pair(ms, 100*us, ms, 100*us, 300*ms)
	f := fed(a, b, a, b)
	got, ok := f.At(epoch)
	require.True(t, ok)
	assert.LessOrEqual(t, got.Offset-got.Bound, time.Duration(0))
	assert.GreaterOrEqual(t, got.Offset+got.Bound, 300*ms)
	_, ok = f.Of(b)
	assert.False(t, ok, "it contradicts the estimate")
	got, ok = f.Of(a)
	require.True(t, ok)
	assert.Less(t, got.Bound, ms, "only one of the two can be meant")
	slow := pair(0, 100*us, time.Second, 100*us, 300*ms)
	got, ok = f.Of(slow)
	require.True(t, ok)
	assert.Greater(t, got.Bound, 150*ms, "either can")
}

func TestAClockThatWasSetIsFollowedAfterThreePairs(t *testing.T) {
	var f clock.Filter
	for i := range 100 {
		f.Add(pair(time.Duration(i)*100*ms, 100*us, ms, 100*us, time.Second))
	}
	set := pair(10*time.Second, 100*us, ms, 100*us, -time.Minute)
	for range 2 {
		f.Add(set)
		_, ok := f.Of(set)
		assert.False(t, ok, "it may be a broken span")
	}
	f.Add(set)
	got, ok := f.Of(set)
	require.True(t, ok)
	assert.LessOrEqual(t, (got.Offset + time.Minute).Abs(), got.Bound)
	assert.Less(t, got.Bound, ms)
}

func TestOnePairThatCannotBeTrueChangesNothing(t *testing.T) {
	good := pair(0, 100*us, ms, 100*us, time.Second)
	f := fed(good)
	before, _ := f.Of(good)
	wild := good
	wild.Began, wild.Ended = wild.Began.Add(time.Hour), wild.Ended.Add(time.Hour)
	f.Add(wild)
	for _, broken := range []clock.Pair{
		{Sent: epoch, Done: epoch.Add(-1), Began: epoch, Ended: epoch},
		{Sent: epoch, Done: epoch, Began: epoch, Ended: epoch.Add(-1)},
		{Sent: epoch, Done: epoch, Began: time.Unix(0, 0), Ended: epoch},
		{Sent: time.Unix(0, 0), Done: epoch, Began: epoch, Ended: epoch},
		{Sent: epoch, Done: epoch, Began: epoch.AddDate(200, 0, 0), Ended: epoch.AddDate(200, 0, 0)},
	} {
		f.Add(broken)
		_, ok := f.Of(broken)
		assert.False(t, ok)
		_, ok = clock.Alone(broken)
		assert.False(t, ok)
	}
	after, ok := f.Of(good)
	require.True(t, ok)
	assert.Equal(t, before, after)
}

func TestWithoutPairsNothingIsClaimedAndSilenceWidensTheBound(t *testing.T) {
	var f clock.Filter
	_, ok := f.At(epoch)
	require.False(t, ok)
	p := pair(0, 100*us, ms, 100*us, 0)
	_, ok = f.Of(p)
	require.False(t, ok)
	f.Add(p)
	soon, _ := f.At(epoch.Add(time.Second))
	late, _ := f.At(epoch.Add(time.Hour))
	assert.Greater(t, late.Bound-soon.Bound, 300*ms)
}

// Digits show what a clock cuts its times to, and then the truth may lie that far on.
func TestTheGrainOfTheTargetsClockIsAdded(t *testing.T) {
	for _, grain := range []time.Duration{time.Nanosecond, us, 500 * us, ms, 5 * ms, 10 * ms, time.Second} {
		p := pair(0, 0, 0, 0, 0)
		p.Began = p.Began.Truncate(time.Second).Add(grain)
		p.Ended = p.Began
		got, ok := clock.Alone(p)
		require.True(t, ok)
		assert.InDelta(t, 3*grain/4, got.Bound, 10, "%s: cut or rounded", grain)
	}
}
