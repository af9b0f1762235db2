package conns

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/wire"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
)

// dial is a connection on its way, until it is known what it can take.
type dial struct {
	wait  *wait       // the request that it is for
	begun atomic.Bool // something may be on the network
	// Guarded by the pool's mutex.
	shared int   // requests besides, that expect to be served by it
	conn   *conn // that it opened

	mu          sync.Mutex // guards all below
	at          wire.Times
	connected   bool // and no request has it in its count yet
	orphan      bool // nor will the one that it was for
	handshake   bool // it failed in the TLS handshake
	local, peer netip.AddrPort
}

// run opens the connection, with a deadline if there is one.
func (d *dial) run(p *pool, deadline time.Time, bounded bool) {
	ctx, cancel := context.WithCancel(p.set.base)
	if bounded {
		ctx, cancel = context.WithDeadline(p.set.base, deadline)
	}
	defer cancel()
	if over := ctx.Err(); over != nil { // the connection before it gave way too late
		p.mu.Lock()
		if d.wait.place != nil { // it still waits
			over = d.wait.blame(over)
		}
		p.unlock()
		p.failed(d, over)
		return
	}
	d.begun.Store(true)
	c, err := d.open(ctx, p)
	if err != nil {
		p.failed(d, cause(ctx, err))
		return
	}
	via, err := d.over(ctx, c)
	if err != nil {
		c.tap.Close()
		p.failed(d, cause(ctx, err))
		return
	}
	p.ready(d, c, via)
}

// cause prefers the reason why a context ended over how that showed.
func cause(ctx context.Context, err error) error {
	switch ctx.Err() {
	case context.Canceled:
		return context.Canceled
	case context.DeadlineExceeded:
		return os.ErrDeadlineExceeded
	}
	return err
}

// open resolves the name, connects and shakes hands.
func (d *dial) open(ctx context.Context, p *pool) (*conn, error) {
	now := p.set.Now
	nc, err := p.set.options.Dial(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart:     func(httptrace.DNSStartInfo) { d.once(&d.at.DNS, now()) },
		DNSDone:      func(httptrace.DNSDoneInfo) { d.once(&d.at.DNSDone, now()) },
		ConnectStart: func(string, string) { d.once(&d.at.Connect, now()) },
	}), "tcp", p.origin.address)
	d.mu.Lock()
	if d.at.Connect != 0 {
		d.at.Connected = now()
	}
	if err != nil {
		d.mu.Unlock()
		return nil, err
	}
	if d.orphan {
		p.set.uncounted.Add(1)
	} else {
		d.connected = true
	}
	d.local, d.peer = enginekit.AddrPort(nc.LocalAddr()), enginekit.AddrPort(nc.RemoteAddr())
	c := &conn{pool: p, dial: d, local: d.local, peer: d.peer}
	d.mu.Unlock()
	c.tap = newTap(nc, c)
	if !p.origin.secure {
		c.many = p.set.options.Protocol == loadgen.ProtocolH2C
		return c, nil
	}
	return c, d.secure(ctx, c)
}

// count is how many connections it has opened that are in no request's count. If it
// opens one later, that is the Set's to count.
func (d *dial) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.orphan = true
	if !d.connected {
		return 0
	}
	d.connected = false
	return 1
}

// once stamps a moment of which the first time counts: the dialer tries several
// addresses at once.
func (d *dial) once(at *time.Duration, now time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if *at == 0 {
		*at = now
	}
}

// still is its times for a request that shared it from a moment on, and waited in vain
// ever since: what it had reached lasts until then.
func (d *dial) still(since time.Duration) wire.Times {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.at
	for _, at := range []*time.Duration{&t.DNS, &t.DNSDone, &t.Connect, &t.Connected, &t.TLS, &t.TLSDone} {
		if *at != 0 {
			*at = max(*at, since)
		}
	}
	switch {
	case t.TLS != 0:
		t.TLSDone = 0
	case t.Connect != 0:
		t.Connected = 0
	default:
		t.DNSDone = 0
	}
	return t
}

// secure shakes hands over TLS. If it fails, the connection is closed.
func (d *dial) secure(ctx context.Context, c *conn) error {
	set := c.pool.set
	config := set.options.TLS.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(c.pool.origin.address)
	}
	config.NextProtos = c.pool.offers()
	d.once(&d.at.TLS, set.Now())
	t := tls.Client(c.tap.Conn, config)
	err := t.HandshakeContext(ctx)
	d.once(&d.at.TLSDone, set.Now())
	if err != nil {
		c.tap.Conn.Close()
		return d.refused(set, err)
	}
	c.tap.Conn = t
	got := t.ConnectionState().NegotiatedProtocol
	c.many = got == "h2"
	if set.strict() && !c.many {
		c.tap.Conn.Close()
		return notH2(got)
	}
	return nil
}

// offers is what is offered to speak over TLS.
func (p *pool) offers() []string {
	switch {
	case p.set.strict():
		return []string{"h2"}
	case p.origin.http1:
		return []string{"http/1.1"}
	}
	return []string{"h2", "http/1.1"}
}

// refused is the error of a handshake. That the target speaks no HTTP/2 may end
// the handshake already.
func (d *dial) refused(s *Set, err error) error {
	if s.strict() && strings.Contains(err.Error(), "no application protocol") {
		return notH2("")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.handshake = true
	return err
}

func notH2(got string) error {
	if got == "" {
		return &ProtocolError{"the target does not offer HTTP/2 (ALPN h2), which protocol: h2 asks for"}
	}
	return &ProtocolError{fmt.Sprintf("the target chose %q over HTTP/2 (ALPN h2), which protocol: h2 asks for", got)}
}

// over has net/http speak over a connection. Of HTTP/2 it writes the preface,
// which is not bounded by the context. When the context has ended, so has the
// connection, even if net/http does not know that yet.
func (d *dial) over(ctx context.Context, c *conn) (*http.ClientConn, error) {
	t := c.pool.set.http1
	if c.many {
		t = c.pool.set.http2
	}
	stop := context.AfterFunc(ctx, func() { c.tap.Close() })
	via, err := t.NewClientConn(context.WithValue(ctx, opened{}, c.tap), "http", c.pool.origin.address)
	if !stop() && err == nil {
		via.Close()
		return nil, ctx.Err()
	}
	return via, err
}
