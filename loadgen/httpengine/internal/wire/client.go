package wire

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
)

// Options of a client.
type Options struct {
	// Clock is where the offsets of Times count from.
	Clock time.Time
	// Timeout bounds an exchange from its beginning to the last byte of the
	// response; 0 is no bound.
	Timeout time.Duration
	// KeepAlive is whether connections are used again.
	KeepAlive bool
	// Idle is how many connections of an origin may wait to be used again.
	Idle int
	// IdleTimeout is how long they may; 0 is for ever.
	IdleTimeout time.Duration
	// Most is how many connections an origin may have, 0 is any number. When all
	// are in use, exchanges wait for one in the order in which they came.
	Most int
	// MaxBody bounds the body of a response, in bytes.
	MaxBody int64
	// TLS is how to speak to https origins; nil is the default.
	TLS *tls.Config
	// Excerpt selects, by status, the responses of whose body to keep the beginning;
	// nil is of none.
	Excerpt func(status int) bool
	// Dial opens connections.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client exchanges requests and responses. Any number of goroutines may use it.
type Client struct {
	options   Options
	cancelled atomic.Bool
	base      context.Context // of dials
	cancel    context.CancelFunc

	mu    sync.Mutex // guards all below
	pools map[origin]*pool
	open  map[*conn]struct{}
}

type origin struct {
	secure  bool
	address string
}

// New makes a client. Close releases what it holds.
func New(o Options) *Client {
	c := &Client{options: o, pools: map[origin]*pool{}, open: map[*conn]struct{}{}}
	c.base, c.cancel = context.WithCancel(context.Background())
	return c
}

// Exchange is one request and what came of it. The caller sets Request,
// Traceparent and Begin, from which the timeout counts; all else is zero before.
type Exchange struct {
	Request     *Request
	Traceparent [enginekit.TraceParentLen]byte

	Times
	Status      int
	Proto       uint8  // 10 or 11
	Sent        bool   // the whole request was written
	Received    int64  // bytes of the response's body
	Excerpt     []byte // of the beginning of the body, where Options.Excerpt wants it
	Coding      string // Content-Encoding, if there is an excerpt
	Reused      bool   // the connection had been used before
	Dialed      int    // connections opened
	Local, Peer netip.AddrPort
	// Handshake reports that the TLS handshake failed.
	Handshake bool
}

// forget what was seen of a connection that turned out to be dead before anything
// was written to it. That time is waiting for a connection.
func (x *Exchange) forget() {
	x.Times = Times{Begin: x.Begin}
	x.Reused, x.Sent = false, false
	x.Local, x.Peer = netip.AddrPort{}, netip.AddrPort{}
}

// Do sends the request and reads the response to its end. An error means that
// no whole response came; what did come is in x all the same.
//
// Errors are those of package net, os.ErrDeadlineExceeded after Timeout,
// context.Canceled after Cancel, a *ProtocolError, ErrBodyTooLong, or wrap io.EOF or
// io.ErrUnexpectedEOF where the target closed the connection. ErrConnectionWait and
// ErrCutWaiting stand for the timeout and Cancel while the exchange waited for a
// connection: nothing of it was on the network.
func (c *Client) Do(x *Exchange) error {
	pool := c.pool(x.Request)
	for {
		conn, err := pool.get(x)
		if err != nil {
			return err
		}
		keep, err := conn.exchange(x)
		if keep {
			pool.put(conn)
			return nil
		}
		pool.discard(conn)
		if err != errNeverSent {
			return err
		}
		x.forget()
	}
}

func (c *Client) now() time.Duration { return time.Since(c.options.Clock) }

func (c *Client) pool(r *Request) *pool {
	if p := r.pool.Load(); p != nil && p.client == c {
		return p
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := origin{r.secure, r.address}
	p := c.pools[key]
	if p == nil {
		p = &pool{client: c, most: c.options.Most}
		c.pools[key] = p
	}
	r.pool.Store(p)
	return p
}

// Cancel ends what is under way, and whatever is begun later, with
// context.Canceled.
func (c *Client) Cancel() {
	c.cancelled.Store(true)
	c.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.open {
		conn.deadline.cancel()
	}
}

// Close closes the connections that are idle. Nothing is under way any more.
func (c *Client) Close() {
	c.cancel()
	c.mu.Lock()
	pools := c.pools
	c.pools = map[origin]*pool{}
	c.mu.Unlock()
	for _, p := range pools {
		p.drain()
	}
}
