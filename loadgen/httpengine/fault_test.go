package httpengine

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/loadgentest"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// sendRequests sends n requests, one after another.
func sendRequests(t *testing.T, a loadgen.Attack, n uint64) []loadgen.Record {
	t.Helper()
	a.Load = []pace.Stage{{Max: &pace.Max{Workers: 1}, Count: n}}
	return loadgentest.Attack(t.Context(), t, Open, a, loadgen.Limits{Grace: time.Second}).Records
}

// rawServer answers each connection with talk, once a request has been read.
func rawServer(t *testing.T, talk func(c *net.TCPConn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					talk(c.(*net.TCPConn))
				}
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

func closedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return "http://" + l.Addr().String()
}

func TestEveryFaultOfATargetIsAFailureOfItsKind(t *testing.T) {
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	secure.Config.ErrorLog = nil
	plain := serve(t, http.NotFoundHandler())
	for _, c := range []struct {
		name string
		url  string
		kind loadgen.ErrorKind
	}{
		{"refuses", closedPort(t), loadgen.ErrorRefused},
		{"resets", rawServer(t, func(c *net.TCPConn) { c.SetLinger(0) }), loadgen.ErrorReset},
		{"closes without a word", rawServer(t, func(*net.TCPConn) {}), loadgen.ErrorClosed},
		{"hangs", rawServer(t, func(c *net.TCPConn) { io.Copy(io.Discard, c) }), loadgen.ErrorTimeout},
		{"hangs in the middle of the body", rawServer(t, func(c *net.TCPConn) {
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
			io.Copy(io.Discard, c)
		}), loadgen.ErrorTimeout},
		{"sends half a response", rawServer(t, func(c *net.TCPConn) {
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
		}), loadgen.ErrorClosed},
		{"speaks something else", rawServer(t, func(c *net.TCPConn) { fmt.Fprint(c, "SSH-2.0-OpenSSH\r\n\r\n") }), loadgen.ErrorProtocol},
		{"sends a bad chunk", rawServer(t, func(c *net.TCPConn) {
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
		}), loadgen.ErrorProtocol},
		{"has a certificate of nobody", secure.URL, loadgen.ErrorTLS},
		{"has no TLS", strings.Replace(plain.URL, "http:", "https:", 1), loadgen.ErrorTLS},
		{"has no name", "http://nowhere.invalid/", loadgen.ErrorDNS},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothTransports(t, func(t *testing.T, open runner.Open) {
				a := attackOn(c.url)
				a.HTTP.Protocol = loadgen.ProtocolHTTP1
				if c.kind == loadgen.ErrorTimeout {
					a.HTTP.Timeout = 100 * time.Millisecond
				}
				for _, r := range send(t, open, a, 3) {
					assert.Equal(t, loadgen.Failed, r.Outcome)
					assert.Equal(t, c.kind, r.Error, r.ErrorText)
					assert.NotEmpty(t, r.ErrorText)
				}
			})
		})
	}
}

func TestAnEndlessBodyEndsAtTheLimit(t *testing.T) {
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(int64(2)<<30))
		chunk := make([]byte, 64<<10)
		for r.Context().Err() == nil {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	a := attackOn(s.URL)
	bothTransports(t, func(t *testing.T, open runner.Open) {
		for _, r := range send(t, open, a, 2) {
			assert.Equal(t, loadgen.ErrorBodyTooBig, r.Error, r.ErrorText)
			assert.Less(t, r.BytesReceived, int64(a.HTTP.MaxBody)+64<<10)
			assert.False(t, r.Reused, "the connection is given up")
		}
	})
}

// The descriptor limit belongs to the process, so the test runs itself in
// another one.
func TestRunningOutOfDescriptorsIsAFailureOfTheGenerator(t *testing.T) {
	if os.Getenv("LOADTRACE_TEST_FEW_FILES") == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), "LOADTRACE_TEST_FEW_FILES=1")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "--- PASS")
		return
	}
	url := rawServer(t, func(c *net.TCPConn) { io.Copy(io.Discard, c) })
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 40, Max: 40}))
	bothTransports(t, func(t *testing.T, open runner.Open) {
		a := attackOn(url)
		a.HTTP.Timeout = 500 * time.Millisecond
		a.Load = []pace.Stage{{Constant: 1000, Count: 100}}
		res := loadgentest.Attack(context.Background(), t, open, a, loadgen.Limits{Overrun: time.Minute})
		kinds := map[loadgen.ErrorKind]int{}
		for _, r := range res.Records {
			kinds[r.Error]++
		}
		assert.Positive(t, kinds[loadgen.ErrorNoFiles], "%v", kinds)
		assert.Len(t, res.Records, 100)
	})
}

func TestAPlainServerBehindH2IsAFailureNotAHang(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{NextProtos: []string{"http/1.1"}}
	s.StartTLS()
	t.Cleanup(s.Close)
	a := attackOn(s.URL)
	a.HTTP.Protocol, a.HTTP.TLS.InsecureSkipVerify = loadgen.ProtocolHTTP2, true
	for _, r := range sendRequests(t, a, 2) {
		assert.Equal(t, loadgen.Failed, r.Outcome)
		assert.Contains(t, []loadgen.ErrorKind{loadgen.ErrorTLS, loadgen.ErrorProtocol}, r.Error, r.ErrorText)
	}
}
