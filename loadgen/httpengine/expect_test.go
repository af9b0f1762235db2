package httpengine

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/loadgen"
)

// net/http says of a request whose body nobody asked for that it was written, so the
// bytes of the body were once counted as sent.
func TestABodyThatNobodyAskedForWasNotSent(t *testing.T) {
	const body = "hello, world"
	for _, c := range []struct {
		name   string
		says   string // in answer to the head
		then   string // when the body has come
		asks   bool   // so that the body comes
		status int
		reused bool
	}{
		{name: "turned away", says: "HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", status: 417},
		{name: "turned away in words", says: "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno", status: 413},
		{name: "answered without a look at it", says: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", status: 200},
		{name: "turned away, and the connection kept", says: "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n", asks: true, status: 417, reused: true},
		{name: "asked for", says: "HTTP/1.1 100 Continue\r\n\r\n", asks: true, then: fine, status: 200, reused: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := attackOn("http://target.test/")
			a.HTTP.Method, a.HTTP.Body = http.MethodPut, body
			a.HTTP.Headers = map[string]string{"Expect": "100-continue"}
			s := &bubbled{talk: func(conn net.Conn) {
				r := bufio.NewReader(conn)
				for {
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					io.WriteString(conn, c.says)
					if got, _ := io.ReadAll(req.Body); c.asks {
						assert.Equal(t, body, string(got))
					} else {
						assert.Empty(t, got)
						return
					}
					io.WriteString(conn, c.then)
				}
			}}
			inABubble(t, a, false, s, func(t *testing.T, rig *rig) {
				for i := range 3 {
					r := rig.send(0)
					assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
					assert.Equal(t, c.status, r.Status)
					assert.Equal(t, c.reused && i > 0, r.Reused)
					if c.asks {
						assert.EqualValues(t, len(body), r.BytesSent)
					} else {
						assert.Zero(t, r.BytesSent)
					}
				}
			})
		})
	}
}

// Over HTTP/2 the target ends the stream, or answers and waits.
func TestABodyThatNobodyAskedForWasNotSentOverHTTP2(t *testing.T) {
	const body = "hello, world"
	for _, c := range []struct {
		name   string
		answer func(conn *byHand, stream uint32)
		status int
		sent   int64
	}{
		{"turned away", func(conn *byHand, stream uint32) { conn.head(stream, "417", true) }, 417, 0},
		{"turned away in words", func(conn *byHand, stream uint32) {
			conn.head(stream, "413", false)
			conn.data(stream, "no", true)
		}, 413, 0},
		{"asked for", func(conn *byHand, stream uint32) {
			conn.head(stream, "100", false)
			time.Sleep(time.Millisecond)
			conn.head(stream, "200", true)
		}, 200, int64(len(body))},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := attackOn("http://target.test/")
			a.HTTP.Method, a.HTTP.Body, a.HTTP.Protocol = http.MethodPut, body, loadgen.ProtocolH2C
			a.HTTP.Headers = map[string]string{"Expect": "100-continue"}
			inABubble(t, a, false, &bubbled{h2c: c.answer}, func(t *testing.T, rig *rig) {
				for range 3 {
					r := rig.send(0)
					assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
					assert.Equal(t, c.status, r.Status)
					assert.Equal(t, c.sent, r.BytesSent)
				}
			})
		})
	}
}
