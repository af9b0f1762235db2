package httpengine

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
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

// bothHTTP2 runs a test over HTTP/2 with TLS and without.
func bothHTTP2(t *testing.T, test func(t *testing.T, p loadgen.Protocol)) {
	for _, p := range []loadgen.Protocol{loadgen.ProtocolHTTP2, loadgen.ProtocolH2C} {
		t.Run(string(p), func(t *testing.T) { test(t, p) })
	}
}

// counted is a server that counts its connections.
type counted struct {
	*httptest.Server
	mu         sync.Mutex // guards all below
	open, peak int
	ever       int
}

func (c *counted) state(_ net.Conn, s http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch s {
	case http.StateNew:
		c.ever++
		c.open++
		c.peak = max(c.peak, c.open)
	case http.StateClosed, http.StateHijacked:
		c.open--
	}
}

func (c *counted) seen() (ever, peak int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ever, c.peak
}

// serveHTTP2 starts a server of net/http that allows so many streams on a
// connection, and an attack on it. Over TLS it speaks HTTP/1.1 too.
func serveHTTP2(t *testing.T, p loadgen.Protocol, streams int, h http.HandlerFunc) (*counted, loadgen.Attack) {
	c := &counted{Server: httptest.NewUnstartedServer(h)}
	c.Config.ConnState = c.state
	c.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: streams}
	if p == loadgen.ProtocolH2C {
		c.Config.Protocols = new(http.Protocols)
		c.Config.Protocols.SetUnencryptedHTTP2(true)
		c.Start()
	} else {
		c.EnableHTTP2 = true
		c.StartTLS()
	}
	t.Cleanup(func() {
		c.CloseClientConnections()
		c.Close()
	})
	a := attackOn(c.URL)
	a.HTTP.Protocol, a.HTTP.TLS.InsecureSkipVerify = p, true
	return c, a
}

// sleepy is a handler that takes a while.
func sleepy(d time.Duration) http.HandlerFunc {
	return func(http.ResponseWriter, *http.Request) { time.Sleep(d) }
}

func run(t *testing.T, a loadgen.Attack, load ...pace.Stage) []loadgen.Record {
	t.Helper()
	a.Load = load
	return loadgentest.Attack(t.Context(), t, Open, a, loadgen.Limits{Grace: time.Second, Overrun: time.Minute}).Records
}

// all requires that all requests finished, with HTTP/2, and that their phases are
// their service time.
func all(t *testing.T, records []loadgen.Record, n int) {
	t.Helper()
	require.Len(t, records, n)
	for _, r := range records {
		require.Equal(t, loadgen.Finished, r.Outcome, "%s %s", r.Error, r.ErrorText)
		require.Equal(t, r.ServiceTime(), r.Phases.Sum())
		require.EqualValues(t, 20, r.Proto)
	}
}

// On the build before, three or four connections were opened here and nobody
// waited.
func TestMaxConnectionsBoundsHTTP2(t *testing.T) {
	for _, c := range []struct {
		name                   string
		most, streams, workers int
		conns                  int // ever
	}{
		{"one connection of 100 streams for 200", 1, 100, 200, 1},
		{"one connection of 100 streams for 100", 1, 100, 100, 1},
		{"one stream at a time", 1, 1, 10, 1},
		{"three connections of one stream", 3, 1, 20, 3},
		{"two connections of 10 streams", 2, 10, 50, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothHTTP2(t, func(t *testing.T, p loadgen.Protocol) {
				var mu sync.Mutex
				inside, most := 0, 0
				s, a := serveHTTP2(t, p, c.streams, func(http.ResponseWriter, *http.Request) {
					mu.Lock()
					inside++
					most = max(most, inside)
					mu.Unlock()
					time.Sleep(5 * time.Millisecond)
					mu.Lock()
					inside--
					mu.Unlock()
				})
				a.HTTP.MaxConnections = c.most
				n := 3 * c.workers
				records := run(t, a, pace.Stage{Max: &pace.Max{Workers: c.workers}, Count: uint64(n)})
				all(t, records, n)
				ever, peak := s.seen()
				assert.Equal(t, c.conns, ever)
				assert.Equal(t, c.conns, peak)
				assert.LessOrEqual(t, most, c.most*c.streams)
				var waited time.Duration
				dialed := 0
				for _, r := range records {
					waited += r.Phases.Conn
					dialed += r.Dialed
				}
				assert.LessOrEqual(t, dialed, c.conns, "a request may be served before its own dial ends")
				assert.Positive(t, dialed)
				if c.workers > c.most*c.streams {
					assert.Greater(t, waited/time.Duration(n), 2*time.Millisecond, "those beyond the streams wait for one")
				}
			})
		})
	}
}

// Waiting for a stream is not the target's time.
func TestWaitingForAStreamIsConnectionWait(t *testing.T) {
	bothHTTP2(t, func(t *testing.T, p loadgen.Protocol) {
		const takes = 20 * time.Millisecond
		_, a := serveHTTP2(t, p, 1, sleepy(takes))
		a.HTTP.MaxConnections = 1
		records := run(t, a, pace.Stage{Constant: 1000, Count: 20})
		all(t, records, 20)
		var last loadgen.Record
		for _, r := range records {
			if r.Done.After(last.Done) {
				last = r
			}
		}
		assert.Greater(t, last.Phases.Conn, 15*takes, "19 went before")
		assert.GreaterOrEqual(t, last.Phases.Wait, takes-time.Millisecond)
		assert.Less(t, last.Phases.Write, takes)
	})
}

