package wire

import (
	"context"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// States of a deadline; any value above them is the offset at which it expires.
const (
	unarmed   = 0
	expired   = -1 // the exchange took too long
	cancelled = -2 // the client was cut off
	closed    = -3 // the connection is closed
)

// past is a deadline that has passed: it ends a read or write under way.
var past = time.Unix(1, 0)

// deadline bounds the exchanges of one connection in time. Setting a net.Conn deadline
// for each exchange would reset a timer each time; this timer runs on, checks when it
// fires whether the exchange under way is that old, and sleeps again until it can be.
//
// Subtle: an exchange that begins after the timer last checked ends later than one
// timeout after that, so the timer wakes in time for it. One that began before,
// and has waited for its connection since, may end earlier: arm then has the
// timer fire earlier. arm sets state before it reads wake, and sleep sets wake
// before it reads state, so that one of the two sees the other's change.
type deadline struct {
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

// start makes the deadline ready. Without a timeout it can only be cancelled.
func (d *deadline) start() {
	d.wake.Store(never)
	if d.timeout > 0 {
		d.timer = time.AfterFunc(never, d.check) // look uses the timer, so it must be there first
		d.sleep(d.now() + d.timeout)
	}
}

// arm begins an exchange, which ends at begin plus the timeout at the latest.
func (d *deadline) arm(begin time.Duration) {
	if d.timeout == 0 {
		d.state.Store(never)
		return
	}
	until := begin + d.timeout
	d.state.Store(int64(until))
	if int64(until) < d.wake.Load() {
		d.sleep(until)
	}
}

// disarm ends the exchange. The error says why it was ended before, and then the
// connection is of no further use.
func (d *deadline) disarm() error {
	switch d.state.Swap(unarmed) {
	case expired:
		return os.ErrDeadlineExceeded
	case cancelled:
		return context.Canceled
	}
	return nil
}

func (d *deadline) check() {
	until := d.state.Load()
	now := d.now()
	switch {
	case until == unarmed:
		d.sleep(now + d.timeout)
	case until < unarmed:
	case int64(now) < until:
		d.sleep(time.Duration(until))
	case d.state.CompareAndSwap(until, expired):
		d.conn.SetDeadline(past)
	default: // the exchange ended this moment
		d.sleep(now + d.timeout)
	}
}

// sleep has the timer fire at wake, or earlier if the exchange under way ends
// earlier.
func (d *deadline) sleep(wake time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wake.Store(int64(wake))
	if until := d.state.Load(); unarmed < until && until < int64(wake) {
		wake = time.Duration(until)
		d.wake.Store(until)
	}
	d.timer.Reset(wake - d.now())
}

// cancel ends the exchange under way, if any.
func (d *deadline) cancel() {
	for until := d.state.Load(); until > unarmed; until = d.state.Load() {
		if d.state.CompareAndSwap(until, cancelled) {
			d.conn.SetDeadline(past)
			return
		}
	}
}

func (d *deadline) stop() {
	d.state.Store(closed)
	if d.timer != nil {
		d.timer.Stop()
	}
}
