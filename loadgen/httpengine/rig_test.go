package httpengine

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// rig is a transport without the engine around it, over connections that are opened
// by hand.
type rig struct {
	setup    *runner.Setup
	requests []*request
	net      *bubbled // if it is in a bubble
	transport
}

// bothRigs runs a test over both transports.
func bothRigs(t *testing.T, a loadgen.Attack, d dial, test func(t *testing.T, r *rig)) {
	for _, own := range []bool{true, false} {
		t.Run(name(own), func(t *testing.T) { newRig(t, a, own, d).test(t, test) })
	}
}

// bothRigsInABubble is bothRigs in the time of a synctest bubble, over its network:
// nothing is late there because the machine is busy.
func bothRigsInABubble(t *testing.T, a loadgen.Attack, s *bubbled, test func(t *testing.T, r *rig)) {
	for _, own := range []bool{true, false} {
		t.Run(name(own), func(t *testing.T) { inABubble(t, a, own, s, test) })
	}
}

func inABubble(t *testing.T, a loadgen.Attack, own bool, s *bubbled, test func(t *testing.T, r *rig)) {
	synctest.Test(t, func(t *testing.T) {
		n := &bubbled{opens: s.opens, reply: s.reply, cert: s.cert, early: s.early, deaf: s.deaf, h2c: s.h2c, talk: s.talk} // what waits belongs to its bubble
		defer n.serving.Wait()
		r := newRig(t, a, own, n.dial)
		r.net = n
		r.test(t, test)
	})
}

func name(own bool) string {
	if own {
		return "direct"
	}
	return "standard"
}

// newRig makes a rig of the direct transport, or of net/http's.
func newRig(t *testing.T, a loadgen.Attack, own bool, d dial) *rig {
	requests, err := readRequests(t.Context(), a.HTTP, "")
	require.NoError(t, err)
	r := &rig{setup: &runner.Setup{Attack: a, Clock: time.Now().Add(-time.Hour), Run: loadgen.NewRunID()}, requests: requests}
	trust, err := enginekit.ClientTLS(t.Context(), "http", a.HTTP.TLS)
	require.NoError(t, err)
	if own {
		r.transport, err = newDirectOver(r.setup, trust, requests, d)
		require.NoError(t, err)
	} else {
		r.transport = newStandardOver(r.setup, trust, d)
	}
	return r
}

func (r *rig) test(t *testing.T, test func(t *testing.T, r *rig)) {
	defer r.close()
	test(t, r)
}

// send sends a request that began a while ago.
func (r *rig) send(ago time.Duration) loadgen.Record {
	it := &iteration{setup: r.setup, request: r.requests[0]}
	it.record.Target = &it.request.target
	it.send(r.transport, it.now()-ago)
	return it.record
}

// bubbled is the network of a bubble: net.Dialer and a server.
type bubbled struct {
	opens time.Duration                  // how long a dial takes
	reply func(c net.Conn, n int) bool   // answers request n of a connection, until false
	cert  *tls.Certificate               // if the server speaks TLS
	early bool                           // it answers before it has read the body
	deaf  bool                           // it does not even read
	talk  func(c net.Conn)               // does all, instead of reply
	h2c   func(c *byHand, stream uint32) // answers a stream, if the server speaks HTTP/2

	serving     sync.WaitGroup
	connections atomic.Int64
	requests    atomic.Int64
}

func (s *bubbled) dial(ctx context.Context, network, address string) (net.Conn, error) {
	s.serving.Add(1)
	defer s.serving.Done()
	trace := httptrace.ContextClientTrace(ctx)
	trace.ConnectStart(network, address)
	opened := time.NewTimer(s.opens)
	defer opened.Stop()
	select {
	case <-opened.C:
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: network, Err: ctx.Err()}
	}
	s.connections.Add(1)
	here, there := net.Pipe()
	s.serving.Go(func() { s.serve(there) })
	if trace.ConnectDone != nil {
		trace.ConnectDone(network, address, nil)
	}
	return tcp{here}, nil
}

// tcp is a pipe with the errors of TCP.
type tcp struct{ net.Conn }

func (t tcp) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	return n, t.like("read", err, net.ErrClosed)
}

func (t tcp) Write(b []byte) (int, error) {
	n, err := t.Conn.Write(b)
	return n, t.like("write", err, syscall.EPIPE)
}

func (t tcp) like(op string, err, closed error) error {
	if err == io.ErrClosedPipe {
		return &net.OpError{Op: op, Net: "tcp", Err: closed}
	}
	return err
}

func (s *bubbled) serve(c net.Conn) {
	if s.cert != nil {
		c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*s.cert}})
	}
	defer c.Close()
	if s.deaf {
		time.Sleep(time.Hour)
		return
	}
	if s.talk != nil {
		s.talk(c)
		return
	}
	if s.h2c != nil {
		speakByHand(c, func(c *byHand, stream uint32) {
			s.requests.Add(1)
			s.h2c(c, stream)
		})
		return
	}
	r := bufio.NewReader(c)
	for n := 0; ; n++ {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		s.requests.Add(1)
		if !s.early {
			io.Copy(io.Discard, req.Body)
		}
		if !s.reply(c, n) {
			return
		}
	}
}

// mute reads and never answers.
func mute(c net.Conn) bool {
	io.Copy(io.Discard, c)
	return false
}
