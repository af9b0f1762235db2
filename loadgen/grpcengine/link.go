package grpcengine

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"

	"google.golang.org/grpc/credentials"

	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
)

// link is a connection to the target, and again the one that replaces it when
// it broke.
type link struct {
	clock   time.Time
	answers *answers // what the target sent over all of them

	mu    sync.Mutex    // guards all below
	begun time.Duration // when the connection that comes next was begun
	made  dialed
	fresh bool // no call has been carried yet
	// opened counts connections that no record has yet, those of a target that then said
	// nothing, or not what gRPC says, among them.
	opened int
}

// dialed is how a connection came to be: moments are offsets from the run's clock.
type dialed struct {
	begin, connected, secured time.Duration
	local, peer               netip.AddrPort
	tap                       *tap
	greeted                   *greetingConn // without TLS
}

// connecting notes that a connection is begun. It comes from the balancer, and
// may come after the connection is made.
func (l *link) connecting() {
	now := time.Since(l.clock)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun = now
}

// carry returns the connection that carries a call, whether the call is its first, and how
// many connections were opened until it had one.
func (l *link) carry() (made dialed, first bool, opened int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first, l.fresh = l.fresh, false
	opened, l.opened = l.opened, 0
	return l.made, first, opened
}

// giveBack leaves connections to another record.
func (l *link) giveBack(opened int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.opened += opened
}

// claim returns how many connections were opened that no record has yet.
func (l *link) claim() (opened int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	opened, l.opened = l.opened, 0
	return opened
}

// links are those of a run.
type links struct {
	mu  sync.Mutex // guards all
	all []*link
}

func (l *links) add(one *link) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, one)
}

// claim returns how many connections were opened that no record has yet.
func (l *links) claim() (opened int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.all {
		opened += one.claim()
	}
	return opened
}

// greeting is how the target began on the last connection that was made.
func (l *link) greeting() greeting {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.made.greeted.greeting()
}

// watched are credentials that report their handshakes to a link.
type watched struct {
	credentials.TransportCredentials
	link *link
}

// ClientHandshake implements credentials.TransportCredentials.
func (w watched) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	connected := time.Since(w.link.clock)
	w.link.mu.Lock()
	w.link.opened++
	w.link.mu.Unlock()
	conn, info, err := w.TransportCredentials.ClientHandshake(ctx, authority, raw)
	if err != nil {
		return conn, info, &handshakeFault{err}
	}
	w.link.mu.Lock()
	defer w.link.mu.Unlock()
	m := dialed{
		begin: min(w.link.begun, connected), connected: connected, secured: time.Since(w.link.clock),
		local: enginekit.AddrPort(raw.LocalAddr()), peer: enginekit.AddrPort(raw.RemoteAddr()),
	}
	if w.Info().SecurityProtocol == "insecure" {
		m.secured = connected // there was no handshake
		m.greeted = &greetingConn{Conn: conn}
		conn = m.greeted
	} else {
		conn = &alertConn{Conn: conn}
	}
	if w.link.begun == 0 {
		m.begin = connected // the balancer hears of the beginning later
	}
	m.tap = &tap{Conn: conn, reader: newReader(w.link.answers)}
	w.link.made, w.link.fresh = m, true
	return m.tap, info, nil
}

// handshakeFault is the error of a TLS handshake that failed.
type handshakeFault struct{ cause error }

func (h *handshakeFault) Error() string { return h.cause.Error() }
func (h *handshakeFault) Unwrap() error { return h.cause }

// tap is a connection, of which it keeps what came on it and why it broke.
type tap struct {
	net.Conn
	reader *reader

	mu     sync.Mutex // guards both
	fault  error      // how it broke
	closed bool       // by us, so that what breaks then is not a fault
}

// Read implements net.Conn. gRPC reads from one goroutine.
func (t *tap) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.reader.read(p[:n])
	if err != nil {
		t.broke(err)
	}
	return n, err
}

// Write implements net.Conn.
func (t *tap) Write(p []byte) (int, error) {
	n, err := t.Conn.Write(p)
	if err != nil {
		t.broke(err)
	}
	return n, err
}

// SetReadDeadline implements net.Conn. gRPC sets one when it closes a connection.
func (t *tap) SetReadDeadline(at time.Time) error {
	t.leave()
	return t.Conn.SetReadDeadline(at)
}

// Close implements net.Conn.
func (t *tap) Close() error {
	t.leave()
	return t.Conn.Close()
}

func (t *tap) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
}

func (t *tap) broke(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.fault == nil && !t.closed {
		t.fault = err
	}
}

// cause is how the connection broke, or nil.
func (t *tap) cause() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.fault
}

// bundle gives a connection credentials of its own.
type bundle struct{ watched watched }

func (b bundle) TransportCredentials() credentials.TransportCredentials { return b.watched }
func (bundle) PerRPCCredentials() credentials.PerRPCCredentials         { return nil }
func (b bundle) NewWithMode(string) (credentials.Bundle, error)         { return b, nil }
