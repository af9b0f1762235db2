package httpengine

import (
	"context"
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/loadgen"
)

// A connection that turns out to be dead makes the transport dial again: the
// moments of the first attempt must not mix with those of the second.
func TestPhasesOfASecondAttemptDoNotOverlapTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const tick = 10 * time.Millisecond
		s := &stamps{clock: time.Now().Add(-time.Second), guard: guard{run: t.Context(), ctx: t.Context()}}
		trace := s.hooks()
		dial := func() {
			trace.GetConn("h:1")
			time.Sleep(tick)
			trace.ConnectStart("tcp", "h:1")
			time.Sleep(tick)
			trace.ConnectDone("tcp", "h:1", nil)
			trace.TLSHandshakeStart()
			time.Sleep(tick)
			trace.TLSHandshakeDone(tls.ConnectionState{}, nil)
		}
		s.hop()
		dial()
		dial()
		conn, other := net.Pipe()
		defer other.Close()
		defer conn.Close()
		trace.GotConn(httptrace.GotConnInfo{Conn: conn})
		time.Sleep(tick)
		trace.WroteRequest(httptrace.WroteRequestInfo{})
		time.Sleep(tick)
		trace.GotFirstResponseByte()
		time.Sleep(tick)

		phases, _, _ := s.end(s.now())
		assert.Equal(t, loadgen.Phases{Conn: 4 * tick, Connect: tick, TLS: tick, Write: tick, Wait: tick, Read: tick}, phases)
		assert.Equal(t, 9*tick, phases.Sum())
	})
}

// A kept connection that is dead before anything was written to it is replaced by
// one that does not open in time: what was seen of the first does not count.
func TestADeadConnectionLeavesNothingToTheNextAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const tick = 10 * time.Millisecond
		s := &stamps{clock: time.Now().Add(-time.Second), guard: guard{run: t.Context(), ctx: t.Context()}}
		trace := s.hooks()
		s.hop()
		trace.GetConn("h:1")
		time.Sleep(tick)
		here, there := net.Pipe()
		there.Close()
		dead := &tap{Conn: here}
		trace.GotConn(httptrace.GotConnInfo{Conn: dead, Reused: true})
		time.Sleep(tick)
		_, err := dead.Write([]byte("GET"))
		trace.WroteRequest(httptrace.WroteRequestInfo{Err: err})
		trace.GetConn("h:1")
		time.Sleep(tick)
		trace.ConnectStart("tcp", "h:1")
		time.Sleep(tick)

		phases, link, _ := s.end(s.now())
		assert.Equal(t, loadgen.Phases{Conn: 3 * tick, Connect: tick}, phases)
		assert.Zero(t, link)
		assert.False(t, s.refused)
	})
}

// What was written, in part at least, may have reached the target.
func TestASecondSendingIsRefused(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &stamps{clock: time.Now(), guard: guard{run: t.Context(), ctx: ctx, cancel: cancel}}
	trace := s.hooks()
	here, there := net.Pipe()
	defer there.Close()
	go there.Read(make([]byte, 1))
	first := &tap{Conn: here}
	trace.GetConn("h:1")
	trace.GotConn(httptrace.GotConnInfo{Conn: first, Reused: true})
	first.Write([]byte("G"))
	trace.GetConn("h:1")
	assert.Error(t, ctx.Err(), "the request goes on")
	second := &tap{Conn: here}
	trace.GotConn(httptrace.GotConnInfo{Conn: second, Reused: true})
	n, err := second.Write([]byte("G"))
	assert.Zero(t, n)
	assert.ErrorIs(t, err, errBarred)
}
