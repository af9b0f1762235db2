package wire

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

var typical = []byte("HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Tue, 24 Nov 2026 12:00:00 GMT\r\n" +
	"Content-Type: application/json\r\nContent-Length: 6\r\nConnection: keep-alive\r\n" +
	"Cache-Control: no-store\r\nX-Request-Id: 0af7651916cd43dd8448eb211c80319c\r\n\r\nhello\n")

// The choice of the codec: docs/adr/0008-transport.md.
func BenchmarkResponse(b *testing.B) {
	source := bytes.NewReader(typical)
	reader := bufio.NewReader(source)
	rewind := func() {
		source.Reset(typical)
		reader.Reset(source)
	}
	b.Run("net/http", func(b *testing.B) {
		b.ReportAllocs()
		req := &http.Request{Method: http.MethodGet}
		for b.Loop() {
			rewind()
			resp, err := http.ReadResponse(reader, req)
			require.NoError(b, err)
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	})
	b.Run("own", func(b *testing.B) {
		b.ReportAllocs()
		c := &conn{client: &Client{options: Options{MaxBody: 1 << 20}}, reader: reader}
		c.lines.from = reader
		x := &Exchange{}
		for b.Loop() {
			rewind()
			require.NoError(b, c.readHead(x))
			_, err := c.readBody(http.MethodGet)
			require.NoError(b, err)
		}
	})
}

func BenchmarkRequest(b *testing.B) {
	req, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:8080/auth/validate?id=1", nil)
	require.NoError(b, err)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Tracestate", "loadtrace=0123456789abcdef")
	b.Run("net/http", func(b *testing.B) {
		b.ReportAllocs()
		w := bufio.NewWriter(io.Discard)
		for b.Loop() {
			require.NoError(b, req.Write(w))
			w.Flush()
		}
	})
	b.Run("made ready", func(b *testing.B) {
		b.ReportAllocs()
		r, err := Prepare(req)
		require.NoError(b, err)
		var buffer []byte
		x := &Exchange{}
		for b.Loop() {
			buffer = r.fill(buffer, x)
		}
	})
}
