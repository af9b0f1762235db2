package conns

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
)

// A target that takes so many requests of each connection and sends away the rest, as
// proxies do. Requests that were sent away went to the end of the queue, and with others
// into the race for the next streams: some were sent away until they had no try left.
func TestARequestThatWasSentAwayGoesBeforeThoseThatWait(t *testing.T) {
	for _, c := range []struct {
		takes uint32 // of a connection
		n     int
		tries int
	}{
		{takes: 20, n: 200, tries: 5}, // with a window of 100
		{takes: 1, n: 30, tries: 30},
	} {
		inBubble(t, func(b *bed) {
			b.options.Most = 1
			b.byHand(streamsAllowed(100), func(conn *rawConn, stream uint32) {
				last := 2*c.takes - 1
				switch {
				case stream == last+2:
					conn.goAway(last, http2.ErrCodeNo)
				case stream <= last:
					time.Sleep(ms)
					conn.ok(stream)
				}
			})
			tries := 0
			for i, r := range b.burst(c.n, time.Minute) {
				require.NoError(b, r.err, "request %d", i)
				tries = max(tries, r.x.tries)
			}
			assert.LessOrEqual(b, tries, c.tries)
		})
	}
}

// unheard is a connection that after a while takes no more, as one whose other end has
// closed, and still has what that end has said.
type unheard struct {
	net.Conn
	gone *atomic.Bool
}

func (u *unheard) Write(b []byte) (int, error) {
	if u.gone.Load() {
		return 0, &net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE}
	}
	return u.Conn.Write(b)
}

// The target answers and sends GOAWAY, and has closed when the next request is written.
// net/http closed the connection at that, and all requests on it failed.
func TestAGoAwayIsHeardThoughNothingMoreCanBeWritten(t *testing.T) {
	inBubble(t, func(b *bed) {
		var gone atomic.Bool
		var first sync.Once
		b.options.Dial = func(ctx context.Context, network, address string) (c net.Conn, err error) {
			c, err = b.dial(ctx, network, address)
			first.Do(func() { c = &unheard{c, &gone} })
			return c, err
		}
		r := b.byHand(streamsAllowed(100), func(c *rawConn, stream uint32) {
			if c.n > 0 || stream == 1 {
				c.ok(stream)
				return
			}
			gone.Store(true)
			time.Sleep(10 * ms)
			c.goAway(stream, http2.ErrCodeNo)
			c.ok(stream)
			c.Close()
		})
		b.warm()
		var both sync.WaitGroup
		both.Go(func() { // stream 3
			got := b.within(time.Second)
			assert.NoError(b, got.err)
			assert.Equal(b, 10*ms, got.took.Round(ms))
		})
		time.Sleep(5 * ms)
		got := b.within(time.Second) // stream 5, which never arrives
		assert.NoError(b, got.err)
		assert.Equal(b, 5*ms, got.wait().Round(ms))
		assert.Equal(b, 1, got.x.Dialed)
		both.Wait()
		arrived, conns := r.seen()
		assert.Equal(b, 3, arrived)
		assert.Equal(b, 2, conns)
	})
}

// A target that allows no stream. Its connections were opened all the same, and so
// something was attempted for the requests that they were opened for.
func TestConnectionsThatAllowNoStreamAreCounted(t *testing.T) {
	inBubble(t, func(b *bed) {
		r := b.byHand(streamsAllowed(0), func(c *rawConn, stream uint32) { c.reset(stream, http2.ErrCodeRefusedStream) })
		dialed := 0
		for i, got := range b.burst(5, 100*ms) {
			require.Error(b, got.err)
			assert.Empty(b, notSentReason(got.err), "request %d", i)
			dialed += got.x.Dialed
		}
		_, conns := r.seen()
		assert.Equal(b, conns, dialed+b.set.Uncounted())
	})
}
