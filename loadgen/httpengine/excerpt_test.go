package httpengine

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

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
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(400)
			io.WriteString(w, "\x1f\x8b\x08\x00\x1b[2J")
		}, want: `"\x1f\x8b\b\x00\x1b[2J"`, received: 8},
		"without a body":   {answer: func(w http.ResponseWriter) { w.WriteHeader(403) }},
		"of a HEAD":        {answer: func(w http.ResponseWriter) { w.Header().Set("Content-Length", "5"); w.WriteHeader(405) }, method: http.MethodHead},
		"of a good answer": {answer: func(w http.ResponseWriter) { io.WriteString(w, "all is well") }, received: 11},
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
