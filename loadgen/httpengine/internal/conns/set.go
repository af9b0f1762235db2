package conns

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/wire"
	"github.com/loadtrace/loadtrace/loadgen/internal/hostname"
)

// Options of a set of connections.
type Options struct {
	// Clock is where the offsets of times count from.
	Clock time.Time
	// Protocol is what is spoken; the empty one is auto.
	Protocol loadgen.Protocol
	// Timeout is how long an HTTP/2 connection may be silent before it is probed
	// with a ping, and how long the ping may take.
	Timeout time.Duration
	// KeepAlive is whether connections are used again.
	KeepAlive bool
	// Idle is how many connections of an origin may be idle.
	Idle int
	// IdleTimeout is how long they may; 0 is for ever.
	IdleTimeout time.Duration
	// Most is how many connections an origin may have, 0 is any number. Requests
	// beyond what they take wait in the order in which they came.
	Most int
	// TLS is how to speak to https origins; nil is the default.
	TLS *tls.Config
	// Dial opens connections.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Set is the connections of an attack. Any number of goroutines may use it.
type Set struct {
	options      Options
	http1, http2 *http.Transport // speak over a connection that is open already
	base         context.Context // of dials
	cancel       context.CancelFunc
	dials        sync.WaitGroup
	uncounted    atomic.Int64 // connections that are in no request's count

	mu    sync.Mutex // guards pools
	pools map[origin]*pool
}

// origin is where a connection leads, and over what.
type origin struct {
	secure  bool
	http1   bool // HTTP/1.1 only
	address string
}

// New makes a set without connections. Close releases what it holds.
func New(o Options) *Set {
	s := &Set{options: o, pools: map[origin]*pool{}}
	s.base, s.cancel = context.WithCancel(context.Background())
	s.http1 = s.transport((*http.Protocols).SetHTTP1)
	s.http2 = s.transport((*http.Protocols).SetUnencryptedHTTP2)
	s.http2.IdleConnTimeout = o.IdleTimeout
	s.http2.HTTP2 = &http.HTTP2Config{SendPingTimeout: o.Timeout, PingTimeout: o.Timeout}
	return s
}

// transport makes the part of net/http that speaks one protocol over connections
// which the set has opened. TLS is below what it sees.
func (s *Set) transport(speak func(*http.Protocols, bool)) *http.Transport {
	t := &http.Transport{
		Protocols:             new(http.Protocols),
		DialContext:           handOver,
		DisableKeepAlives:     !s.options.KeepAlive,
		DisableCompression:    true, // bytes are counted as they are on the wire
		ExpectContinueTimeout: time.Second,
		// Bounds of heads and trailers are those of the direct transport.
		MaxResponseHeaderBytes: wire.MaxHead,
		ReadBufferSize:         wire.MaxTrailer,
	}
	speak(t.Protocols, true)
	return t
}

// origin is where a request leads. It is an error if the protocol that was asked
// for cannot be spoken there.
func (s *Set) origin(r *http.Request) (origin, error) {
	secure := r.URL.Scheme == "https"
	if err := Speaks(s.options.Protocol, r.URL); err != nil {
		return origin{}, err
	}
	host, err := hostname.ASCII(r.URL.Hostname())
	if err != nil {
		return origin{}, err
	}
	port := r.URL.Port()
	switch {
	case port != "":
	case secure:
		port = "443"
	default:
		port = "80"
	}
	// HTTP/2 has no upgrades.
	only1 := s.options.Protocol == loadgen.ProtocolHTTP1 || !s.strict() && r.Header.Get("Upgrade") != ""
	return origin{secure, only1, net.JoinHostPort(host, port)}, nil
}

// strict reports whether nothing but HTTP/2 is spoken.
func (s *Set) strict() bool {
	return s.options.Protocol.Only2()
}

// Speaks reports whether a protocol can be spoken to a URL. An error is a
// *ProtocolError. URLs of a plan are of http or https and have a host, so others are
// where a redirect leads. What else they hold may be secret.
func Speaks(p loadgen.Protocol, u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return &ProtocolError{"the redirect leads to " + begins(u) + ": only http and https can be followed"}
	case u.Hostname() == "":
		return &ProtocolError{"the redirect leads to " + begins(u) + ", which names no host"}
	case p == loadgen.ProtocolHTTP2 && u.Scheme == "http":
		return &ProtocolError{"protocol h2 needs TLS, and the URL begins with http://"}
	case p == loadgen.ProtocolH2C && u.Scheme == "https":
		return &ProtocolError{"protocol h2c is without TLS, and the URL begins with https://"}
	}
	return nil
}

