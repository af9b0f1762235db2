package wire

import (
	"context"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// deadlines notes when a connection was given a deadline that has passed.
type deadlines struct {
	clock time.Time
	at    []time.Duration
}

func (d *deadlines) SetDeadline(time.Time) error {
	d.at = append(d.at, time.Since(d.clock))
	return nil
}

func newFuse(timeout time.Duration) (*fuse, *deadlines) {
	d := &deadlines{clock: time.Now()}
	f := &fuse{conn: d, now: func() time.Duration { return time.Since(d.clock) }, timeout: timeout}
	f.start()
	return f, d
}

func TestAFuseBurnsDownOneTimeoutAfterItsExchangeBegan(t *testing.T) {
	for _, idle := range []time.Duration{1, 50, 99, 100, 101, 150, 199, 1234} {
		synctest.Test(t, func(t *testing.T) {
			f, d := newFuse(100)
			defer f.stop()
			time.Sleep(idle)
			begin := f.now()
			f.light(begin)
			time.Sleep(99)
			synctest.Wait()
			assert.Empty(t, d.at)
			time.Sleep(1)
			synctest.Wait()
			assert.Equal(t, []time.Duration{begin + 100}, d.at)
			assert.ErrorIs(t, f.douse(), os.ErrDeadlineExceeded)
		})
	}
}

func TestAFuseOutlivesManyShortExchanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, d := newFuse(100)
		defer f.stop()
		for i := range 1000 {
			f.light(f.now())
			time.Sleep(time.Duration(i % 100))
			assert.NoError(t, f.douse())
			time.Sleep(time.Duration(i % 7))
		}
		synctest.Wait()
		assert.Empty(t, d.at)
		f.light(f.now())
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Len(t, d.at, 1)
		assert.Error(t, f.douse())
	})
}

func TestASeveredFuseEndsWhatIsUnderWayAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, d := newFuse(0)
		f.sever()
		assert.Empty(t, d.at, "nothing is under way")
		f.light(f.now())
		time.Sleep(24 * time.Hour)
		assert.Empty(t, d.at, "there is no timeout")
		f.sever()
		f.sever()
		assert.Len(t, d.at, 1)
		assert.ErrorIs(t, f.douse(), context.Canceled)
	})
}

func TestAStoppedFuseStaysOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, d := newFuse(100)
		f.light(f.now())
		f.stop()
		f.sever()
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Empty(t, d.at)
	})
}
