package grpcengine

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"

	"github.com/loadtrace/loadtrace/loadgen"
)

// greetingConn is a connection without TLS that keeps how the target began, from which it can
// be known that it speaks something else.
//
// Subtle: a target that hangs up on bytes that it has not read makes the kernel reset the
// connection, and gRPC reports whichever of write and read failed first. What the target
// said before can be read still (see heeding).
type greetingConn struct {
	net.Conn
	responded atomic.Bool // data of the target were read
	mu        sync.Mutex  // guards reading until then, and head
	head      []byte
}

// mostHead is how much of a greeting is kept, in bytes: more than a TLS alert has.
const mostHead = 8

// Read implements net.Conn.
func (g *greetingConn) Read(p []byte) (int, error) {
	if g.responded.Load() {
		return g.Conn.Read(p)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	n, err := g.Conn.Read(p)
	g.head = append(g.head, p[:min(n, mostHead-len(g.head))]...)
	if len(g.head) == mostHead {
		g.responded.Store(true)
	}
	return n, err
}

// Write implements net.Conn.
func (g *greetingConn) Write(p []byte) (int, error) {
	n, err := g.Conn.Write(p)
	if err == nil || g.responded.Load() {
		return n, err
	}
	// A connection that cannot be written to any more does not keep a reader waiting.
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.head) == 0 {
		head := make([]byte, mostHead)
		n, _ := g.Conn.Read(head)
		g.head = head[:n]
	}
	return n, err
}

// greeting is what a target's first bytes say that it speaks, where it is no HTTP/2.
type greeting struct {
	kind   loadgen.ErrorKind
	advice string
}

// The first byte of a TLS record is its type, of which 21 is an alert; the second is the
// major version, which has stayed at 3 (RFC 8446, section 5.1).
var alert = []byte{21, 3}

// greeting reports what is known of a connection that failed before gRPC had it.
func (g *greetingConn) greeting() greeting {
	if g == nil {
		return greeting{}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case bytes.HasPrefix(g.head, alert):
		return greeting{loadgen.ErrorTLS, "the target speaks TLS: set plaintext: false"}
	case bytes.HasPrefix(g.head, []byte("HTTP/1.")):
		return greeting{loadgen.ErrorProtocol, "the target speaks HTTP/1, and not gRPC: correct the target or its port"}
	case len(g.head) == 0:
		return greeting{advice: "the target closed the connection without a response: if it speaks TLS, set plaintext: false"}
	}
	return greeting{}
}
