package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"os"
	"sync"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
)

// readBuffer is the first size of a connection's read buffer, in bytes, which a
// response with longer headers makes grow.
const readBuffer = 8 << 10

// dial opens a connection for an exchange. The caller has the right to.
func (p *pool) dial(x *Exchange) (*conn, error) {
	c, err := p.client.dial(x)
	if err != nil {
		p.closed()
		return nil, err
	}
	x.Conn = p.client.now()
	x.Reused, x.Local, x.Peer = false, c.local, c.peer
	return c, nil
}

func (c *Client) dial(x *Exchange) (*conn, error) {
	ctx, cancel := c.base, context.CancelFunc(func() {})
	if t := c.options.Timeout; t > 0 {
		ctx, cancel = context.WithDeadline(ctx, c.options.Clock.Add(x.Begin+t))
	}
	defer cancel()
	nc, err := c.connect(ctx, x)
	var p *probe
	if err == nil {
		x.Dialed++
		x.Local, x.Peer = enginekit.AddrPort(nc.LocalAddr()), enginekit.AddrPort(nc.RemoteAddr())
		p = newProbe(nc)
		nc, err = c.secure(ctx, p, x)
	}
	if err != nil {
		return nil, cause(ctx, err)
	}
	return c.keep(nc, p, x), nil
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

// connect resolves the name and opens a TCP connection. The dialer tries several
// addresses at once and may tell of one after it has returned another.
func (c *Client) connect(ctx context.Context, x *Exchange) (net.Conn, error) {
	var mu sync.Mutex // guards traced
	var traced Times
	first := func(at *time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		if *at == 0 {
			*at = c.now()
		}
	}
	nc, err := c.options.Dial(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart:     func(httptrace.DNSStartInfo) { first(&traced.DNS) },
		DNSDone:      func(httptrace.DNSDoneInfo) { first(&traced.DNSDone) },
		ConnectStart: func(string, string) { first(&traced.Connect) },
	}), "tcp", x.Request.address)
	mu.Lock()
	defer mu.Unlock()
	x.DNS, x.DNSDone, x.Connect = traced.DNS, traced.DNSDone, traced.Connect
	if x.Connect != 0 {
		x.Connected = c.now()
	}
	return nc, err
}

// secure is what is spoken over: TLS over the connection, or, of http, the connection
// itself.
func (c *Client) secure(ctx context.Context, p *probe, x *Exchange) (net.Conn, error) {
	if !x.Request.secure {
		return p.Conn, nil
	}
	config := c.options.TLS.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	if config.ServerName == "" {
		config.ServerName = x.Request.name
	}
	config.NextProtos = []string{"http/1.1"}
	x.TLS = c.now()
	p.over = tls.Client(p, config)
	err := p.over.HandshakeContext(ctx)
	x.TLSDone = c.now()
	if err != nil {
		x.Handshake = true
		p.Close()
		return nil, err
	}
	return p.over, nil
}

// keep makes an open connection one of the client's.
func (c *Client) keep(nc net.Conn, p *probe, x *Exchange) *conn {
	k := &conn{Conn: nc, client: c, probe: p, local: x.Local, peer: x.Peer}
	k.reader = bufio.NewReaderSize(k, readBuffer)
	k.lines.from = k.reader
	k.turn.of(nc, c.now)
	k.deadline = deadline{conn: nc, now: c.now, timeout: c.options.Timeout}
	k.deadline.start()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[k] = struct{}{}
	return k
}
