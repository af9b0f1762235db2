package httpengine

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
)

// kept are what a target may do, unasked, with a connection that it said it would keep.
// Whatever it is, the connection is of no more use, and no request fails for it.
var kept = []struct {
	name string
	does func(c net.Conn) // and then it says nothing more
}{
	{"closes", func(c net.Conn) { c.Close() }},
	{"closes its side", func(c net.Conn) { c.(interface{ CloseWrite() error }).CloseWrite() }},
	{"resets", func(c net.Conn) { below(c).SetLinger(0); below(c).Close() }},
	{"closes without the farewell of TLS", func(c net.Conn) { below(c).CloseWrite() }},
	{"sends an empty line", func(c net.Conn) { io.WriteString(c, "\r\n") }},
	{"sends a byte", func(c net.Conn) { io.WriteString(c, "!") }},
	{"says why it closes", func(c net.Conn) {
		io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n")
		c.Close()
	}},
	{"sends another response", func(c net.Conn) { io.WriteString(c, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n") }},
	{"sends an interim response", func(c net.Conn) { io.WriteString(c, "HTTP/1.1 103 Early Hints\r\n\r\n") }},
}

// below is the TCP connection.
func below(c net.Conn) *net.TCPConn {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	return c.(*net.TCPConn)
}

// A target that closed each connection after a response, and did not say so in the
// response, made every second request of a closed loop fail. One that sent bytes after
// a 204 had them taken for the next response.
func TestAKeptConnectionIsLookedAtBeforeItIsUsed(t *testing.T) {
	cert := serverCertificate(t)
	for _, k := range kept {
		t.Run(k.name, func(t *testing.T) {
			for name, start := range map[string]func(reply func(net.Conn, int) bool) *script{
				"http":  func(reply func(net.Conn, int) bool) *script { return serveScript(t, false, reply) },
				"https": func(reply func(net.Conn, int) bool) *script { return serveSecretScript(t, cert, reply) },
			} {
				t.Run(name, func(t *testing.T) { testKept(t, start, k.does) })
			}
		})
	}
}

func testKept(t *testing.T, start func(reply func(net.Conn, int) bool) *script, does func(net.Conn)) {
	for _, own := range []bool{true, false} {
		t.Run(name(own), func(t *testing.T) {
			act := make(chan bool)
			s := start(func(c net.Conn, _ int) bool {
				_, err := io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
				<-act
				does(c)
				return err == nil
			})
			t.Cleanup(func() { close(act) })
			a := attackOn(s.url)
			a.HTTP.Protocol, a.HTTP.TLS.InsecureSkipVerify = loadgen.ProtocolHTTP1, true
			var last net.Conn
			rig := newRig(t, a, own, func(ctx context.Context, network, address string) (c net.Conn, err error) {
				c, err = (&net.Dialer{}).DialContext(ctx, network, address)
				last = c
				return c, err
			})
			defer rig.close()
			for range 5 {
				r := rig.send(0)
				require.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
				require.Equal(t, 204, r.Status)
				require.False(t, r.Reused)
				require.Equal(t, 1, r.Dialed)
				act <- true
				waitForNews(t, last.(*net.TCPConn), !own)
			}
			assert.EqualValues(t, 5, s.requests.Load())
			assert.EqualValues(t, 5, s.connections.Load())
		})
	}
}

// A client that says close sends nothing more over the connection (RFC 9112, section
// 9.6), whether or not the target closes it. Net/http's transport went on.
func TestTheLastRequestOfAConnectionIsTheLast(t *testing.T) {
	for _, option := range []string{"close", "Close", "keep-alive, close"} {
		for _, own := range []bool{true, false} {
			t.Run(option+"/"+name(own), func(t *testing.T) {
				s := serveScript(t, false, func(c net.Conn, _ int) bool {
					_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
					return err == nil
				})
				a := attackOn(s.url)
				a.HTTP.Headers = map[string]string{"connection": option}
				rig := newRig(t, a, own, (&net.Dialer{}).DialContext)
				defer rig.close()
				for range 3 {
					r := rig.send(0)
					require.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
					assert.False(t, r.Reused)
				}
				assert.EqualValues(t, 3, s.requests.Load())
				assert.EqualValues(t, 3, s.connections.Load())
			})
		}
	}
}

// waitForNews waits until something has come over a connection, or, if this side reads
// all the time, until it has closed the connection because of that.
func waitForNews(t *testing.T, c *net.TCPConn, closes bool) {
	raw, err := c.SyscallConn()
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		quiet := true
		gone := raw.Control(func(fd uintptr) {
			var b [1]byte
			_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
			quiet = err == syscall.EAGAIN
		})
		return gone != nil || !closes && !quiet
	}, time.Minute, 100*time.Microsecond)
}

// A target may turn away who connects before it has read anything, as proxies do whose
// limit of connections is reached. Net/http's transport took that for bytes that nobody
// had asked for, if they came before the request was written.
func TestAnAnswerToTheConnectionIsTheFirstRequests(t *testing.T) {
	for _, c := range []struct {
		name, says string
		kind       loadgen.ErrorKind
		status     int
	}{
		{"with a status", "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno", "", 503},
		{"with a timeout", "HTTP/1.1 408 Request Timeout\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno", "", 408},
		{"in another protocol", "SSH-2.0-OpenSSH_9.2\r\n", loadgen.ErrorProtocol, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, own := range []bool{true, false} {
				t.Run(name(own), func(t *testing.T) {
					l, err := net.Listen("tcp", "127.0.0.1:0")
					require.NoError(t, err)
					s := runRaw(t, l, func(conn *net.TCPConn) {
						io.WriteString(conn, c.says)
						conn.CloseWrite()
						io.Copy(io.Discard, conn)
					})
					rig := newRig(t, attackOn(s), own, func(ctx context.Context, network, address string) (net.Conn, error) {
						conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
						if err == nil {
							waitForNews(t, conn.(*net.TCPConn), false)
						}
						return conn, err
					})
					defer rig.close()
					for range 5 {
						r := rig.send(0)
						assert.Equal(t, c.kind, r.Error, r.ErrorText)
						assert.Equal(t, c.status, r.Status)
						assert.Equal(t, 1, r.Dialed)
					}
				})
			}
		})
	}
}

// runRaw has talk speak over each connection.
func runRaw(t *testing.T, l net.Listener, talk func(c *net.TCPConn)) (url string) {
	var serving sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(func() { stop(); l.Close(); serving.Wait() })
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				defer context.AfterFunc(ctx, func() { c.Close() })()
				talk(c.(*net.TCPConn))
			})
		}
	})
	return "http://" + l.Addr().String()
}
