package gccycle

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var zero = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(ms float64) time.Time { return zero.Add(time.Duration(ms * float64(time.Millisecond))) }

func look(ms float64, stops, cycles uint64) Look {
	return Look{Before: at(ms), After: at(ms).Add(time.Microsecond), Stops: stops, Cycles: cycles}
}

func end(number uint64, ms float64) End {
	return End{Number: number, At: at(ms), Pause: 100 * time.Microsecond}
}

// seen starts a tracker that has seen the first cycle end at 1 ms.
func seen(t *testing.T) *Tracker {
	tracker := &Tracker{}
	tracker.Look(look(0, 0, 0))
	require.Len(t, tracker.Ended([]End{end(1, 1)}, look(1.1, 2, 1)), 1)
	return tracker
}

func TestACycleBeganBetweenTheTwoLooksThatDiffer(t *testing.T) {
	tracker := seen(t)
	tracker.Look(look(5, 2, 1))
	tracker.Look(look(10, 2, 1))
	tracker.Look(look(15, 3, 1)) // in or after the first pause
	tracker.Look(look(20, 3, 1))
	got := tracker.Ended([]End{end(2, 22)}, look(22.1, 4, 2))
	require.Len(t, got, 1)
	assert.Equal(t, at(9.9), got[0].Earliest) // a pause before the look
	assert.Equal(t, at(15).Add(time.Microsecond), got[0].Latest)
	assert.Equal(t, at(22), got[0].End)
}

func TestACycleThatNoLookSawBeganAfterTheLastOne(t *testing.T) {
	tracker := seen(t)
	tracker.Look(look(5, 2, 1))
	got := tracker.Ended([]End{end(2, 7)}, look(7.1, 4, 2))
	assert.Equal(t, at(4.9), got[0].Earliest)
	assert.Equal(t, at(6.9), got[0].Latest)
}

// Near its memory limit, a target begins the next cycle within microseconds of the
// last one's end. It was once taken for idle because the end had just been seen.
func TestACycleThatBeganBeforeTheEndOfTheLastWasSeenIsBoundedByThatEnd(t *testing.T) {
	tracker := seen(t)
	tracker.Ended([]End{end(2, 20)}, look(20.1, 5, 2)) // five pauses: the third cycle is under way
	tracker.Look(look(25, 5, 2))
	got := tracker.Ended([]End{end(3, 30)}, look(30.1, 6, 3))
	assert.Equal(t, at(20), got[0].Earliest)
	assert.Equal(t, at(29.9), got[0].Latest)
	got = tracker.Ended([]End{end(4, 42)}, look(42.1, 8, 4))
	assert.Equal(t, at(30), got[0].Earliest, "it was idle at 30.1")
}

// Between two reads of counters a cycle may end.
func TestALookThatIsTornProvesNothing(t *testing.T) {
	tracker := seen(t)
	torn := look(20.1, 4, 2) // of these pauses one may be the third cycle's
	torn.Torn = true
	tracker.Ended([]End{end(2, 20)}, torn)
	tracker.Look(look(25, 5, 2))
	got := tracker.Ended([]End{end(3, 30)}, look(30.1, 6, 3))
	assert.Equal(t, at(20), got[0].Earliest)
	assert.Equal(t, at(29.9), got[0].Latest, "nor that it began later")
}

// One that was under way when the watch began may have begun at any time.
func TestACycleThatMayHaveBegunBeforeTheWatchIsLeftOut(t *testing.T) {
	tracker := &Tracker{}
	tracker.Look(look(0, 21, 10))
	assert.Empty(t, tracker.Ended([]End{end(11, 5)}, look(5.1, 22, 11)))
	got := tracker.Ended([]End{end(12, 10)}, look(10.1, 24, 12))
	require.Len(t, got, 1)
	assert.Equal(t, at(5), got[0].Earliest)
}

// The runtime may try to end a mark phase, find more to mark, and go on.
func TestAnEndThatWasPutOffIsNoBegin(t *testing.T) {
	tracker := seen(t)
	tracker.Look(look(5, 2, 1))
	tracker.Look(look(10, 3, 1))
	tracker.Look(look(15, 4, 1))
	got := tracker.Ended([]End{end(2, 22)}, look(22.1, 5, 2))
	assert.Equal(t, at(10).Add(time.Microsecond), got[0].Latest)
	tracker.Look(look(30, 5, 2)) // idle: fewer pauses beyond two a cycle than at 15
	tracker.Look(look(35, 6, 2))
	got = tracker.Ended([]End{end(3, 40)}, look(40.1, 7, 3))
	assert.Equal(t, at(29.9), got[0].Earliest)
	assert.Equal(t, at(35).Add(time.Microsecond), got[0].Latest)
}

// An end that was put off between two looks cannot be told from the begin of the next
// cycle, until a look sees a cycle under way.
func TestAnEndThatWasPutOffUnseenLeavesTheNextBeginUnknown(t *testing.T) {
	tracker := seen(t)
	tracker.Look(look(5, 3, 1))
	tracker.Ended([]End{end(2, 10)}, look(10.1, 5, 2)) // a third pause of it, or the next's first
	tracker.Look(look(15, 5, 2))
	tracker.Look(look(20, 6, 2))
	got := tracker.Ended([]End{end(3, 25)}, look(25.1, 7, 3))
	assert.Equal(t, at(10), got[0].Earliest)
	assert.Equal(t, at(24.9), got[0].Latest)
	got = tracker.Ended([]End{end(4, 40)}, look(40.1, 9, 4))
	assert.Equal(t, at(25), got[0].Earliest)
	tracker.Look(look(45, 9, 4))
	got = tracker.Ended([]End{end(5, 50)}, look(50.1, 11, 5))
	assert.Equal(t, at(44.9), got[0].Earliest)
}

// When news of an end comes late, the next cycle may have begun already, and its
// begin may be in the counters unseen.
func TestAfterLateNewsTheNextCycleIsBoundedByTheEndOfTheLast(t *testing.T) {
	tracker := seen(t)
	tracker.Ended([]End{end(2, 20)}, look(40, 5, 2))
	tracker.Look(look(45, 5, 2))
	got := tracker.Ended([]End{end(3, 50)}, look(50.1, 6, 3))
	assert.Equal(t, at(20), got[0].Earliest)
	assert.Equal(t, at(49.9), got[0].Latest)
}

func TestCyclesThatWereMissedFollowEachOther(t *testing.T) {
	tracker := seen(t)
	got := tracker.Ended([]End{end(2, 20), end(3, 30)}, look(31, 6, 3))
	require.Len(t, got, 2)
	assert.Equal(t, at(20), got[1].Earliest)
	assert.Equal(t, at(29.9), got[1].Latest)
}

func TestAClockThatWasSetBackGivesNoNegativeBounds(t *testing.T) {
	tracker := seen(t)
	tracker.Look(look(500, 2, 1))
	got := tracker.Ended([]End{end(2, 300)}, look(301, 4, 2))
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
