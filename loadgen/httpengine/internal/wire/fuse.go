package wire

import (
	"context"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// States of a fuse; any value above them is the offset at which it burns down.
const (
	unlit   = 0
	burnt   = -1 // the exchange took too long
	severed = -2 // the client was cut off
	removed = -3 // the connection is closed
)

// past is a deadline that has passed: it ends a read or write under way.
var past = time.Unix(1, 0)

// fuse bounds the exchanges of one connection in time. Setting a deadline for
// each exchange costs a change of a timer each; this timer runs on, looks when it
// fires whether the exchange under way is that old, and sleeps again until it
// can be.
//
// Subtle: an exchange that begins after the timer last looked ends later than one
// timeout after that, so the timer wakes in time for it. One that began before,
// and has waited for its connection since, may end earlier: light then has the
// timer fire earlier. light sets state before it reads wake, and sleep sets wake
// before it reads state, so that one of the two sees what the other did.
type fuse struct {
	conn    interface{ SetDeadline(time.Time) error }
	now     func() time.Duration
	timeout time.Duration
	state   atomic.Int64

	mu    sync.Mutex   // guards changes of all below
	wake  atomic.Int64 // offset at which the timer fires
	timer *time.Timer
}

// never is longer than any exchange.
const never = math.MaxInt64

// start makes the fuse ready. Without a timeout it can only be severed.
func (f *fuse) start() {
	f.wake.Store(never)
	if f.timeout > 0 {
		f.timer = time.AfterFunc(never, f.look) // look uses the timer, so it must be there first
		f.sleep(f.now() + f.timeout)
	}
}

// light begins an exchange, which ends at begin plus the timeout at the latest.
func (f *fuse) light(begin time.Duration) {
	if f.timeout == 0 {
		f.state.Store(never)
		return
	}
	until := begin + f.timeout
	f.state.Store(int64(until))
	if int64(until) < f.wake.Load() {
		f.sleep(until)
	}
}

// douse ends the exchange. The error says why it was ended before, and then the
// connection is of no further use.
func (f *fuse) douse() error {
	switch f.state.Swap(unlit) {
	case burnt:
		return os.ErrDeadlineExceeded
	case severed:
		return context.Canceled
	}
	return nil
}

func (f *fuse) look() {
	until := f.state.Load()
	now := f.now()
	switch {
	case until == unlit:
		f.sleep(now + f.timeout)
	case until < unlit:
	case int64(now) < until:
		f.sleep(time.Duration(until))
	case f.state.CompareAndSwap(until, burnt):
		f.conn.SetDeadline(past)
	default: // the exchange ended this moment
		f.sleep(now + f.timeout)
	}
}

// sleep has the timer fire at wake, or earlier if the exchange under way ends
// earlier.
func (f *fuse) sleep(wake time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wake.Store(int64(wake))
	if until := f.state.Load(); unlit < until && until < int64(wake) {
		wake = time.Duration(until)
		f.wake.Store(until)
	}
	f.timer.Reset(wake - f.now())
}

// sever ends the exchange under way, if any.
func (f *fuse) sever() {
	for until := f.state.Load(); until > unlit; until = f.state.Load() {
		if f.state.CompareAndSwap(until, severed) {
			f.conn.SetDeadline(past)
			return
		}
	}
}

func (f *fuse) stop() {
	f.state.Store(removed)
	if f.timer != nil {
		f.timer.Stop()
	}
}