// Without max_connections another connection is opened where streams run out, and
// no more than it takes.
func TestConnectionsFollowTheStreamsThatAreNeeded(t *testing.T) {
	bothHTTP2(t, func(t *testing.T, p loadgen.Protocol) {
		var together sync.WaitGroup
		together.Add(25)
		s, a := serveHTTP2(t, p, 10, func(_ http.ResponseWriter, r *http.Request) {
			together.Done()
			done := make(chan struct{})
			go func() { together.Wait(); close(done) }()
			select {
			case <-done: // all are here at once
			case <-r.Context().Done():
			}
		})
		records := run(t, a, pace.Stage{Max: &pace.Max{Workers: 25}, Count: 25})
		all(t, records, 25)
		ever, _ := s.seen()
		assert.GreaterOrEqual(t, ever, 3)
		assert.LessOrEqual(t, ever, 25)
	})
}

func TestATimeoutWhileWaitingForAStreamIsNotSent(t *testing.T) {
	bothHTTP2(t, func(t *testing.T, p loadgen.Protocol) {
		_, a := serveHTTP2(t, p, 2, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		a.HTTP.MaxConnections, a.HTTP.Timeout = 1, 400*time.Millisecond
		records := run(t, a, pace.Stage{Max: &pace.Max{Workers: 1}, Count: 1}, pace.Stage{Max: &pace.Max{Workers: 10}, Count: 10})
		require.Len(t, records, 11)
		unsent := 0
		for _, r := range records {
			assert.True(t, r.Due())
			if r.Outcome == loadgen.NotSent {
				assert.Equal(t, loadgen.NotSentConnectionWait, r.NotSent)
				assert.Zero(t, r.Sent)
				assert.Zero(t, r.Done)
				assert.Zero(t, r.Phases.Sum())
				unsent++
				continue
			}
			assert.Equal(t, loadgen.ErrorTimeout, r.Error, r.ErrorText)
			assert.Equal(t, r.ServiceTime(), r.Phases.Sum())
		}
		assert.Positive(t, unsent)
		assert.Less(t, unsent, 9)
	})
}

// A stop when all requests have been given out, but some wait for a stream: those
// were not sent.
func TestAStopWhileWaitingForAStreamIsNotSent(t *testing.T) {
	bothHTTP2(t, func(t *testing.T, p loadgen.Protocol) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		arrived := make(chan bool, 10)
		_, a := serveHTTP2(t, p, 1, func(_ http.ResponseWriter, r *http.Request) {
			arrived <- true
			<-r.Context().Done()
		})
		go func() {
			<-arrived
			time.Sleep(50 * time.Millisecond) // for the others to come
			stop()
		}()
		a.HTTP.MaxConnections = 1
		a.Load = []pace.Stage{{Max: &pace.Max{Workers: 5}, Count: 5}}
		plan := &loadgen.Plan{Name: "test", Attacks: []loadgen.Attack{a}, Limits: loadgen.Limits{Grace: 20 * time.Millisecond}}
		var mu sync.Mutex
		reasons := map[string]int{}
		r, err := runner.New(plan, runner.Options{ID: loadgen.NewRunID(), Open: Open, Sink: func(r *loadgen.Record) {
			mu.Lock()
			defer mu.Unlock()
			assert.False(t, r.Due())
			reasons[string(r.Error)+string(r.NotSent)]++
		}})
		require.NoError(t, err)
		require.NoError(t, r.Do(ctx))
		assert.Equal(t, map[string]int{"cancelled": 1, "stopped": 4}, reasons)
	})
}

// Over TLS and without, HTTP/1.1 or HTTP/2, keep_alive: false is a connection for
// each request.
func TestWithoutKeepAliveNoConnectionIsUsedAgain(t *testing.T) {
	for _, p := range []loadgen.Protocol{loadgen.ProtocolHTTP2, loadgen.ProtocolH2C, loadgen.ProtocolAuto, loadgen.ProtocolHTTP1} {
		t.Run(string(p), func(t *testing.T) {
			s, a := serveHTTP2(t, p, 100, func(http.ResponseWriter, *http.Request) {})
			no := false
			a.HTTP.KeepAlive, a.HTTP.MaxConnections = &no, 3
			records := run(t, a, pace.Stage{Max: &pace.Max{Workers: 10}, Count: 30})
			require.Len(t, records, 30)
			for _, r := range records {
				require.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
				assert.False(t, r.Reused)
				assert.Equal(t, 1, r.Dialed)
				assert.Equal(t, r.ServiceTime(), r.Phases.Sum())
				assert.Equal(t, p != loadgen.ProtocolH2C, r.Phases.TLS > 0)
			}
			ever, _ := s.seen()
			assert.Equal(t, 30, ever)
		})
	}
}
