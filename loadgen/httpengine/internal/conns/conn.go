package conns

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/wire"
)

// shutWithin is how long the farewell of TLS may take.
const shutWithin = 250 * time.Millisecond

// conn is a connection that requests share, one at a time over HTTP/1.1.
type conn struct {
	pool        *pool
	tap         *tap
	many        bool // HTTP/2: any number of requests at a time
	local, peer netip.AddrPort

	had atomic.Bool // a request

	// Of HTTP/2. starting counts requests that have a place and no stream yet.
	starting atomic.Int32
	// urgent counts those of them that are sent again.
	urgent atomic.Int32
	// spoke reports that the target has sent its settings.
	spoke atomic.Bool
	// spoilt reports that it takes no more requests: net/http will not, or its last
	// one said so, which net/http heeds only if the target does.
	spoilt atomic.Bool
	// alien reports that what the target sent is not HTTP/2.
	alien atomic.Bool
	// goAway is 0 until the target sends GOAWAY, then 1 more than its error code.
	goAway atomic.Int64
	// took reports that, by its GOAWAY, the target has taken requests of it.
	took atomic.Bool

	// All below is guarded by the pool's mutex.
	via     *http.ClientConn // nil until the connection is open
	dial    *dial            // that opened it; nil once settled
	used    int              // requests that had a place
	active  int              // requests that have one
	settled bool             // HTTP/2: the target has said how many streams it allows
	listed  bool             // in pool.free
	retired bool             // takes no more requests
	dead    bool             // closed
	since   time.Duration    // idle since
}

// room reports whether the connection can take one more request at once.
//
// Subtle: an HTTP/2 connection that has said nothing yet takes one request. More
// might exceed the number of streams that it is about to allow, and be refused.
func (c *conn) room() bool {
	switch {
	case c.dead || c.retired || c.via == nil || c.spoilt.Load() || c.urgent.Load() > 0:
		return false
	case !c.many:
		return c.active == 0
	case c.via.Err() != nil: // of one that was never used, net/http says that it is available
		return false
	case !c.settled || !c.pool.set.options.KeepAlive:
		return c.used == 0
	default:
		return c.via.Available() > int(c.starting.Load())
	}
}

// spent reports whether an HTTP/2 connection, on which nothing is under way, will
// take no more requests. net/http closes such a connection at the end of a request
// that had a stream, and leaves one that is idle.
func (c *conn) spent() bool {
	return c.many && c.via != nil && c.active == 0 && !c.dead &&
		(c.goAway.Load() != 0 || c.spoilt.Load()) && c.via.InFlight() == 0
}

// again reports whether a request that failed may have another connection: none
// of it was written to this one, which had been used before; or the target said,
// in closing in good order, that it has not looked at it (RFC 9113, section 6.8).
func (c *conn) again(a *attempt, err error) bool {
	if !c.many {
		return a.reused && !c.tap.wrote.Load()
	}
	switch text := err.Error(); {
	case strings.Contains(text, "client conn not usable"):
		c.spoilt.Store(true)
		return !a.open()
	case strings.Contains(text, "graceful shutdown GOAWAY"):
		return c.goAway.Load() == 1 // NO_ERROR
	}
	return false
}

// cause is why the connection failed, where it knows better than net/http, which
// forgets why a connection came to nothing before its first request.
func (c *conn) cause(err error) error {
	switch {
	case c.alien.Load():
		return &ProtocolError{"the target does not answer in HTTP/2"}
	case err != errClosed && !strings.Contains(err.Error(), "client conn could not be established"):
		return err
	}
	if end := c.tap.ended.Load(); end != nil && *end != io.EOF {
		return *end
	}
	return errClosed
}

// shut closes connections. The caller holds no lock.
func shut(all []*conn) {
	for _, c := range all {
		if c.via != nil {
			c.via.Close()
		}
		c.tap.Close()
	}
}

