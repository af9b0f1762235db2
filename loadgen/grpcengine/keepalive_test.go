package grpcengine

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/loadtrace/loadtrace/loadgen"
)

// The pings are seen on the wire, and the first is kept from the target. gRPC
// sends none more often than every ten seconds, and waits as long for the answer.
func TestASilentConnectionIsPingedAndGivenUpWithoutAnAnswer(t *testing.T) {
	t.Parallel() // it waits, mostly
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var pings pings
	g := prepareTarget(t, func(s grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error {
		note, _ := recv()
		_ = s.SendMsg(note)
		return silent(s, recv)
	}, grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second}))
	g.startOn(&tapped{Listener: l, pings: &pings})
	a := g.attack("Server")
	a.GRPC.Timeout = 40 * time.Second
	a.GRPC.Connections = 1
	a.GRPC.KeepAlive = loadgen.KeepAlive{Time: 10 * time.Second, Timeout: 10 * time.Second}
	records := g.run(t, a, 1)
	failsAs(t, records, loadgen.ErrorTimeout, codes.Unavailable)
	assert.Contains(t, records[0].ErrorText, "keepalive ping failed")
	assert.InDelta(t, 20, records[0].ServiceTime().Seconds(), 2, "idle for ten seconds, and ten for the answer")
	assert.Equal(t, 1, records[0].Stream.Received)
	assert.Equal(t, 1, pings.count())
}

// pings counts gRPC's keep-alive pings: those it sends to measure the bandwidth
// have a payload that is not zero, and answers have a flag.
type pings struct {
	mu sync.Mutex // guards n
	n  int
}

func (p *pings) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n
}

// tapped is a listener whose connections watch what comes from the client.
type tapped struct {
	net.Listener
	pings *pings
}

func (l *tapped) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &sieve{Conn: c, pings: l.pings, left: len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")}, nil
}

// sieve passes frames on, one at a time, but for keep-alive pings, which it counts.
type sieve struct {
	net.Conn
	pings  *pings
	left   int // bytes of the preface
	passed bytes.Buffer
}

const (
	framePing = 0x6
	flagAck   = 0x1
)

// Read implements net.Conn. gRPC reads from one goroutine.
func (c *sieve) Read(p []byte) (int, error) {
	if c.left > 0 {
		n, err := c.Conn.Read(p[:min(len(p), c.left)])
		c.left -= n
		return n, err
	}
	for c.passed.Len() == 0 {
		if err := c.frame(); err != nil {
			return 0, err
		}
	}
	return c.passed.Read(p)
}

// frame reads a frame: 24 bits of length, type, flags, 32 bits of stream (RFC
// 9113, section 4.1).
func (c *sieve) frame() error {
	head := make([]byte, 9)
	if _, err := io.ReadFull(c.Conn, head); err != nil {
		return err
	}
	body := make([]byte, binary.BigEndian.Uint32(head)>>8)
	if _, err := io.ReadFull(c.Conn, body); err != nil {
		return err
	}
	if head[3] == framePing && head[4]&flagAck == 0 && bytes.Equal(body, make([]byte, 8)) {
		c.pings.mu.Lock()
		defer c.pings.mu.Unlock()
		c.pings.n++
		return nil
	}
	c.passed.Write(head)
	c.passed.Write(body)
	return nil
}
