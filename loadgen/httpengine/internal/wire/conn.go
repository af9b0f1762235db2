package wire

import (
	"bufio"
	"errors"
	"net"
	"net/netip"
	"time"
)

// errNeverSent reports that a connection was dead before a byte of the request
// could be written to it: another may be tried.
var errNeverSent = errors.New("nothing was sent")

// conn is a connection. One exchange at a time uses it; only its deadline may be
// touched from elsewhere.
type conn struct {
	net.Conn
	client      *Client
	probe       *probe
	turn        turn
	deadline    deadline
	reader      *bufio.Reader
	buffer      []byte // of the request being written
	lines       lines
	head        head // of the last response
	local, peer netip.AddrPort
	since       time.Duration // idle since
	asks        *Exchange     // whose request the next read sends
	failed      error         // of that
	broken      error         // of the read that failed
}

// Read implements io.Reader, for the connection's reader.
func (c *conn) Read(b []byte) (n int, err error) {
	if x := c.asks; x != nil {
		c.asks = nil
		n, err = c.ask(x, b)
	} else {
		n, err = c.Conn.Read(b)
	}
	if err != nil {
		c.broken = err
	}
	return n, err
}

// exchange sends a request and reads the response. keep tells that the
// connection can be used again; if not, it must be closed.
func (c *conn) exchange(x *Exchange) (keep bool, err error) {
	c.deadline.arm(x.Begin)
	if c.client.cancelled.Load() {
		c.deadline.cancel()
	}
	if x.Request.long() {
		keep, err = c.long(x)
	} else {
		keep, err = c.short(x)
	}
	over := c.deadline.disarm()
	if err != nil && over != nil {
		return false, over
	}
	return keep && err == nil && over == nil, err
}

// short exchanges a request that the send buffer takes at once.
func (c *conn) short(x *Exchange) (keep bool, err error) {
	c.asks, c.failed = x, nil
	keep, err = c.receive(x)
	if err != nil && err != errNeverSent && c.failed != nil {
		return false, c.failed // a target may answer, and close, before it has read the request
	}
	return keep && c.failed == nil, err
}

// stale reports whether an idle connection is of no more use, where that is not found
// when the request is sent.
func (c *conn) stale(r *Request) bool {
	return (c.turn.raw == nil || r.secure || r.long()) && c.probe.stale()
}

// long exchanges a request that the target has to read while it is written: it
// might wait to be read itself, or answer and close before it has read the
// request.
func (c *conn) long(x *Exchange) (keep bool, err error) {
	type result struct {
		at  time.Duration
		err error
	}
	written := make(chan result, 1)
	go func() {
		err := x.Request.writeLong(c, x)
		written <- result{c.client.now(), err}
	}()
	keep, err = c.receive(x)
	early := false
	var w result
	select {
	case w = <-written:
	default:
		early = true // the answer is here, or never will be: so the rest of the request is of no use
		c.SetWriteDeadline(past)
		w = <-written
		c.SetWriteDeadline(time.Time{}) // it may have been written after all
	}
	x.Wrote, x.Sent = w.at, w.err == nil
	if err != nil && w.err != nil && !early {
		return false, w.err
	}
	return keep && x.Sent, err
}

func (c *conn) close() {
	c.deadline.stop()
	c.client.mu.Lock()
	delete(c.client.open, c)
	c.client.mu.Unlock()
	c.Conn.Close()
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[net.Error](err)
	return ok && t.Timeout()
}
