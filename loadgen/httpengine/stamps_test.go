package httpengine

import (
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
		s := &stamps{clock: time.Now().Add(-time.Second)}
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