// begins is a URL up to its host, as it may be shown.
func begins(u *url.URL) string {
	if u.Opaque != "" {
		return u.Scheme + ":…"
	}
	return u.Scheme + "://" + u.Host + "/…"
}

// ProtocolError reports that the target does not speak the protocol that was asked
// for.
type ProtocolError struct{ What string }

func (e *ProtocolError) Error() string { return e.What }

// NotSent reports that nothing of a request was attempted on the network, and why.
type NotSent struct{ Reason loadgen.NotSentReason }

func (e *NotSent) Error() string {
	if e.Reason == loadgen.NotSentStopped {
		return "stopped while waiting for a connection"
	}
	return "the timeout passed while waiting for a connection"
}

// Unwrap makes the error one of the context that ended the wait.
func (e *NotSent) Unwrap() error {
	if e.Reason == loadgen.NotSentStopped {
		return context.Canceled
	}
	return context.DeadlineExceeded
}

// Route is where a request that is sent many times leads, found once.
type Route struct{ pool *pool }

// Route finds where a request leads. An error is that of RoundTrip.
func (s *Set) Route(r *http.Request) (*Route, error) {
	to, err := s.origin(r)
	if err != nil {
		return nil, err
	}
	return &Route{s.enter(to)}, nil
}

// Of reports whether a route is of a set.
func (r *Route) Of(s *Set) bool { return r != nil && r.pool.set == s }

// enter is the pool of an origin, until leave.
func (s *Set) enter(o origin) *pool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pools[o]
	if p == nil {
		p = newPool(s, o)
		s.pools[o] = p
	}
	p.users++
	return p
}

// leave forgets a pool that nobody uses and that has no connection, since
// redirects may lead to any number of origins.
func (s *Set) leave(p *pool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.users--; p.users == 0 && p.empty() {
		delete(s.pools, p.origin)
	}
}

// Uncounted is how many connections were opened since it was last asked that no
// request has in its count: the one that each was for had been served, or had ended,
// before. They are the next one's that is.
func (s *Set) Uncounted() int {
	if s.uncounted.Load() == 0 {
		return 0
	}
	return int(s.uncounted.Swap(0))
}

// Cancel ends what waits and what is being dialled, with context.Canceled. What
// requests give back then, no other takes up. Those under way end with their own
// contexts.
func (s *Set) Cancel() { s.cancel() }

// over is why nothing is to be sent any more, or nil.
func (s *Set) over(ctx context.Context) error {
	if err := s.base.Err(); err != nil {
		return err
	}
	return ctx.Err()
}

// Close closes all connections. Nothing is under way any more.
func (s *Set) Close() {
	s.cancel()
	s.dials.Wait()
	s.mu.Lock()
	var all []*conn
	for _, p := range s.pools {
		all = append(all, p.all()...)
	}
	s.mu.Unlock()
	shut(all)
}

// Now is an offset from the clock.
func (s *Set) Now() time.Duration { return time.Since(s.options.Clock) }

// errNoConn is a fault of ours: a dial of net/http's without a connection.
var errNoConn = errors.New("net/http dialled by itself")

// opened carries a connection to net/http's dial.
type opened struct{}

func handOver(ctx context.Context, _, _ string) (net.Conn, error) {
	if c, ok := ctx.Value(opened{}).(*tap); ok {
		return c, nil
	}
	return nil, errNoConn
}
