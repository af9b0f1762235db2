package hub

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func TestWithoutAWordOfAnyTargetSpansGoOnUnmarkedIfNoneIsNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options()
		o.Optional = true
		next := &fickle{seen: newSeen(), refuse: func() error { return nil }}
		h := New(o, Consumers{Traces: next})
		h.Start()
		require.NoError(t, h.Traces(t.Context(), alone(1, true)))
		assert.EqualValues(t, 1, h.Counts().Waited, "a target may still tell of the first requests")
		time.Sleep(o.Wait + time.Millisecond)
		synctest.Wait()
		next.seen.once(t, 1)
		assert.Empty(t, next.seen.joined)

		require.NoError(t, h.Traces(t.Context(), alone(2, true)))
		next.seen.once(t, 2)
		assert.EqualValues(t, 1, h.Counts().Waited, "by then it does not wait")
		assert.Zero(t, h.Coverage().None, "nobody has anything to tell")

		require.NoError(t, h.Traces(t.Context(), alone(2, false)))
		require.NoError(t, h.Traces(t.Context(), alone(3, true)))
		assert.EqualValues(t, 2, h.Counts().Waited, "a word was heard")
		require.NoError(t, h.Shutdown(t.Context()))
		next.seen.once(t, 5)
		assert.Len(t, next.seen.joined, 1)
		// Those of the silence were in no count: 7ed9d53 made 288 of 400 requests.
		assert.EqualValues(t, 3, h.Coverage().None+h.Coverage().Partial)
		assert.EqualValues(t, 3, h.Coverage().Missing["no_server_span"])
	})
}

// A server span of another run made a run without an instrumented target wait for nothing,
// and call all its requests unanswered.
func TestServerSpansOfOtherRunsAreNoWordOfTheRunsTargets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options()
		o.Optional = true
		foreign := alone(9, false).ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).TraceID()
		o.Own = func(id pcommon.TraceID) bool { return id != foreign }
		next := &fickle{seen: newSeen(), refuse: func() error { return nil }}
		h := New(o, Consumers{Traces: next})
		h.Start()
		require.NoError(t, h.Traces(t.Context(), alone(1, true)))
		require.NoError(t, h.Traces(t.Context(), alone(9, false)))
		assert.False(t, h.Expects())
		assert.False(t, h.Observed().Spans)
		require.NoError(t, h.Traces(t.Context(), alone(2, false)))
		assert.True(t, h.Expects())
		require.NoError(t, h.Shutdown(t.Context()))
	})
}

func TestNotMoreThanALittleWaitsForAFirstWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options()
		o.Optional, o.MaxBytes = true, 1<<20
		next := &fickle{seen: newSeen(), refuse: func() error { return nil }}
		h := New(o, Consumers{Traces: next})
		h.Start()
		for i := range 1000 {
			require.NoError(t, h.Traces(t.Context(), alone(i, true)))
			synctest.Wait()
		}
		c := h.Counts()
		assert.Positive(t, c.Waited)
		assert.LessOrEqual(t, c.HeldBytes, o.MaxBytes/pendingShare)
		assert.EqualValues(t, 1000, c.Waited+c.Passed)
		assert.Greater(t, c.Passed, c.Waited)
		require.NoError(t, h.Traces(t.Context(), alone(0, false)))
		require.NoError(t, h.Traces(t.Context(), alone(1000, true)))
		assert.EqualValues(t, c.Waited+1, h.Counts().Waited, "a word was heard")
		require.NoError(t, h.Shutdown(t.Context()))
		next.seen.once(t, 1003)
		assert.EqualValues(t, 1001, h.Coverage().None+h.Coverage().Partial+h.Coverage().Complete)
	})
}

func TestTheFirstRequestsWaitForTheFirstWordOfATarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options()
		o.Optional = true
		next := &fickle{seen: newSeen(), refuse: func() error { return nil }}
		h := New(o, Consumers{Traces: next})
		h.Start()
		require.NoError(t, h.Traces(t.Context(), alone(1, true)))
		time.Sleep(o.Wait / 2)
		require.NoError(t, h.Traces(t.Context(), alone(1, false)))
		time.Sleep(o.Wait)
		require.NoError(t, h.Shutdown(t.Context()))
		next.seen.once(t, 3)
		require.Len(t, next.seen.joined, 1)
		assert.EqualValues(t, 1, h.Coverage().Complete)
	})
}
