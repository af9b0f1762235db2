package httpengine

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/loadgen"
)

const (
	ms     = time.Millisecond
	within = 300 * ms // the timeout
	fine   = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
)

// answers after a while.
func answers(c net.Conn, after time.Duration) bool {
	time.Sleep(after)
	_, err := io.WriteString(c, fine)
	return err == nil
}

// The timer of a connection began at the end of the dial, so that a request was cut
// off as much later as that took, or as it had waited for the connection.
func TestTheTimeoutCountsFromTheBeginningOfTheRequest(t *testing.T) {
	for _, c := range []struct {
		name  string
		most  int // connections
		opens time.Duration
		reply func(c net.Conn, n int) bool
		ago   time.Duration // the request began so long before the transport had it
	}{
		{name: "the target is mute", reply: func(c net.Conn, _ int) bool { return mute(c) }},
		{name: "a slow dial, and the target is mute", opens: 200 * ms, reply: func(c net.Conn, _ int) bool { return mute(c) }},
		{name: "a dial that hangs", opens: time.Hour, reply: func(c net.Conn, _ int) bool { return mute(c) }},
		{name: "a dial that hangs, of few", most: 1, opens: time.Hour, reply: func(c net.Conn, _ int) bool { return mute(c) }},
		{name: "a late start", ago: 150 * ms, reply: func(c net.Conn, _ int) bool { return mute(c) }},
		{name: "a late start and a slow dial", ago: 150 * ms, opens: 100 * ms, reply: func(c net.Conn, _ int) bool { return mute(c) }},
		{name: "mute within the head", reply: func(c net.Conn, _ int) bool { io.WriteString(c, "HTTP/1.1 2"); return mute(c) }},
		{name: "mute within the body", opens: 100 * ms, reply: func(c net.Conn, _ int) bool { io.WriteString(c, fine[:len(fine)-1]); return mute(c) }},
		{name: "a body that trickles", opens: 100 * ms, reply: func(c net.Conn, _ int) bool {
			_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
			for err == nil {
				time.Sleep(ms)
				_, err = c.Write([]byte("x"))
			}
			return false
		}},
		{name: "interim responses without end", opens: 100 * ms, reply: func(c net.Conn, _ int) bool {
			var err error
			for err == nil {
				time.Sleep(ms)
				_, err = io.WriteString(c, "HTTP/1.1 102 Processing\r\n\r\n")
			}
			return false
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := attackOn("http://target.test/")
			a.HTTP.Timeout, a.HTTP.MaxConnections = within, c.most
			bothRigsInABubble(t, a, &bubbled{opens: c.opens, reply: c.reply}, func(t *testing.T, rig *rig) {
				r := rig.send(c.ago)
				assert.Equal(t, loadgen.ErrorTimeout, r.Error, "%s %s", r.NotSent, r.ErrorText)
				assert.Equal(t, within, r.ServiceTime())
				assert.Equal(t, within, r.Phases.Sum())
				assert.Equal(t, min(c.opens, within-c.ago), r.Phases.Connect)
			})
		})
	}
}

func TestTheTimeoutIsOfEachRequest(t *testing.T) {
	a := attackOn("http://target.test/")
	a.HTTP.Timeout = within
	s := &bubbled{reply: func(c net.Conn, n int) bool {
		if n == 2 {
			return mute(c)
		}
		return answers(c, 200*ms)
	}}
	bothRigsInABubble(t, a, s, func(t *testing.T, rig *rig) {
		for i := range 6 {
			r := rig.send(0)
			if i%3 == 2 {
				assert.Equal(t, loadgen.ErrorTimeout, r.Error, r.ErrorText)
				assert.Equal(t, within, r.ServiceTime())
			} else {
				assert.Equal(t, loadgen.Finished, r.Outcome, "%d: %s", i, r.ErrorText)
				assert.Equal(t, 200*ms, r.ServiceTime())
			}
		}
	})
}

func TestTheTimeoutCountsWhileTLSShakesHands(t *testing.T) {
	a := attackOn("https://target.test/")
	a.HTTP.Timeout, a.HTTP.Protocol = within, loadgen.ProtocolHTTP1
	bothRigsInABubble(t, a, &bubbled{opens: 100 * ms, deaf: true}, func(t *testing.T, rig *rig) {
		r := rig.send(0)
		assert.Equal(t, loadgen.ErrorTimeout, r.Error, r.ErrorText)
		assert.Equal(t, within, r.ServiceTime())
		assert.Equal(t, loadgen.Phases{Connect: 100 * ms, TLS: 200 * ms}, r.Phases)
	})
}

