package protocolcheck

import (
	"bytes"
	"io"
	"net"
	"sync/atomic"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// Counter counts connections by their protocol. The zero value is ready; its methods
// may be called at any time.
type Counter struct {
	tls, http1 atomic.Uint64
}

// TLS returns how many connections began with a ClientHello.
func (s *Counter) TLS() uint64 { return s.tls.Load() }

// HTTP1 returns how many connections began with a request of HTTP/1.
func (s *Counter) HTTP1() uint64 { return s.http1.Load() }

// plaintext is the credentials of a plaintext server. It counts connections by their first bytes.
type plaintext struct {
	credentials.TransportCredentials
	counter *Counter
}

func newPlaintext(seen *Counter) plaintext { return plaintext{insecure.NewCredentials(), seen} }

// ServerHandshake reads enough to distinguish TLS and HTTP/1 from HTTP/2. gRPC has set a deadline.
func (p plaintext) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	head := make([]byte, 3)
	n, err := io.ReadFull(conn, head)
	if err != nil && n == 0 {
		return nil, nil, err // the client sent nothing, as a probe of the port does
	}
	switch head = head[:n]; {
	case isClientHello(head):
		p.counter.tls.Add(1)
	case isMethod(head):
		p.counter.http1.Add(1)
	}
	return p.TransportCredentials.ServerHandshake(&peeked{Conn: conn, head: head})
}

// Clone returns credentials that count into the same place.
func (p plaintext) Clone() credentials.TransportCredentials {
	return plaintext{p.TransportCredentials.Clone(), p.counter}
}

// isClientHello reports whether a connection begins with a TLS handshake record
// (RFC 8446, section 5.1: type 22, and a legacy version of 3.x).
func isClientHello(head []byte) bool {
	return len(head) == 3 && head[0] == 22 && head[1] == 3 && head[2] <= 4
}

// isMethod reports whether a connection begins with a method of HTTP/1. That of HTTP/2 is
// PRI (RFC 9113, section 3.4).
func isMethod(head []byte) bool {
	return len(head) == 3 && string(head) != "PRI" && !bytes.ContainsFunc(head, func(r rune) bool { return r < 'A' || r > 'Z' })
}

// peeked is a connection whose first bytes have been read already.
type peeked struct {
	net.Conn
	head []byte
}

func (c *peeked) Read(p []byte) (int, error) {
	if len(c.head) > 0 {
		n := copy(p, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}
