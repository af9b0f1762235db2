package httpengine

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
	"github.com/loadtrace/loadtrace/loadgen/loadgentest"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// bothTransports runs a test over the direct transport and over net/http's,
// which must show the same.
func bothTransports(t *testing.T, test func(t *testing.T, open runner.Open)) {
	t.Run("direct", func(t *testing.T) {
		test(t, func(s runner.Setup) (loadgen.Engine, error) {
			e, err := Open(s)
			if err == nil {
				require.IsType(t, &direct{}, e.(*engine).transport)
			}
			return e, err
		})
	})
	t.Run("standard", func(t *testing.T) {
		test(t, func(s runner.Setup) (loadgen.Engine, error) {
			return open(s, func(s *runner.Setup, _ []*request) (transport, error) {
				trust, err := enginekit.ClientTLS(t.Context(), "http", s.Attack.HTTP.TLS)
				return newStandard(s, trust), err
			})
		})
	})
}

// send sends n requests, one after another.
func send(t *testing.T, open runner.Open, a loadgen.Attack, n uint64) []loadgen.Record {
	t.Helper()
	a.Load = []pace.Stage{{Max: &pace.Max{Workers: 1}, Count: n}}
	records := loadgentest.Attack(t.Context(), t, open, a, loadgen.Limits{Grace: time.Second}).Records
	require.Len(t, records, int(n))
	for _, r := range records {
		require.Equal(t, r.ServiceTime(), r.Phases.Sum())
	}
	return records
}

// script is a server that answers each request by hand.
type script struct {
	url         string
	connections atomic.Int64
	requests    atomic.Int64
}

// serveScript starts a server that reads a request, its body too unless early is
// set, and has reply write the answer, until reply returns false.
func serveScript(t *testing.T, early bool, reply func(c net.Conn, n int) bool) *script {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return runScript(t, l, "http", early, reply)
}

// serveSecretScript is serveScript over TLS.
func serveSecretScript(t *testing.T, cert tls.Certificate, reply func(c net.Conn, n int) bool) *script {
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	require.NoError(t, err)
	return runScript(t, l, "https", false, reply)
}

func serverCertificate(t *testing.T) tls.Certificate {
	dir := t.TempDir()
	loadgentest.NewPKI(t, dir)
	cert, err := tls.LoadX509KeyPair(filepath.Join(dir, "server.pem"), filepath.Join(dir, "server.key"))
	require.NoError(t, err)
	return cert
}

func runScript(t *testing.T, l net.Listener, scheme string, early bool, reply func(c net.Conn, n int) bool) *script {
	s := &script{url: scheme + "://" + l.Addr().String()}
	var serving sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(func() { stop(); l.Close(); serving.Wait() })
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.connections.Add(1)
			serving.Go(func() {
				defer c.Close()
				defer context.AfterFunc(ctx, func() { c.Close() })()
				s.talk(c, early, reply)
			})
		}
	})
	return s
}

func (s *script) talk(c net.Conn, early bool, reply func(c net.Conn, n int) bool) {
	r := bufio.NewReader(c)
	for n := 0; ; n++ {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		s.requests.Add(1)
		if !early {
			io.Copy(io.Discard, req.Body)
		}
		if !reply(c, n) {
			return
		}
	}
}

// says answers every request with the same bytes and stays.
func says(answer string) func(net.Conn, int) bool {
	return func(c net.Conn, _ int) bool {
		_, err := io.WriteString(c, answer)
		return err == nil
	}
}

// What comes after a response belongs to nothing, so the connection is not used
// again. net/http keeps it before it looks at what is left, and reports that on the
// standard logger; so the next request comes only when it has looked.
func TestAResponseWithMoreThanItSaidIsTheLastOfItsConnection(t *testing.T) {
	log.SetOutput(io.Discard)
	defer log.SetOutput(os.Stderr)
	for _, more := range []string{"!", "\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 408 Request Timeout\r\n\r\n"} {
		s := &bubbled{reply: func(c net.Conn, _ int) bool {
			_, err := io.WriteString(c, fine+more)
			return err == nil
		}}
		bothRigsInABubble(t, attackOn("http://target.test/"), s, func(t *testing.T, rig *rig) {
			for range 3 {
				r := rig.send(0)
				assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
				assert.EqualValues(t, 2, r.BytesReceived)
				assert.False(t, r.Reused)
				synctest.Wait()
			}
		})
	}
}