// A long body is written while the response is read.
func TestTheTimeoutCountsWhileTheRequestIsWritten(t *testing.T) {
	a := attackOn("http://target.test/")
	a.HTTP.Timeout, a.HTTP.Method, a.HTTP.Body = within, http.MethodPost, strings.Repeat("x", 1<<20)
	s := &bubbled{opens: 100 * ms, early: true, reply: func(net.Conn, int) bool { time.Sleep(time.Hour); return false }}
	bothRigsInABubble(t, a, s, func(t *testing.T, rig *rig) {
		r := rig.send(0)
		assert.Equal(t, loadgen.ErrorTimeout, r.Error, r.ErrorText)
		assert.Equal(t, within, r.ServiceTime())
		assert.Equal(t, loadgen.Phases{Connect: 100 * ms, Write: 200 * ms}, r.Phases)
		assert.Zero(t, r.BytesSent)
	})
}

// What a request waited for its connection is part of its time, whether it gets one
// or the right to open one.
func TestTheTimeoutCountsFromTheBeginningAlsoAfterAHandOver(t *testing.T) {
	for _, c := range []struct {
		name  string
		opens time.Duration
		first func(c net.Conn) bool // of the request that has the connection first, after 200 ms
	}{
		{"of a connection", 0, func(c net.Conn) bool { return answers(c, 200*ms) }},
		{"of the right to dial", 0, func(c net.Conn) bool { time.Sleep(200 * ms); return false }},
		{"of the right to dial, slowly", 50 * ms, func(c net.Conn) bool { time.Sleep(150 * ms); return false }},
		{"of the right to a dial that hangs", 120 * ms, func(c net.Conn) bool { time.Sleep(80 * ms); return false }},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := attackOn("http://target.test/")
			a.HTTP.Timeout, a.HTTP.MaxConnections = within, 1
			var first atomic.Bool
			s := &bubbled{opens: c.opens, reply: func(conn net.Conn, _ int) bool {
				if first.Swap(false) {
					return c.first(conn)
				}
				return mute(conn)
			}}
			bothRigsInABubble(t, a, s, func(t *testing.T, rig *rig) {
				first.Store(true)
				var both sync.WaitGroup
				both.Go(func() { rig.send(0) })
				time.Sleep(ms)
				r := rig.send(0)
				both.Wait()
				assert.Equal(t, loadgen.ErrorTimeout, r.Error, "%s %s", r.NotSent, r.ErrorText)
				assert.Equal(t, within, r.ServiceTime())
				assert.Equal(t, within, r.Phases.Sum())
				assert.Equal(t, 199*ms, r.Phases.Conn, "waiting for the first")
			})
		})
	}
}

// A kept connection's timer looks at long intervals. A request that is older than
// the connection's rest must not wait for it.
func TestTheTimeoutCountsFromTheBeginningOverAKeptConnection(t *testing.T) {
	for _, idle := range []time.Duration{0, 50 * ms, 100 * ms, 299 * ms, 300 * ms, 301 * ms, 1000 * ms} {
		a := attackOn("http://target.test/")
		a.HTTP.Timeout = within
		s := &bubbled{reply: func(c net.Conn, n int) bool { return n == 0 && answers(c, 10*ms) || mute(c) }}
		bothRigsInABubble(t, a, s, func(t *testing.T, rig *rig) {
			assert.Equal(t, loadgen.Finished, rig.send(0).Outcome)
			time.Sleep(idle)
			r := rig.send(250 * ms)
			assert.Equal(t, loadgen.ErrorTimeout, r.Error, "%s %s", r.NotSent, r.ErrorText)
			assert.True(t, r.Reused)
			assert.Equal(t, within, r.ServiceTime())
			assert.Equal(t, loadgen.Phases{Conn: 250 * ms, Wait: 50 * ms}, r.Phases)
		})
	}
}

