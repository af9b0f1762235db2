package gccycle

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var zero = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(ms float64) time.Time { return zero.Add(time.Duration(ms * float64(time.Millisecond))) }

func look(ms float64, pauses float64, cycles uint64) Look {
	return Look{Before: at(ms), After: at(ms).Add(time.Microsecond), Pauses: pauses, Cycles: cycles}
}

func end(number uint64, ms float64) End {
	return End{Number: number, At: at(ms), Pause: 100 * time.Microsecond}
}

// seen starts a tracker that has seen the first cycle end at 1 ms.
func seen(t *testing.T) *Tracker {
	tracker := &Tracker{}
	tracker.Look(look(0, 0, 0))
	require.Len(t, tracker.Ended([]End{end(1, 1)}, look(1.1, 1, 1)), 1)
	return tracker
}

func TestACycleBeganBetweenTheTwoLooksThatDiffer(t *testing.T) {
	tracker := seen(t)
	tracker.Look(look(5, 1, 1))
	tracker.Look(look(10, 1, 1))
	tracker.Look(look(15, 2, 1)) // the first pause is over
	tracker.Look(look(20, 2, 1))
	got := tracker.Ended([]End{end(2, 22)}, look(22.1, 3, 2))
	require.Len(t, got, 1)
	assert.Equal(t, at(9.9), got[0].Earliest) // a pause before the look
	assert.Equal(t, at(15).Add(time.Microsecond), got[0].Latest)
	assert.Equal(t, at(22), got[0].End)
}

func TestACycleThatNoLookSawBeganAfterTheLastOne(t *testing.T) {
	tracker := seen(t)
	tracker.Look(look(5, 1, 1))
	got := tracker.Ended([]End{end(2, 7)}, look(7.1, 3, 2))
	assert.Equal(t, at(4.9), got[0].Earliest)
	assert.Equal(t, at(6.9), got[0].Latest)
}

// The runtime may try to end a mark phase, find more to mark, and go on.
func TestAnEndThatWasPutOffIsNoBegin(t *testing.T) {
	tracker := seen(t)
	tracker.Look(look(5, 1, 1))
	tracker.Look(look(10, 2, 1))
	tracker.Look(look(15, 2.5, 1))
	got := tracker.Ended([]End{end(2, 22)}, look(22.1, 3, 2))
	assert.Equal(t, at(10).Add(time.Microsecond), got[0].Latest)
}

// When news of an end comes late, the next cycle may have begun already, and its
// begin may be in the counters unseen.
func TestAfterLateNewsTheNextCycleIsBoundedByTheEndOfTheLast(t *testing.T) {
	tracker := seen(t)
	tracker.Ended([]End{end(2, 20)}, look(40, 9, 2))
	tracker.Look(look(45, 9, 2))
	got := tracker.Ended([]End{end(3, 50)}, look(50.1, 10, 3))
	assert.Equal(t, at(20), got[0].Earliest)
	assert.Equal(t, at(49.9), got[0].Latest)
}

func TestCyclesThatWereMissedFollowEachOther(t *testing.T) {
	tracker := seen(t)
	got := tracker.Ended([]End{end(2, 20), end(3, 30)}, look(31, 5, 3))
	require.Len(t, got, 2)
	assert.Equal(t, at(20), got[1].Earliest)
	assert.Equal(t, at(29.9), got[1].Latest)
}

func TestAClockThatWasSetBackGivesNoNegativeBounds(t *testing.T) {
	tracker := seen(t)
	tracker.Look(look(500, 1, 1))
	got := tracker.Ended([]End{end(2, 300)}, look(301, 3, 2))
	assert.False(t, got[0].Latest.Before(got[0].Earliest))
}

func TestLooksAreRareWhileNoCycleCanBegin(t *testing.T) {
	heap := func(ms float64, inUse uint64) Heap {
		return Heap{At: at(ms), Live: 100, Goal: 200, InUse: inUse}
	}
	fine := 5 * time.Millisecond
	for _, c := range []struct {
		name      string
		last, now Heap
		want      time.Duration
	}{
		{"near the goal", heap(0, 150), heap(10, 165), fine},
		{"nothing allocated", heap(0, 110), heap(20, 110), 40 * time.Millisecond},
		{"nothing allocated for long", heap(0, 110), heap(190, 110), slowest},
		{"half of the time that is left", heap(0, 120), heap(20, 130), 30 * time.Millisecond},
		{"a burst", heap(0, 100), heap(10, 159), fine},
		{"no goal", Heap{}, Heap{At: at(1)}, fine},
	} {
		assert.Equal(t, c.want, Pace(c.last, c.now, fine), c.name)
	}
}
