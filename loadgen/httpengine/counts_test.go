package httpengine

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/loadgentest"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// A connection that was open only when the request that it was for had been served was
// in nobody's count, and neither was the first of two that one request opened.
func TestConnectionsAreThoseThatTheTargetSaw(t *testing.T) {
	slow := func(http.ResponseWriter, *http.Request) { time.Sleep(time.Millisecond) }
	onward := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/there", http.StatusTemporaryRedirect)
		}
	}
	closes := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" && r.Header.Get("Traceparent")[40] < '8' {
			w.Header().Set("Connection", "close")
		}
	}
	for _, c := range []countedAttack{
		{name: "HTTP/1.1", protocol: loadgen.ProtocolHTTP1, handler: slow},
		{name: "HTTP/1.1, bounded", protocol: loadgen.ProtocolHTTP1, handler: slow, most: 3},
		{name: "HTTP/1.1 that closes", protocol: loadgen.ProtocolHTTP1, handler: closes},
		{name: "HTTP/1.1, redirected", protocol: loadgen.ProtocolHTTP1, handler: onward, redirects: 2},
		{name: "chosen by TLS", protocol: loadgen.ProtocolAuto, handler: slow},
		{name: "HTTP/2", protocol: loadgen.ProtocolHTTP2, handler: slow},
		{name: "HTTP/2, few streams", protocol: loadgen.ProtocolHTTP2, handler: slow, streams: 2},
		{name: "HTTP/2, few streams, bounded", protocol: loadgen.ProtocolHTTP2, handler: slow, streams: 2, most: 3},
		{name: "HTTP/2 that closes", protocol: loadgen.ProtocolHTTP2, handler: closes},
		{name: "HTTP/2, redirected", protocol: loadgen.ProtocolHTTP2, handler: onward, redirects: 2, streams: 3},
		{name: "h2c, few streams", protocol: loadgen.ProtocolH2C, handler: slow, streams: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			test := func(t *testing.T, open runner.Open) { c.count(t, open) }
			if c.protocol != loadgen.ProtocolHTTP1 || c.redirects > 0 {
				test(t, Open)
			} else {
				bothTransports(t, test)
			}
		})
	}
}

// countedAttack is one whose connections are counted on both sides.
type countedAttack struct {
	name      string
	protocol  loadgen.Protocol
	streams   int
	handler   http.HandlerFunc
	redirects int
	most      int
}

func (c countedAttack) count(t *testing.T, open runner.Open) {
	var mu sync.Mutex        // guards used
	used := map[string]int{} // requests by connection
	s, a := serveHTTP2(t, c.protocol, c.streams, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		used[r.RemoteAddr]++
		mu.Unlock()
		c.handler(w, r)
	})
	a.HTTP.MaxConnections, a.HTTP.Redirects, a.HTTP.Timeout = c.most, c.redirects, 5*time.Minute
	a.Load = []pace.Stage{
		{Max: &pace.Max{Workers: 10}, Count: 30},
		{Constant: 1000, Count: 30},
		{Max: &pace.Max{Workers: 15}, Count: 30},
	}
	var by transport
	kept := func(s runner.Setup) (loadgen.Engine, error) {
		e, err := open(s)
		if err == nil {
			by = e.(*engine).transport
		}
		return e, err
	}
	records := loadgentest.Attack(t.Context(), t, kept, a, loadgen.Limits{Grace: time.Second, Overrun: time.Minute}).Records
	require.Len(t, records, 90)
	opened, reused := 0, 0
	for _, r := range records {
		require.Equal(t, loadgen.Finished, r.Outcome, "%s %s", r.Error, r.ErrorText)
		opened += r.Dialed
		if r.Reused {
			reused++
		}
	}
	if std, ok := by.(*standard); ok {
		opened += std.conns.Uncounted() // open only when the last request had ended
	}
	ever, _ := s.seen()
	assert.Equal(t, ever, opened)
	if c.redirects == 0 {
		assert.Equal(t, 90-len(used), reused)
	}
}