// The target answers before it has read the request, and never reads it.
func TestAnEarlyAnswerCounts(t *testing.T) {
	bothTransports(t, func(t *testing.T, open runner.Open) {
		s := serveScript(t, true, func(c net.Conn, _ int) bool {
			io.WriteString(c, "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
			time.Sleep(100 * time.Millisecond) // a close with unread data would reset the connection, and the answer with it
			return false
		})
		a := attackOn(s.url)
		a.HTTP.Method, a.HTTP.Body = http.MethodPost, strings.Repeat("x", 32<<20)
		for _, r := range send(t, open, a, 2) {
			assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
			assert.Equal(t, 413, r.Status)
			assert.Zero(t, r.BytesSent, "it was not sent to its end")
			assert.False(t, r.Reused)
		}
	})
}

func TestALongRequestIsSentToItsEnd(t *testing.T) {
	bothTransports(t, func(t *testing.T, open runner.Open) {
		s := serveScript(t, false, says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
		a := attackOn(s.url)
		a.HTTP.Method, a.HTTP.Body = http.MethodPut, strings.Repeat("x", 4<<20)
		for i, r := range send(t, open, a, 3) {
			assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
			assert.EqualValues(t, 4<<20, r.BytesSent)
			assert.Equal(t, i > 0, r.Reused)
		}
	})
}

func TestAConnectionThatTheTargetClosedWhileIdleIsNotUsed(t *testing.T) {
	a := attackOn("http://target.test/")
	a.HTTP.Method = http.MethodPost
	s := &bubbled{reply: func(c net.Conn, _ int) bool { answers(c, 0); return false }}
	bothRigsInABubble(t, a, s, func(t *testing.T, rig *rig) {
		for range 10 {
			r := rig.send(0)
			assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
			assert.False(t, r.Reused)
			synctest.Wait() // until the target has closed, and the transport has seen it if it looks
		}
	})
}

// What may have reached the target is not sent again, not even over a
// connection that was kept, and whatever its method: net/http sends what it takes
// for idempotent again.
func TestARequestThatWasSentIsNotRepeated(t *testing.T) {
	for _, c := range []struct {
		name, method, body string
		headers            map[string]string
		reset              bool
		kind               loadgen.ErrorKind
	}{
		{name: "closed", method: http.MethodGet, kind: loadgen.ErrorClosed},
		{name: "reset", method: http.MethodGet, reset: true, kind: loadgen.ErrorReset},
		{name: "HEAD", method: http.MethodHead, kind: loadgen.ErrorClosed},
		{name: "GET with a body", method: http.MethodGet, body: "hello", kind: loadgen.ErrorClosed},
		{name: "POST", method: http.MethodPost, body: "hello", kind: loadgen.ErrorClosed},
		{name: "POST with a key", method: http.MethodPost, body: "hello", headers: map[string]string{"Idempotency-Key": "1"}, kind: loadgen.ErrorClosed},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothTransports(t, func(t *testing.T, open runner.Open) {
				s := serveScript(t, false, func(conn net.Conn, n int) bool {
					if n == 1 {
						if c.reset {
							conn.(*net.TCPConn).SetLinger(0)
						}
						return false
					}
					io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
					return true
				})
				a := attackOn(s.url)
				a.HTTP.Method, a.HTTP.Body, a.HTTP.Headers = c.method, c.body, c.headers
				for i, r := range send(t, open, a, 6) {
					if i%2 == 1 {
						assert.Equal(t, c.kind, r.Error, r.ErrorText)
						assert.True(t, r.Reused)
						assert.Zero(t, r.Dialed)
						assert.Positive(t, r.Phases.Wait, "it was written, and then nothing came")
					} else {
						assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
					}
				}
				assert.EqualValues(t, 6, s.requests.Load())
				assert.EqualValues(t, 3, s.connections.Load())
			})
		})
	}
}

func TestRequestsWaitForABoundedNumberOfConnections(t *testing.T) {
	bothTransports(t, func(t *testing.T, open runner.Open) {
		s := serveScript(t, false, func(c net.Conn, _ int) bool {
			time.Sleep(time.Millisecond)
			_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			return err == nil
		})
		a := attackOn(s.url)
		a.HTTP.MaxConnections = 2
		a.Load = []pace.Stage{{Max: &pace.Max{Workers: 10}, Count: 200}}
		res := loadgentest.Attack(t.Context(), t, open, a, loadgen.Limits{Grace: time.Second})
		var waited time.Duration
		for _, r := range res.Records {
			assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
			waited += r.Phases.Conn
		}
		assert.EqualValues(t, 2, s.connections.Load())
		assert.Greater(t, waited/200, 2*time.Millisecond, "eight of ten wait for the other two")
	})
}

