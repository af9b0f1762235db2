package tlsclients

import (
	"io"
	"net"
	"sync/atomic"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// Seen counts connections of clients that spoke TLS. The zero value is ready; its
// methods may be called at any time.
type Seen struct {
	n atomic.Uint64
}

// Count returns how many connections began with a TLS ClientHello.
func (s *Seen) Count() uint64 { return s.n.Load() }

// plaintext is the credentials of a plaintext server that notices TLS.
type plaintext struct {
	credentials.TransportCredentials
	seen *Seen
}

func newPlaintext(seen *Seen) plaintext { return plaintext{insecure.NewCredentials(), seen} }

// ServerHandshake reads as much as tells TLS from HTTP/2. gRPC has set a deadline.
func (p plaintext) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	head := make([]byte, 3)
	n, err := io.ReadFull(conn, head)
	if err != nil && n == 0 {
		return nil, nil, err // nobody has said anything, as a probe of the port
	}
	if isClientHello(head[:n]) {
		p.seen.n.Add(1)
	}
	return p.TransportCredentials.ServerHandshake(&peeked{Conn: conn, head: head[:n]})
}

// Clone returns credentials that count into the same place.
func (p plaintext) Clone() credentials.TransportCredentials {
	return plaintext{p.TransportCredentials.Clone(), p.seen}
}

// isClientHello reports whether a connection begins with a TLS handshake record
// (RFC 8446, section 5.1: type 22, and a legacy version of 3.x).
func isClientHello(head []byte) bool {
	return len(head) == 3 && head[0] == 22 && head[1] == 3 && head[2] <= 4
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
