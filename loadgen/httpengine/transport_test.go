package httpengine

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
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
				trust, err := newTLS(s.Attack.HTTP.TLS)
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
	s := &script{url: "http://" + l.Addr().String()}
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

func TestResponsesAreFramedAsTheProtocolSays(t *testing.T) {
	many := strings.Repeat("X-Long: "+strings.Repeat("x", 1000)+"\r\n", 60)
	for _, c := range []struct {
		name, method, answer string
		status               int
		body                 int64
		conns                int64 // of three requests
	}{
		{"a length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, 5, 1},
		{"odd spelling", "GET", "HTTP/1.1 200 OK\r\ncOnTent-LENGTH:5 \r\nServer:\r\n\r\nhello", 200, 5, 1},
		{"no reason phrase", "GET", "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello", 200, 5, 1},
		{"an empty body", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, 0, 1},
		{"the target closes", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", 200, 5, 3},
		{"HTTP/1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, 5, 3},
		{"HTTP/1.0 that keeps", "GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", 200, 5, 1},
		{"chunks", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", 200, 5, 1},
		{"chunks with extensions and a trailer", "GET",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", 200, 5, 1},
		{"no chunk at all", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, 0, 1},
		{"interim responses", "GET",
			"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, 5, 1},
		{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", 200, 0, 1},
		{"HEAD of chunks", "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, 0, 1},
		{"no content", "GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, 0, 1},
		{"not modified, with a length", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n", 304, 0, 1},
		{"60 kB of headers", "GET", "HTTP/1.1 200 OK\r\n" + many + "Content-Length: 5\r\n\r\nhello", 200, 5, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothTransports(t, func(t *testing.T, open runner.Open) {
				s := serveScript(t, false, says(c.answer))
				a := attackOn(s.url)
				a.HTTP.Method = c.method
				for _, r := range send(t, open, a, 3) {
					require.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
					assert.Equal(t, c.status, r.Status)
					assert.Equal(t, c.body, r.BytesReceived)
				}
				assert.Equal(t, c.conns, s.connections.Load())
				assert.EqualValues(t, 3, s.requests.Load())
			})
		})
	}
}

// What comes after a response belongs to nothing, so the connection is not used
// again. The standard library puts it back before it looks at what is left; so the
// next request comes only when it has had time to.
func TestAResponseWithMoreThanItSaidIsTheLastOfItsConnection(t *testing.T) {
	bothTransports(t, func(t *testing.T, open runner.Open) {
		s := serveScript(t, false, says("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello!"))
		a := attackOn(s.url)
		a.Load = []pace.Stage{{Constant: 5, Count: 3}}
		records := loadgentest.Attack(t.Context(), t, open, a, loadgen.Limits{Grace: time.Second}).Records
		require.Len(t, records, 3)
		for _, r := range records {
			require.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
			assert.Equal(t, 200, r.Status)
			assert.EqualValues(t, 5, r.BytesReceived)
		}
		assert.EqualValues(t, 3, s.connections.Load())
		assert.EqualValues(t, 3, s.requests.Load())
	})
}

func TestABodyMayEndWithTheConnection(t *testing.T) {
	bothTransports(t, func(t *testing.T, open runner.Open) {
		s := serveScript(t, false, func(c net.Conn, _ int) bool {
			io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nhello")
			return false
		})
		for _, r := range send(t, open, attackOn(s.url), 3) {
			assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
			assert.EqualValues(t, 5, r.BytesReceived)
			assert.False(t, r.Reused)
		}
	})
}

func TestMalformedResponsesAreFailuresOfTheProtocol(t *testing.T) {
	for _, c := range []struct{ name, answer string }{
		{"a length that is no number", "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello"},
		{"a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello"},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"},
		{"a status that is no number", "HTTP/1.1 abc OK\r\n\r\n"},
		{"a header without a colon", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"},
		{"a chunk without a size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n"},
		{"a chunk longer than its size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n"},
		{"a trailer that is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nnonsense\r\n\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothTransports(t, func(t *testing.T, open runner.Open) {
				s := serveScript(t, false, says(c.answer))
				for _, r := range send(t, open, attackOn(s.url), 2) {
					assert.Equal(t, loadgen.Failed, r.Outcome)
					assert.Equal(t, loadgen.ErrorProtocol, r.Error, r.ErrorText)
					assert.False(t, r.Reused)
				}
			})
		})
	}
}

func TestHeadersWithoutEndAreAFailure(t *testing.T) {
	bothTransports(t, func(t *testing.T, open runner.Open) {
		line := "X-Long: " + strings.Repeat("x", 64<<10) + "\r\n"
		s := serveScript(t, false, func(c net.Conn, _ int) bool {
			io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			for {
				if _, err := io.WriteString(c, line); err != nil {
					return false
				}
			}
		})
		r := send(t, open, attackOn(s.url), 1)[0]
		assert.Equal(t, loadgen.ErrorProtocol, r.Error, r.ErrorText)
	})
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
	bothTransports(t, func(t *testing.T, open runner.Open) {
		s := serveScript(t, false, func(c net.Conn, _ int) bool {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			return false
		})
		a := attackOn(s.url)
		a.HTTP.Method = http.MethodPost
		a.Load = []pace.Stage{{Constant: 50, Count: 10}}
		res := loadgentest.Attack(t.Context(), t, open, a, loadgen.Limits{Grace: time.Second, Overrun: time.Second})
		for _, r := range res.Records {
			assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
		}
		assert.EqualValues(t, 10, s.requests.Load())
	})
}

// What may have reached the target is not sent again, not even over a
// connection that was kept.
func TestARequestThatWasSentIsNotRepeated(t *testing.T) {
	bothTransports(t, func(t *testing.T, open runner.Open) {
		s := serveScript(t, false, func(c net.Conn, n int) bool {
			if n == 1 {
				return false
			}
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			return true
		})
		records := send(t, open, attackOn(s.url), 6)
		for i, r := range records {
			if i%2 == 1 {
				assert.Equal(t, loadgen.ErrorClosed, r.Error, r.ErrorText)
				assert.True(t, r.Reused)
			} else {
				assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
			}
		}
		assert.EqualValues(t, 6, s.requests.Load())
	})
}

func TestTheTimeoutIsOfEachRequest(t *testing.T) {
	bothTransports(t, func(t *testing.T, open runner.Open) {
		s := serveScript(t, false, func(c net.Conn, n int) bool {
			if n == 2 {
				io.Copy(io.Discard, c)
			}
			time.Sleep(60 * time.Millisecond)
			_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			return err == nil
		})
		a := attackOn(s.url)
		a.HTTP.Timeout = 150 * time.Millisecond
		for i, r := range send(t, open, a, 6) {
			if i%3 == 2 {
				assert.Equal(t, loadgen.ErrorTimeout, r.Error, r.ErrorText)
				assert.InDelta(t, 0.150, r.ServiceTime().Seconds(), 0.1)
			} else {
				assert.Equal(t, loadgen.Finished, r.Outcome, "%d: %s", i, r.ErrorText)
			}
		}
	})
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

func TestWaitingForAConnectionEndsWithTheTimeout(t *testing.T) {
	bothTransports(t, func(t *testing.T, open runner.Open) {
		s := serveScript(t, false, func(c net.Conn, _ int) bool {
			io.Copy(io.Discard, c)
			return false
		})
		a := attackOn(s.url)
		a.HTTP.MaxConnections, a.HTTP.Timeout = 1, 100*time.Millisecond
		a.Load = []pace.Stage{{Max: &pace.Max{Workers: 3}, Count: 6}}
		res := loadgentest.Attack(t.Context(), t, open, a, loadgen.Limits{Grace: time.Second})
		require.Len(t, res.Records, 6)
		for _, r := range res.Records {
			if r.Outcome == loadgen.NotSent {
				assert.Equal(t, loadgen.NotSentConnectionWait, r.NotSent)
				continue
			}
			assert.Equal(t, loadgen.ErrorTimeout, r.Error, r.ErrorText)
			assert.Less(t, r.ServiceTime(), 300*time.Millisecond)
		}
	})
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