func TestAThousandThatWaitAreNotLate(t *testing.T) {
	const waiting = 1000
	for _, c := range []struct {
		name   string
		most   int
		takes  time.Duration // 0: for ever
		finish int           // of the requests
		sent   int           // those and who had a connection at the end
	}{
		{name: "nobody is answered", most: 10, sent: 10},
		{name: "some are answered", most: 10, takes: 70 * ms, finish: 40, sent: 50},
		{name: "one connection", most: 1, takes: 7 * ms, finish: 42, sent: 43},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := attackOn("http://target.test/")
			a.HTTP.Timeout, a.HTTP.MaxConnections = within, c.most
			s := &bubbled{reply: func(conn net.Conn, _ int) bool {
				if c.takes == 0 {
					return mute(conn)
				}
				return answers(conn, c.takes)
			}}
			bothRigsInABubble(t, a, s, func(t *testing.T, rig *rig) {
				records := make([]loadgen.Record, waiting)
				began := time.Now()
				var all sync.WaitGroup
				for i := range records {
					all.Go(func() {
						records[i] = rig.send(0)
						assert.LessOrEqual(t, time.Since(began), within)
					})
				}
				all.Wait()
				var finished, failed, unsent int
				for _, r := range records {
					switch r.Outcome {
					case loadgen.Finished:
						finished++
						assert.Equal(t, r.ServiceTime(), r.Phases.Sum())
						assert.Equal(t, c.takes, r.Phases.Wait)
					case loadgen.Failed:
						failed++
						assert.Equal(t, loadgen.ErrorTimeout, r.Error, r.ErrorText)
						assert.Equal(t, within, r.ServiceTime())
						assert.Equal(t, within, r.Phases.Sum())
					default:
						unsent++
						assert.Equal(t, loadgen.NotSentConnectionWait, r.NotSent)
						assert.Zero(t, r.Phases)
					}
				}
				assert.Equal(t, c.finish, finished)
				assert.GreaterOrEqual(t, failed, c.sent-c.finish)
				assert.Equal(t, waiting, finished+failed+unsent)
			})
		})
	}
}

// A request that waits for a connection when its timeout has passed was never on
// the network; the one that has the connection was. A dial that hangs is an attempt.
func TestARequestThatWaitsUntilItsTimeoutIsNotSent(t *testing.T) {
	for _, opens := range []time.Duration{0, time.Hour} {
		a := attackOn("http://target.test/")
		a.HTTP.Timeout, a.HTTP.MaxConnections = within, 1
		s := &bubbled{opens: opens, reply: func(c net.Conn, _ int) bool { return mute(c) }}
		bothRigsInABubble(t, a, s, func(t *testing.T, rig *rig) {
			var both sync.WaitGroup
			var first loadgen.Record
			both.Go(func() { first = rig.send(0) })
			time.Sleep(ms)
			began := time.Now()
			second := rig.send(200 * ms)
			assert.Equal(t, loadgen.NotSentConnectionWait, second.NotSent)
			notOnTheNetwork(t, second)
			assert.Equal(t, 100*ms, time.Since(began))
			both.Wait()
			assert.Equal(t, loadgen.ErrorTimeout, first.Error, "%s %s", first.NotSent, first.ErrorText)
			assert.Equal(t, within, first.ServiceTime())
		})
	}
}

// The cut of a run reaches all at once: what one request gives back then, another
// must not take up.
func TestARequestThatWaitsAtTheCutIsNotSent(t *testing.T) {
	for _, opens := range []time.Duration{0, time.Hour} {
		a := attackOn("http://target.test/")
		a.HTTP.Timeout, a.HTTP.MaxConnections = time.Hour, 1
		s := &bubbled{opens: opens, reply: func(c net.Conn, _ int) bool { return mute(c) }}
		bothRigsInABubble(t, a, s, func(t *testing.T, rig *rig) {
			records := make([]loadgen.Record, 100)
			var all sync.WaitGroup
			for i := range records {
				all.Go(func() { records[i] = rig.send(0) })
				time.Sleep(ms)
			}
			rig.cancel()
			all.Wait()
			assert.Equal(t, loadgen.ErrorCancelled, records[0].Error, records[0].ErrorText)
			assert.Equal(t, 100*ms, records[0].ServiceTime())
			for _, r := range records[1:] {
				assert.Equal(t, loadgen.NotSentStopped, r.NotSent)
				notOnTheNetwork(t, r)
			}
		})
	}
}
