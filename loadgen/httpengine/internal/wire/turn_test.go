package wire

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// early are what a target may have done with a new connection before the request comes.
// Whatever it is, an exchange must not wait for something to come after that.
var early = []struct {
	name   string
	does   func(c *net.TCPConn)
	status int // of the exchange; 0 is a failure
}{
	{"closes", func(c *net.TCPConn) { c.Close() }, 0},
	{"closes its side", func(c *net.TCPConn) { c.CloseWrite() }, 0},
	{"resets", func(c *net.TCPConn) { c.SetLinger(0); c.Close() }, 0},
	{"answers", func(c *net.TCPConn) { io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n") }, 204},
	{"answers and closes", func(c *net.TCPConn) {
		io.WriteString(c, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
		c.CloseWrite()
	}, 503},
}

func TestWhatCameBeforeTheRequestIsSeen(t *testing.T) {
	for _, e := range early {
		t.Run(e.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer l.Close()
			done := make(chan *net.TCPConn, 1)
			client := New(Options{
				Clock: time.Now().Add(-time.Second), Timeout: time.Minute, KeepAlive: true, Idle: 1, MaxBody: 1,
				Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
					c, err := (&net.Dialer{}).DialContext(ctx, network, address)
					require.NoError(t, err)
					theirs, err := l.Accept()
					require.NoError(t, err)
					e.does(theirs.(*net.TCPConn))
					news(t, c.(*net.TCPConn))
					done <- theirs.(*net.TCPConn)
					return c, nil
				},
			})
			defer client.Close()
			req, err := http.NewRequest(http.MethodGet, "http://"+l.Addr().String(), nil)
			require.NoError(t, err)
			ready, err := Prepare(req)
			require.NoError(t, err)
			x := Exchange{Request: ready}
			x.Begin = client.now()
			err = client.Do(&x)
			(<-done).Close()
			assert.Equal(t, e.status == 0, err != nil, "%v", err)
			assert.Equal(t, e.status, x.Status)
			assert.Less(t, client.now()-x.Begin, time.Minute)
		})
	}
}

// news waits until something has come over a connection, and leaves it there.
func news(t *testing.T, c *net.TCPConn) {
	raw, err := c.SyscallConn()
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		quiet := true
		gone := raw.Control(func(fd uintptr) {
			var b [1]byte
			_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
			quiet = err == syscall.EAGAIN
		})
		return gone != nil || !quiet
	}, time.Minute, 100*time.Microsecond)
}

// A request that the send buffer does not take at once is sent whole all the same.
func TestARequestThatIsSentInPartsIsWhole(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	body := bytes.Repeat([]byte("x"), inline-1000)
	got := make(chan []byte, 1)
	go func() {
		c, err := l.Accept()
		if !assert.NoError(t, err) {
			close(got)
			return
		}
		defer c.Close()
		req := make([]byte, 0, inline)
		for !bytes.HasSuffix(req, body) {
			time.Sleep(time.Millisecond) // so that the buffers fill
			part := make([]byte, 512)
			n, err := c.Read(part)
			if !assert.NoError(t, err) {
				break
			}
			req = append(req, part[:n]...)
		}
		io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
		got <- req
	}()
	client := New(Options{
		Clock: time.Now().Add(-time.Second), Timeout: time.Minute, KeepAlive: true, Idle: 1, MaxBody: 1,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := (&net.Dialer{}).DialContext(ctx, network, address)
			require.NoError(t, err)
			require.NoError(t, c.(*net.TCPConn).SetWriteBuffer(1)) // the system's least
			return c, nil
		},
	})
	defer client.Close()
	req, err := http.NewRequest(http.MethodPost, "http://"+l.Addr().String(), bytes.NewReader(body))
	require.NoError(t, err)
	ready, err := Prepare(req)
	require.NoError(t, err)
	require.False(t, ready.long())
	x := Exchange{Request: ready}
	x.Begin = client.now()
	require.NoError(t, client.Do(&x))
	assert.True(t, x.Sent)
	assert.Len(t, <-got, len(ready.message))
}
