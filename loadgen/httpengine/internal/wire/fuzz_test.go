package wire

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
)

// given is a connection over which a target has sent all it will.
type given struct {
	net.Conn
	from io.Reader
}

func (g given) Read(b []byte) (int, error) { return g.from.Read(b) }

// reference is what net/http makes of a response, with what it lets pass and the client
// refuses.
func reference(src []byte, method string, limit int64) (status int, body []byte, err error) {
	r := bufio.NewReader(bytes.NewReader(src))
	for {
		resp, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			return 0, nil, err
		}
		if 100 <= resp.StatusCode && resp.StatusCode < 200 && resp.StatusCode != http.StatusSwitchingProtocols {
			continue
		}
		if resp.ProtoMajor != 1 || resp.StatusCode < 100 {
			return 0, nil, &ProtocolError{"status line"}
		}
		for name := range resp.Header {
			if strings.HasSuffix(name, " ") && Frames(name) {
				return 0, nil, &ProtocolError{"header"}
			}
		}
		body, err = io.ReadAll(io.LimitReader(resp.Body, limit+1))
		if err == nil && int64(len(body)) > limit {
			err = ErrBodyTooLong
		}
		return resp.StatusCode, body, err
	}
}

// Whatever a target sends, reading it ends, takes no more than it may, and says what
// net/http says of it.
func FuzzResponse(f *testing.F) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, src := range []string{
		string(typical),
		ok + "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n folded\r\n\r\n",
		ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n: none\r\n\r\n",
		ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\n\r\n",
		"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
		"HTTP/1.0 500 No\nConnection: keep-alive\n\nto the end", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nbytes",
		ok + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\n", ok + "Content-Length: 9223372036854775807\r\n\r\nx",
		ok + "Content-Length : 1\r\n\r\nx", ok + "X: a\r\n b\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n", "SSH-2.0-x\r\n",
	} {
		f.Add([]byte(src), false, uint16(100))
	}
	f.Add(typical, true, uint16(0))
	f.Fuzz(func(t *testing.T, src []byte, head bool, most uint16) {
		limit := int64(most)
		c := &conn{Conn: given{from: bytes.NewReader(src)}, client: New(Options{
			MaxBody: limit, KeepAlive: true, Excerpt: func(status int) bool { return status >= 400 },
		})}
		c.reader = bufio.NewReaderSize(c, readBuffer)
		c.lines.from = c.reader
		x := &Exchange{Request: &Request{method: http.MethodGet}}
		if head {
			x.Request.method = http.MethodHead
		}
		keep, err := c.receive(x)
		require.LessOrEqual(t, x.Received, min(limit+1, int64(len(src))))
		require.LessOrEqual(t, len(x.Excerpt), 2*loadgen.MaxExcerpt)
		require.False(t, keep && err != nil)
		if len(src) > 4<<10 { // of more, net/http refuses trailers that are allowed here
			return
		}
		status, body, fault := reference(src, x.Request.method, limit)
		if fault == nil {
			require.NoError(t, err)
			require.Equal(t, status, x.Status)
			require.Equal(t, int64(len(body)), x.Received)
			require.True(t, bytes.HasPrefix(body, x.Excerpt), "%q is not the beginning of %q", x.Excerpt, body)
			return
		}
		if c.head.chunked && bytes.Contains(bytes.ReplaceAll(src, []byte("\r\n"), nil), []byte("\n")) {
			return // net/http takes no trailer whose lines end with LF alone, which RFC 9112, section 2.2, allows
		}
		require.Error(t, err, "net/http: %v", fault)
	})
}
