package httpengine

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/loadgen"
)

// failing is a dial that fails as the kernel or the resolver has it.
func failing(err error) dial {
	return func(_ context.Context, network, _ string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
}

func connecting(errno syscall.Errno) dial { return failing(os.NewSyscallError("connect", errno)) }

// soon is long enough for a response of this machine, and short for a test.
const soon = 50 * time.Millisecond

// way is how a request fails.
type way struct {
	name     string
	url      string
	dial     dial // of TCP if nil
	change   func(a *loadgen.HTTP)
	standard bool // net/http's transport has all attacks of this kind
	cut      bool // the run is cut off while the request is under way
}

// docs/plan.md lists the reasons of requests that failed. Each is reached over both
// transports. Of the reasons of those that were not sent, connection_wait and stopped
// are in timeout_test.go, stopped and late in the suite of loadgentest; error is the
// runner's, and connection_backoff gRPC's.
func TestEachReasonOfAFailureIsReached(t *testing.T) {
	ways := waysToFail(t)
	for _, kind := range loadgen.ErrorKinds() {
		assert.Contains(t, ways, kind, "no way leads to it")
		for _, w := range ways[kind] {
			t.Run(string(kind)+" by "+w.name, func(t *testing.T) {
				a := attackOn(w.url)
				a.HTTP.Protocol = loadgen.ProtocolHTTP1
				if w.url == "" {
					a.HTTP.URL = "http://target.test/"
				}
				if w.change != nil {
					w.change(a.HTTP)
				}
				d := w.dial
				if d == nil {
					d = (&net.Dialer{}).DialContext
				}
				bothRigs(t, a, d, func(t *testing.T, rig *rig) {
					if _, own := rig.transport.(*direct); own && w.standard {
						assert.False(t, suits(a.HTTP, rig.requests))
						return
					}
					if w.cut {
						time.AfterFunc(soon, rig.cancel)
					}
					r := rig.send(0)
					assert.Equal(t, loadgen.Failed, r.Outcome)
					assert.Equal(t, kind, r.Error, r.ErrorText)
					assert.NotEmpty(t, r.ErrorText)
					assert.False(t, r.Sent.IsZero() || r.Done.IsZero())
					assert.Equal(t, r.ServiceTime(), r.Phases.Sum())
				})
			})
		}
	}
	assert.Len(t, ways, len(loadgen.ErrorKinds()))
}

// waysToFail are ways to each reason.
func waysToFail(t *testing.T) map[loadgen.ErrorKind][]way {
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	secure.Config.ErrorLog = nil
	round := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) })).URL
	target := func(reply func(c net.Conn, n int) bool) string { return serveScript(t, false, reply).url }
	hanging := target(func(c net.Conn, _ int) bool { return mute(c) })
	return map[loadgen.ErrorKind][]way{
		loadgen.ErrorTimeout: {
			{name: "no response", url: hanging, change: func(a *loadgen.HTTP) { a.Timeout = soon }},
			{name: "a dial that hangs", change: func(a *loadgen.HTTP) { a.Timeout = soon }, dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				select {
				case <-ctx.Done():
				case <-time.After(4 * soon): // net/http lets a dial go on
				}
				return nil, os.ErrDeadlineExceeded
			}},
			{name: "the kernel's", dial: connecting(syscall.ETIMEDOUT)},
		},
		loadgen.ErrorDNS: {{name: "no such host", dial: failing(&net.DNSError{Err: "no such host", Name: "nowhere.invalid", IsNotFound: true})}},
		loadgen.ErrorRefused: {
			{name: "a closed port", url: closedPort(t)},
			{name: "the kernel's", dial: connecting(syscall.ECONNREFUSED)},
		},
		loadgen.ErrorUnreachable: {
			{name: "host", dial: connecting(syscall.EHOSTUNREACH)},
			{name: "network", dial: connecting(syscall.ENETUNREACH)},
		},
		loadgen.ErrorTLS: {{name: "a certificate of nobody", url: secure.URL}},
		loadgen.ErrorReset: {
			{name: "instead of a response", url: target(func(c net.Conn, _ int) bool { c.(*net.TCPConn).SetLinger(0); return false })},
			{name: "of a dial", dial: connecting(syscall.ECONNRESET)},
		},
		loadgen.ErrorClosed:     {{name: "instead of a response", url: target(func(net.Conn, int) bool { return false })}},
		loadgen.ErrorProtocol:   {{name: "no HTTP", url: target(says("SSH-2.0-OpenSSH\r\n"))}},
		loadgen.ErrorBodyTooBig: {{name: "a long body", url: target(says(ok + "Content-Length: 6\r\n\r\nlonger")), change: func(a *loadgen.HTTP) { a.MaxBody = 5 }}},
		loadgen.ErrorRedirects:  {{name: "in a circle", url: round, change: func(a *loadgen.HTTP) { a.Redirects = 3 }, standard: true}},
		loadgen.ErrorNotAllowed: {{name: "another network", url: hanging, dial: gateOf(t, "192.0.2.0/24").Dial(&net.Dialer{})}},
		loadgen.ErrorNoPorts:    {{name: "the kernel's", dial: connecting(syscall.EADDRNOTAVAIL)}},
		loadgen.ErrorNoFiles: {
			{name: "of the process", dial: failing(os.NewSyscallError("socket", syscall.EMFILE))},
			{name: "of the system", dial: failing(os.NewSyscallError("socket", syscall.ENFILE))},
		},
		loadgen.ErrorCancelled: {{name: "the run is cut off", url: hanging, cut: true}},
		loadgen.ErrorOther:     {{name: "something else", dial: failing(errors.New("something else"))}},
	}
}
