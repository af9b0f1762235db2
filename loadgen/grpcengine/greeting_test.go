package grpcengine

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/loadgentest"
)

// startGreeting serves connections by a function, which hangs up at its end.
func startGreeting(t *testing.T, serve func(c *net.TCPConn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serve(c.(*net.TCPConn))
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-over })
	return l.Addr().String()
}

// A target that speaks something else was "closed" or "reset", by which of write and read
// failed first, and by how much of ours it had read.
func TestATargetThatSpeaksSomethingElseIsKnown(t *testing.T) {
	t.Parallel()
	alert := []byte{21, 3, 1, 0, 2, 2, 70} // fatal, protocol_version
	preface := func(c net.Conn) { io.ReadFull(c, make([]byte, len(http2.ClientPreface))) }
	drained := func(c *net.TCPConn) { c.CloseWrite(); io.Copy(io.Discard, c) }
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	certs := loadgentest.NewPKI(t, t.TempDir())
	const speaksTLS, speaksHTTP = "the target speaks TLS: set plaintext: false", "the target speaks HTTP/1, and not gRPC: correct the target or its port"
	const saysNothing = "the target closed the connection without a response: if it speaks TLS, set plaintext: false"
	for name, c := range map[string]struct {
		address string
		kinds   []loadgen.ErrorKind
		text    string
	}{
		"an alert before ours is read": {startGreeting(t, func(c *net.TCPConn) { c.Write(alert) }), []loadgen.ErrorKind{loadgen.ErrorTLS}, speaksTLS},
		"an alert when some is read":   {startGreeting(t, func(c *net.TCPConn) { io.ReadFull(c, make([]byte, 5)); c.Write(alert) }), []loadgen.ErrorKind{loadgen.ErrorTLS}, speaksTLS},
		"an alert when all is read":    {startGreeting(t, func(c *net.TCPConn) { preface(c); c.Write(alert); drained(c) }), []loadgen.ErrorKind{loadgen.ErrorTLS}, speaksTLS},
		"an alert in two": {startGreeting(t, func(c *net.TCPConn) {
			preface(c)
			c.SetNoDelay(true)
			c.Write(alert[:1])
			c.Write(alert[1:])
			drained(c)
		}), []loadgen.ErrorKind{loadgen.ErrorTLS}, speaksTLS},
		"HTTP/1": {web.Listener.Addr().String(), []loadgen.ErrorKind{loadgen.ErrorProtocol}, speaksHTTP},
		"HTTP/1 and closed": {startGreeting(t, func(c *net.TCPConn) {
			preface(c)
			c.Write([]byte("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"))
		}), []loadgen.ErrorKind{loadgen.ErrorProtocol}, speaksHTTP},
		"another protocol": {startGreeting(t, func(c *net.TCPConn) { preface(c); c.Write([]byte("220 mail.test ESMTP ready\r\n")); drained(c) }), []loadgen.ErrorKind{loadgen.ErrorProtocol}, ""},
		// Whether such a target speaks TLS cannot be known.
		"closed in order":     {startGreeting(t, func(c *net.TCPConn) { drained(c) }), []loadgen.ErrorKind{loadgen.ErrorClosed}, saysNothing},
		"Go's TLS, by chance": {startGreeting(t, func(c *net.TCPConn) { tls.Server(c, certs.ServerConfig()).Handshake() }), []loadgen.ErrorKind{loadgen.ErrorClosed, loadgen.ErrorReset}, saysNothing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, _ := describeEcho(t)
			a := (&target{file: file, addr: c.address}).attack("Unary")
			a.GRPC.Connections, a.Load = 1, oneByOne(20)
			for _, r := range loadgentest.Attack(t.Context(), t, Open, a, loadgen.Limits{}).Records {
				assert.Equal(t, loadgen.Failed, r.Outcome, r.NotSent)
				assert.Contains(t, c.kinds, r.Error, r.ErrorText)
				assert.Contains(t, r.ErrorText, c.text)
			}
		})
	}
}

// Of a target that takes connections and never speaks none had been opened.
func TestConnectionsToAMuteTargetAreCounted(t *testing.T) {
	t.Parallel()
	var accepted atomic.Int64
	address := startGreeting(t, func(c *net.TCPConn) {
		accepted.Add(1)
		io.Copy(io.Discard, c) // until the call is given up
	})
	file, _ := describeEcho(t)
	a := (&target{file: file, addr: address}).attack("Unary")
	a.GRPC.Connections, a.Load, a.GRPC.Timeout = 1, oneByOne(3), 100*time.Millisecond
	opened := 0
	for _, r := range loadgentest.Attack(t.Context(), t, Open, a, loadgen.Limits{}).Records {
		assert.Equal(t, loadgen.ErrorTimeout, r.Error, r.ErrorText)
		opened += r.Dialed
	}
	assert.EqualValues(t, 1, opened, "it is dialled for longer than the calls wait")
	assert.EqualValues(t, opened, accepted.Load())
}
