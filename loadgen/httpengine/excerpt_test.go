package httpengine

import (
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// A run whose requests all end with an error status once showed the status alone, and
// not the sentence of the target that says why.
func TestTheFirstBadResponseOfAStatusHasAnExcerptOfItsBody(t *testing.T) {
	long := strings.Repeat("0123456789", 10_000)
	flushed := func(w http.ResponseWriter, pieces ...string) {
		for _, p := range pieces {
			w.(http.Flusher).Flush()
			io.WriteString(w, p)
		}
	}
	under := func(coding, body string) func(w http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", coding)
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			w.WriteHeader(500)
			io.WriteString(w, body)
		}
	}
	zipped := gzipped(t, "no\n\tdatabase\n")
	random := make([]byte, 5000)
	rand.NewChaCha8([32]byte{}).Read(random)
	noise := gzipped(t, string(random))
	for name, c := range map[string]struct {
		answer   func(w http.ResponseWriter)
		method   string
		want     string
		received int64
	}{
		"of a known length": {answer: func(w http.ResponseWriter) {
			w.WriteHeader(401)
			io.WriteString(w, "{\n  \"error\": \"token expired\"\n}\n")
		}, want: `{ "error": "token expired" }`, received: 31},
		"in chunks": {answer: func(w http.ResponseWriter) {
			w.WriteHeader(500)
			flushed(w, "no ", "database")
		}, want: "no ", received: 11},
		"until the end of the connection": {answer: func(w http.ResponseWriter) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			io.WriteString(conn, "HTTP/1.1 503 Busy\r\n\r\ncome back later")
			conn.Close()
		}, want: "come back later", received: 15},
		"longer than is kept": {answer: func(w http.ResponseWriter) {
			w.WriteHeader(404)
			io.WriteString(w, long)
		}, want: long[:loadgen.MaxExcerpt], received: 100_000},
		"of bytes that are no text": {answer: func(w http.ResponseWriter) {
			w.WriteHeader(400)
			io.WriteString(w, "\x1f\x8b\x08\x00\x1b[2J")
		}, want: `"\x1f\x8b\b\x00\x1b[2J"`, received: 8},
		"under gzip":                      {answer: under("gzip", zipped), want: "no database", received: int64(len(zipped))},
		"under gzip, in capitals":         {answer: under(" X-GZIP ", zipped), want: "no database", received: int64(len(zipped))},
		"under gzip, long":                {answer: under("gzip", gzipped(t, long)), want: long[:loadgen.MaxExcerpt], received: int64(len(gzipped(t, long)))},
		"under gzip, longer than is kept": {answer: under("gzip", noise), want: fmt.Sprintf("gzip, %d bytes", len(noise)), received: int64(len(noise))},
		"under a gzip that is none":       {answer: under("gzip", "\x1b[2J"), want: "gzip, 4 bytes", received: 4},
		"under deflate":                   {answer: under("deflate", "\x78\x9c\xcb\xcb\x57\x48\x49\x2c\x49\x4c\x4a\x2c\x4e\x05\x00\x1a\x0b\x04\x5d"), want: "no database", received: 19},
		"under another coding":            {answer: under("br", "\x0b\x05\x80no database\x03"), want: "br, 15 bytes", received: 15},
		"under two":                       {answer: under("gzip, br", "\x0b\x05\x80"), want: "encoded, 3 bytes", received: 3},
		"under what is no coding":         {answer: under("<b>", "\x0b\x05\x80"), want: "encoded, 3 bytes", received: 3},
		"under none, as is said":          {answer: under("identity", "no database"), want: "no database", received: 11},
		"without a body":                  {answer: func(w http.ResponseWriter) { w.WriteHeader(403) }},
		"of a HEAD":                       {answer: func(w http.ResponseWriter) { w.Header().Set("Content-Length", "5"); w.WriteHeader(405) }, method: http.MethodHead},
		"of a good answer":                {answer: func(w http.ResponseWriter) { io.WriteString(w, "all is well") }, received: 11},
	} {
		t.Run(name, func(t *testing.T) {
			bothTransports(t, func(t *testing.T, open runner.Open) {
				a := attackOn(serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { c.answer(w) })).URL)
				if c.method != "" {
					a.HTTP.Method = c.method
				}
				for i, r := range send(t, open, a, 3) {
					assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
					assert.Equal(t, c.received, r.BytesReceived)
					if i > 0 {
						assert.Empty(t, r.Excerpt, "one is enough")
					} else if c.want != "no " {
						assert.Equal(t, c.want, r.Excerpt)
					} else { // how much came at once is the network's doing
						assert.True(t, strings.HasPrefix("no database", r.Excerpt) && r.Excerpt != "", "%q", r.Excerpt)
					}
				}
			})
		})
	}
}

func gzipped(t *testing.T, text string) string {
	var b strings.Builder
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	require.NoError(t, w.Close())
	return b.String()
}