// Most of the requests are never on the network, and none of those is counted as if
// it were: the target saw no more than were sent.
func TestRequestsThatWaitForAConnectionUntilTheirTimeoutAreNotSent(t *testing.T) {
	bothTransports(t, func(t *testing.T, open runner.Open) {
		s := serveScript(t, false, func(c net.Conn, _ int) bool {
			time.Sleep(100 * time.Millisecond)
			_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			return err == nil
		})
		for _, load := range []pace.Stage{{Max: &pace.Max{Workers: 50}, Count: 50}, {Constant: 5000, Count: 50}} {
			s.requests.Store(0)
			a := attackOn(s.url)
			a.HTTP.MaxConnections, a.HTTP.Timeout = 1, 250*time.Millisecond
			a.Load = []pace.Stage{load}
			res := loadgentest.Attack(t.Context(), t, open, a, loadgen.Limits{Grace: time.Second, Overrun: time.Minute})
			require.Len(t, res.Records, 50)
			sent := 0
			for _, r := range res.Records {
				if r.Outcome == loadgen.NotSent {
					assert.Equal(t, loadgen.NotSentConnectionWait, r.NotSent)
					notOnTheNetwork(t, r)
					continue
				}
				sent++
				if r.Outcome == loadgen.Failed {
					assert.Equal(t, loadgen.ErrorTimeout, r.Error, r.ErrorText)
				}
			}
			assert.LessOrEqual(t, s.requests.Load(), int64(sent))
		}
	})
}

// A stop cuts off what waits, as it does what is under way, but that was not sent.
func TestARequestThatWaitsForAConnectionWhenTheRunIsCutOffIsNotSent(t *testing.T) {
	bothTransports(t, func(t *testing.T, open runner.Open) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		s := serveScript(t, false, func(c net.Conn, _ int) bool {
			stop()
			io.Copy(io.Discard, c)
			return false
		})
		a := attackOn(s.url)
		a.HTTP.MaxConnections, a.HTTP.Timeout = 1, time.Minute
		a.Load = []pace.Stage{{Max: &pace.Max{Workers: 10}, Count: 10}}
		res := loadgentest.Attack(ctx, t, open, a, loadgen.Limits{Grace: 100 * time.Millisecond})
		sent := 0
		for _, r := range res.Records {
			if r.Outcome == loadgen.NotSent {
				assert.Equal(t, loadgen.NotSentStopped, r.NotSent)
				notOnTheNetwork(t, r)
				continue
			}
			sent++
			assert.Equal(t, loadgen.ErrorCancelled, r.Error, r.ErrorText)
		}
		assert.Equal(t, 1, sent)
		assert.EqualValues(t, 1, s.requests.Load())
	})
}

// notOnTheNetwork checks that a record of a request that was not sent holds nothing
// of one that was.
func notOnTheNetwork(t *testing.T, r loadgen.Record) {
	t.Helper()
	assert.Equal(t, r.Open, !r.Intended.IsZero())
	assert.Equal(t, loadgen.Record{
		Attack: r.Attack, Stage: r.Stage, Seq: r.Seq, TraceID: r.TraceID, SpanID: r.SpanID, Open: r.Open,
		Intended: r.Intended, Target: r.Target, Outcome: loadgen.NotSent, NotSent: r.NotSent,
	}, r)
}

// The body of a switch of protocols is the connection itself, which net/http reads
// whatever becomes of the request: a run over it never ended.
func TestASwitchOfProtocolsEndsARequest(t *testing.T) {
	reply := says("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x05hello")
	plain, secret := serveScript(t, false, reply), serveSecretScript(t, serverCertificate(t), reply)
	for _, c := range []struct {
		name      string
		s         *script
		headers   map[string]string
		redirects int
	}{
		{name: "nothing asked for", s: plain},
		{name: "https with all defaults", s: secret},
		{name: "with an Upgrade header", s: plain, headers: map[string]string{"Connection": "Upgrade", "Upgrade": "websocket"}},
		{name: "with an Upgrade header, https", s: secret, headers: map[string]string{"Connection": "Upgrade", "Upgrade": "websocket"}},
		{name: "with redirects", s: plain, redirects: 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := attackOn(c.s.url)
			a.HTTP.Headers, a.HTTP.Redirects, a.HTTP.TLS.InsecureSkipVerify = c.headers, c.redirects, true
			for _, r := range send(t, Open, a, 3) {
				assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
				assert.Equal(t, 101, r.Status)
				assert.Zero(t, r.BytesReceived)
				assert.False(t, r.Reused)
			}
		})
	}
}

func TestHeadersOfThePlanAreSentAsTheyAre(t *testing.T) {
	var got []string
	s := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = append(got, fmt.Sprint(r.Host, r.Header["X-Two"], r.UserAgent(), r.RequestURI, r.Header.Get("Authorization")))
	}))
	bothTransports(t, func(t *testing.T, open runner.Open) {
		a := attackOn(strings.Replace(s.URL, "//", "//u:p@", 1) + "/a%20b?c=d&e")
		a.HTTP.Headers = map[string]string{"Host": "other.test", "X-Two": "2", "User-Agent": "me"}
		send(t, open, a, 1)
	})
	assert.Equal(t, []string{"other.test[2]me/a%20b?c=d&eBasic dTpw", "other.test[2]me/a%20b?c=d&eBasic dTpw"}, got)
}
