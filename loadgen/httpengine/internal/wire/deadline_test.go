package wire

import (
	"context"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// deadlines notes when a connection was given a deadline that has passed.
type deadlines struct {
	clock time.Time

	mu sync.Mutex // guards at
	at []time.Duration
}

func (d *deadlines) told() []time.Duration {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.at)
}

func (d *deadlines) SetDeadline(time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = append(d.at, time.Since(d.clock))
	return nil
}

func newDeadline(timeout time.Duration) (*deadline, *deadlines) {
	d := &deadlines{clock: time.Now().Add(-time.Second)}
	f := &deadline{conn: d, now: func() time.Duration { return time.Since(d.clock) }, timeout: timeout}
	f.start()
	return f, d
}

func TestADeadlineExpiresOneTimeoutAfterItsExchangeBegan(t *testing.T) {
	for _, idle := range []time.Duration{1, 50, 99, 100, 101, 150, 199, 1234} {
		synctest.Test(t, func(t *testing.T) {
			f, d := newDeadline(100)
			defer f.stop()
			time.Sleep(idle)
			begin := f.now()
			f.arm(begin)
			time.Sleep(99 * time.Nanosecond)
			assert.Empty(t, d.told())
			time.Sleep(1 * time.Nanosecond)
			assert.Equal(t, []time.Duration{begin + 100}, d.told())
			assert.ErrorIs(t, f.disarm(), os.ErrDeadlineExceeded)
		})
	}
}

// An exchange that has waited for its connection began before the timer last looked.
func TestADeadlineExpiresInTimeForAnExchangeThatBeganBefore(t *testing.T) {
	for _, ago := range []time.Duration{1, 50, 99, 100, 150} {
		for _, idle := range []time.Duration{0, 1, 60, 99, 100, 101, 160} {
			synctest.Test(t, func(t *testing.T) {
				f, d := newDeadline(100)
				defer f.stop()
				time.Sleep(idle)
				begin := f.now()
				f.arm(begin - ago)
				time.Sleep(100 - min(ago, 100))
				assert.Equal(t, []time.Duration{begin + 100 - min(ago, 100)}, d.told())
				assert.ErrorIs(t, f.disarm(), os.ErrDeadlineExceeded)
			})
		}
	}
}

// Lights and looks at the same moments: none of the exchanges is cut off early, and
// the one that hangs is not cut off late.
func TestADeadlineIsInTimeWhateverWasBefore(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.IntRange(0, 220), 0, 40).Draw(rt, "steps")
		hangs := time.Duration(rapid.IntRange(0, 99).Draw(rt, "ago"))
		synctest.Test(t, func(t *testing.T) {
			f, d := newDeadline(100)
			defer f.stop()
			for _, s := range steps {
				took := time.Duration(s % 50)
				f.arm(f.now() - time.Duration(s%100-s%50)) // up to 50 ago
				time.Sleep(took)
				assert.NoError(t, f.disarm())
				time.Sleep(time.Duration(s))
			}
			begin := f.now() - hangs
			f.arm(begin)
			time.Sleep(1000)
			assert.Equal(t, []time.Duration{begin + 100}, d.told())
		})
	})
}

func TestADeadlineOutlivesManyShortExchanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, d := newDeadline(100)
		defer f.stop()
		for i := range 1000 {
			f.arm(f.now())
			time.Sleep(time.Duration(i % 100))
			assert.NoError(t, f.disarm())
			time.Sleep(time.Duration(i % 7))
		}
		assert.Empty(t, d.told())
		f.arm(f.now())
		time.Sleep(time.Second)
		assert.Len(t, d.told(), 1)
		assert.Error(t, f.disarm())
	})
}

func TestACancelledDeadlineEndsWhatIsUnderWayAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, d := newDeadline(0)
		f.cancel()
		assert.Empty(t, d.told(), "nothing is under way")
		f.arm(f.now())
		time.Sleep(24 * time.Hour)
		assert.Empty(t, d.told(), "there is no timeout")
		f.cancel()
		f.cancel()
		assert.Len(t, d.told(), 1)
		assert.ErrorIs(t, f.disarm(), context.Canceled)
	})
}

func TestAStoppedDeadlineStaysUnarmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, d := newDeadline(100)
		f.arm(f.now())
		f.stop()
		f.cancel()
		time.Sleep(time.Second)
		assert.Empty(t, d.told())
	})
}
