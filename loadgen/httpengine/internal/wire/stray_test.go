package wire

import (
	"bytes"
	"context"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A connection over which bytes had come unasked was dropped, and nobody heard of it:
// net/http's transport has a line for each.
func TestStrayBytesOverAKeptConnectionAreNoted(t *testing.T) {
	const line = "Unsolicited response received on idle HTTP channel\n"
	for name, c := range map[string]struct {
		more  string
		lines int
	}{
		"nothing":              {"", 0},
		"bytes":                {"and more", 2},
		"another response":     {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 2},
		"that it was too idle": {"HTTP/1.1 408 Request Timeout\r\n\r\n", 0},
	} {
		for _, secure := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				logged := captureLog(t)
				url, answered, client, last := straying(t, secure, c.more)
				for range 3 {
					req, err := http.NewRequest(http.MethodGet, url, nil)
					require.NoError(t, err)
					ready, err := Prepare(req)
					require.NoError(t, err)
					x := Exchange{Request: ready}
					copy(x.Traceparent[:], strings.Repeat("0", len(x.Traceparent)))
					x.Begin = client.now()
					require.NoError(t, client.Do(&x))
					answered <- true
					news(t, *last)
				}
				assert.Equal(t, c.lines, strings.Count(logged.String(), line), "%s", logged)
				assert.NotContains(t, logged.String(), "more")
			})
		}
	}
}

// captureLog is what the standard logger writes until the test ends.
func captureLog(t *testing.T) *bytes.Buffer {
	var logged bytes.Buffer
	before, flags := log.Writer(), log.Flags()
	log.SetOutput(&logged)
	log.SetFlags(0)
	t.Cleanup(func() {
		log.SetOutput(before)
		log.SetFlags(flags)
	})
	return &logged
}

// straying is a server that sends more once the test has its answer, and closes if there is
// none; a client of it; and the latest connection.
func straying(t *testing.T, secure bool, more string) (url string, answered chan bool, client *Client, last **net.TCPConn) {
	answered, last = make(chan bool), new(*net.TCPConn)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		nc, rw, err := http.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		t.Cleanup(func() { nc.Close() })
		_, _ = rw.WriteString("HTTP/1.1 204 No Content\r\n\r\n")
		_ = rw.Flush()
		<-answered
		_, _ = rw.WriteString(more)
		_ = rw.Flush()
		if more == "" {
			nc.Close()
		}
	}))
	o := Options{Clock: time.Now().Add(-time.Second), Timeout: time.Minute, KeepAlive: true, Idle: 1, MaxBody: 1,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := (&net.Dialer{}).DialContext(ctx, network, address)
			*last, _ = c.(*net.TCPConn)
			return c, err
		}}
	if secure {
		server.StartTLS()
		o.TLS = server.Client().Transport.(*http.Transport).TLSClientConfig
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	client = New(o)
	t.Cleanup(client.Close)
	return server.URL, answered, client, last
}