// tap is what net/http reads, writes and closes. It shows the pool what net/http
// does not.
type tap struct {
	net.Conn
	conn   *conn
	wrote  atomic.Bool // something was written since the last request began
	closed atomic.Bool
	deaf   atomic.Bool           // HTTP/2: the target takes nothing more
	ended  atomic.Pointer[error] // the first error of reading
	frames frames                // only the reader touches it
	seen   frames                // what of frames net/http has acted on

	// Of HTTP/1. asks tells that a request is being written, or was, and has not ended.
	asks  atomic.Bool
	begun atomic.Bool   // the first request is, or the connection is closed
	first chan struct{} // closed when it begun
}

func newTap(nc net.Conn, c *conn) *tap { return &tap{Conn: nc, conn: c, first: make(chan struct{})} }

// Read implements net.Conn.
//
// Subtle: net/http reads the frames of an HTTP/2 connection one after another and
// acts on each before it reads on. So when it asks for more than it was given, it
// has acted on all that it was given.
func (t *tap) Read(b []byte) (int, error) {
	if t.conn.many {
		t.acted()
	}
	unused := !t.begun.Load()
	n, err := t.Conn.Read(b)
	if !t.conn.many && n > 0 && !t.asks.Load() {
		n, err = t.unasked(n, err, unused)
	}
	if err != nil {
		end := err // so that err itself need not be on the heap
		t.ended.CompareAndSwap(nil, &end)
	}
	if !t.conn.many {
		return n, err
	}
	t.frames.feed(b[:n])
	if t.frames.settings && !t.conn.spoke.Load() {
		t.conn.spoke.Store(true)
	}
	if t.frames.alien {
		t.conn.alien.Store(true)
	}
	if t.frames.goAway {
		t.conn.took.Store(t.frames.last > 0)
		t.conn.goAway.Store(int64(t.frames.code) + 1)
	}
	return n, err
}

// errStray reports that a target sent something while it was asked nothing. Whatever
// it is, it answers no request that came later.
var errStray = &wire.ProtocolError{What: "bytes that answer no request"}

// unasked is what to make of n bytes that came over HTTP/1 while no request was under
// way. If there was none before, they are the answer to the first, as to the direct
// transport: a target may turn away who connects before it reads anything.
func (t *tap) unasked(n int, err error, unused bool) (int, error) {
	if unused {
		<-t.first
		return n, err
	}
	return 0, errStray
}

// begin is called when the first request is being written, and after the last.
func (t *tap) begin() {
	if !t.begun.Load() && !t.begun.Swap(true) {
		close(t.first)
	}
}

// acted lets the pool look again at what the connection allows.
func (t *tap) acted() {
	news := t.frames.settings != t.seen.settings || t.frames.goAway != t.seen.goAway
	t.seen.settings, t.seen.goAway = t.frames.settings, t.frames.goAway
	if news || t.conn.pool.anyWaits() {
		t.conn.pool.look(t.conn, t.frames.settings)
	}
}

// Write implements net.Conn.
//
// Subtle: at the first error net/http closes an HTTP/2 connection, and with it what the
// target has said to the end: answers, and which requests it has not looked at. So it is
// not given the error. Reading comes to it too, after all that.
func (t *tap) Write(b []byte) (int, error) {
	if !t.conn.many {
		t.asks.Store(true)
		t.begin()
	}
	n, err := t.Conn.Write(b)
	if n > 0 || t.conn.pool.origin.secure { // of what TLS did not take, some may be on its way
		t.wrote.Store(true)
	}
	if err != nil && t.conn.many && !errors.Is(err, net.ErrClosed) {
		t.deaf.Store(true)
		return len(b), nil
	}
	return n, err
}

// Close implements net.Conn.
func (t *tap) Close() error {
	if t.closed.Swap(true) {
		return nil
	}
	t.begin()
	if secure, ok := t.Conn.(*tls.Conn); ok {
		raw := secure.NetConn()
		defer time.AfterFunc(shutWithin, func() { raw.Close() }).Stop()
	}
	err := t.Conn.Close()
	t.conn.pool.gone(t.conn)
	return err
}
