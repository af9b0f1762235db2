package httpengine

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"
)

// tap is a connection of net/http's transport, watched: net/http reports neither
// whether a request was written before its connection broke, nor, where a response
// is cut off, that the connection ended.
type tap struct {
	net.Conn
	wrote  atomic.Int64          // bytes
	ended  atomic.Pointer[error] // the first error of reading
	barred atomic.Bool           // nothing may be written any more
}

var errBarred = errors.New("the request has ended")

// stampsKey is the key of a request's stamps in the context that its dial has, too.
type stampsKey struct{}

// Read implements net.Conn.
func (t *tap) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	if err != nil {
		t.ended.CompareAndSwap(nil, &err)
	}
	return n, err
}

// Write implements net.Conn.
func (t *tap) Write(b []byte) (int, error) {
	if t.barred.Load() {
		return 0, errBarred
	}
	n, err := t.Conn.Write(b)
	t.wrote.Add(int64(n))
	return n, err
}

// end is how the target ended a connection that a request has failed on, nil if it
// did not. It closes the connection.
func (t *tap) end(over net.Conn) error {
	err := t.ended.Load()
	if secret, ok := over.(*tls.Conn); ok {
		// The end of TLS may come before that of TCP, and is then the answer to every Read.
		t.Close()
		var b [1]byte
		if _, end := secret.Read(b[:]); end != nil {
			err = &end
		}
	}
	if err == nil || errors.Is(*err, net.ErrClosed) {
		return nil
	}
	return *err
}

// tapped dials connections that are watched, and none for a request that has ended.
func tapped(d dial) dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if s, ok := ctx.Value(stampsKey{}).(*stamps); ok && s.ended() {
			return nil, errBarred
		}
		c, err := d(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &tap{Conn: c}, nil
	}
}

// tapOf is the tap of a connection on which HTTP/1 is spoken, or nil.
func tapOf(c net.Conn) *tap {
	if t, ok := c.(*tls.Conn); ok {
		if t.ConnectionState().NegotiatedProtocol == "h2" {
			return nil
		}
		c = t.NetConn()
	}
	t, _ := c.(*tap)
	return t
}
