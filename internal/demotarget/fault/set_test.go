package fault

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/loadtrace/loadtrace/internal/demotarget/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFaultsAreReadByName(t *testing.T) {
	set, err := Parse("gc-pressure, lock-contention")
	require.NoError(t, err)
	assert.Equal(t, Set{GCPressure, LockContention}, set)
	set, err = Parse("")
	require.NoError(t, err)
	assert.Empty(t, set)
	_, err = Parse("gc-pressure,fire")
	assert.EqualError(t, err, `"fire" is not a fault; write some of goroutine-leak,gc-pressure,pool-exhaustion,lock-contention, or nothing`)
}

func TestWhatLeaksIsBoundedAndEndsAtTheStop(t *testing.T) {
	h := NewHabits(Set{GoroutineLeak}, nil)
	h.leak.started.Store(leakLimit - 1)
	for range 3 {
		h.Accepted(token.Claims{Subject: "one"})
	}
	assert.EqualValues(t, leakLimit+2, h.leak.started.Load())
	h.Stop() // goleak sees whether one was started that this does not end
}

func TestTheRankingIsRightHoweverOftenItIsMade(t *testing.T) {
	h := NewHabits(Set{LockContention}, nil)
	defer h.Stop()
	for i := range 30 {
		for range i + 1 {
			h.Accepted(token.Claims{Subject: fmt.Sprintf("user-%02d", i)})
		}
	}
	require.Len(t, h.ranking.leaders, top)
	assert.Equal(t, "user-29", h.ranking.leaders[0])
	assert.Equal(t, "user-20", h.ranking.leaders[top-1])
}

func TestTheCopyIsOfTheWholeTable(t *testing.T) {
	records := token.DemoRecords(token.Key("k"))
	h := NewHabits(Set{GCPressure}, records)
	h.Accepted(token.Claims{})
	h.Stop()
	assert.EqualValues(t, len(records), h.hoard.seen.Load())
}

func TestAServiceWithoutFaultsHasNoHabits(t *testing.T) {
	h := NewHabits(nil, nil)
	h.Accepted(token.Claims{})
	h.Stop()
	assert.Equal(t, Habits{}, *h)
}
