package wire

import (
	"context"
	"math"
	"os"
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
// Subtle: whatever exchange is under way when the timer sleeps, it will wake no
// later than that one's end: an exchange that begins later ends later than one
// timeout after the timer last looked.
type fuse struct {
	conn    interface{ SetDeadline(time.Time) error }
	now     func() time.Duration
	timeout time.Duration
	state   atomic.Int64
	timer   *time.Timer
}

// never is longer than any exchange.
const never = math.MaxInt64

// start makes the fuse ready. Without a timeout it can only be severed.
func (f *fuse) start() {
	if f.timeout > 0 {
		f.timer = time.AfterFunc(never, f.look) // look uses the timer, so it must be there first
		f.timer.Reset(f.timeout)
	}
}

// light begins an exchange, which ends at begin plus the timeout at the latest.
func (f *fuse) light(begin time.Duration) {
	until := begin + f.timeout
	if f.timeout == 0 {
		until = never
	}
	f.state.Store(int64(until))
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
		f.timer.Reset(f.timeout)
	case until < unlit:
	case int64(now) < until:
		f.timer.Reset(time.Duration(until) - now)
	case f.state.CompareAndSwap(until, burnt):
		f.conn.SetDeadline(past)
	default: // the exchange ended this moment
		f.timer.Reset(f.timeout)
	}
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
