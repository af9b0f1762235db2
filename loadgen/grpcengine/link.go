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
	clock time.Time
	admit func(net.Conn) error // says which connections may carry calls

	mu    sync.Mutex    // guards all below
	begun time.Duration // when the connection that comes next was begun
	made  making
	fresh bool // no call has been carried yet
}

// making is how a connection came to be: moments are offsets from the run's clock.
type making struct {
	begin, connected, secured time.Duration
	local, peer               netip.AddrPort
}

// connecting tells that a connection is begun. It comes from the balancer, and
// may come after the connection is made.
func (l *link) connecting() {
	now := time.Since(l.clock)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun = now
}

// carry tells of the connection that carries a call, and whether the call is its
// first.
func (l *link) carry() (made making, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first, l.fresh = l.fresh, false
	return l.made, first
}

// watched are credentials that tell a link of its handshakes.
type watched struct {
	credentials.TransportCredentials
	link *link
}

// ClientHandshake implements credentials.TransportCredentials.
func (w watched) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	connected := time.Since(w.link.clock)
	if err := w.link.admit(raw); err != nil {
		return nil, nil, err
	}
	conn, info, err := w.TransportCredentials.ClientHandshake(ctx, authority, raw)
	if err != nil {
		return conn, info, err
	}
	w.link.mu.Lock()
	defer w.link.mu.Unlock()
	m := making{
		begin: min(w.link.begun, connected), connected: connected, secured: time.Since(w.link.clock),
		local: enginekit.AddrPort(raw.LocalAddr()), peer: enginekit.AddrPort(raw.RemoteAddr()),
	}
	if w.Info().SecurityProtocol == "insecure" {
		m.secured = connected // there was no handshake
	} else {
		conn = &heeding{Conn: conn}
	}
	if w.link.begun == 0 {
		m.begin = connected // the balancer hears of the beginning later
	}
	w.link.made, w.link.fresh = m, true
	return conn, info, nil
}

// bundle gives a connection credentials of its own.
type bundle struct{ watched watched }

func (b bundle) TransportCredentials() credentials.TransportCredentials { return b.watched }
func (bundle) PerRPCCredentials() credentials.PerRPCCredentials         { return nil }
func (b bundle) NewWithMode(string) (credentials.Bundle, error)         { return b, nil }
