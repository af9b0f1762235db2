package parent

import (
	"context"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAWatchEndsWhenStoppedAndLeavesNothingBehind(t *testing.T) {
	ctx, stop := Watch(t.Context())
	require.NoError(t, ctx.Err())
	stop()
	require.ErrorIs(t, context.Cause(ctx), context.Canceled)
	require.NotErrorIs(t, context.Cause(ctx), ErrGone)
}

func TestAGoneParentIsNoticedWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		gone := func() bool { return time.Since(begin) >= 1500*time.Millisecond }
		assert.True(t, poll(t.Context(), gone, nil))
		assert.Equal(t, 2*time.Second, time.Since(begin))
	})
}

func TestASignalMakesItLookAtOnceButIsNotTakenAtItsWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var gone atomic.Bool
		told := make(chan os.Signal)
		result := make(chan bool)
		go func() { result <- poll(t.Context(), gone.Load, told) }()
		told <- os.Interrupt // a thread of the parent ended, not the parent
		synctest.Wait()
		gone.Store(true)
		told <- os.Interrupt
		assert.True(t, <-result)
		assert.Zero(t, time.Since(begin))
	})
}
