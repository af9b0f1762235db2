package conns

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/loadtrace/loadtrace/loadgen"
)

func TestSettingsMayChangeWhileRequestsWait(t *testing.T) {
	inBubble(t, func(b *bed) {
		b.options.Most = 1
		r := b.byHand(streamsAllowed(1), func(c *rawConn, stream uint32) {
			time.Sleep(10 * ms)
			c.ok(stream)
		})
		b.warm()
		go func() {
			time.Sleep(5 * ms) // one has its stream, nine wait
			r.conn(0).settings(streamsAllowed(4)...)
		}()
		var waits []time.Duration
		for _, r := range b.burst(10, time.Second) {
			require.NoError(b, r.err)
			waits = append(waits, r.wait().Round(ms))
		}
		assert.Equal(b, []time.Duration{0, 5 * ms, 5 * ms, 5 * ms, 10 * ms, 15 * ms, 15 * ms, 15 * ms, 20 * ms, 25 * ms}, waits)

		// Fewer again: what is under way goes on, the rest waits for one at a time.
		go func() {
			time.Sleep(5 * ms)
			r.conn(0).settings(streamsAllowed(1)...)
		}()
		waits = nil
		for _, r := range b.burst(7, time.Second) {
			require.NoError(b, r.err)
			waits = append(waits, r.wait().Round(ms))
		}
		assert.Equal(b, []time.Duration{0, 0, 0, 0, 10 * ms, 20 * ms, 30 * ms}, waits)
		_, conns := r.seen()
		assert.Equal(b, 1, conns)
	})
}

// A target may allow no stream for a while. That is no reason to dial anew.
func TestNoStreamForAWhileIsAWait(t *testing.T) {
	inBubble(t, func(b *bed) {
		b.options.Most = 1
		r := b.byHand(streamsAllowed(2), func(c *rawConn, stream uint32) { c.ok(stream) })
		b.warm()
		r.conn(0).settings(streamsAllowed(0)...)
		synctest.Wait()
		go func() {
			time.Sleep(50 * ms)
			r.conn(0).settings(streamsAllowed(2)...)
		}()
		for _, r := range b.burst(3, time.Second) {
			require.NoError(b, r.err)
			assert.Equal(b, 50*ms, r.wait().Round(ms))
		}
		_, conns := r.seen()
		assert.Equal(b, 1, conns)
	})
}

// A target that closes in good order says which requests it has not looked at. They
// get another connection, and all up to that is the wait for it.
func TestAGracefulGoAwayIsAWaitForAnotherConnection(t *testing.T) {
	inBubble(t, func(b *bed) {
		b.options.Most = 1
		r := b.byHand(streamsAllowed(100), func(c *rawConn, stream uint32) {
			if c.n == 0 && stream > 5 {
				if stream == 7 {
					time.Sleep(10 * ms)
					c.goAway(5, http2.ErrCodeNo)
				}
				return
			}
			if c.n == 0 && stream > 1 {
				time.Sleep(20 * ms)
			}
			c.ok(stream)
		})
		b.warm()
		results := b.burst(6, time.Second) // streams 3 to 13
		for i, r := range results {
			require.NoError(b, r.err)
			if i < 2 {
				assert.Equal(b, 20*ms, r.took.Round(ms), "looked at, and answered in the end")
				assert.Zero(b, r.wait())
				continue
			}
			assert.Equal(b, 20*ms, r.wait().Round(ms), "until the first connection is closed")
			assert.Equal(b, 20*ms, r.took.Round(ms))
		}
		arrived, conns := r.seen()
		assert.Equal(b, 2, conns)
		assert.Equal(b, 1+2+2*4, arrived)
		_, peak := b.counts()
		assert.Equal(b, 1, peak)
	})
}

// Else nothing is sent twice: one record is one arrival (docs/adr/0008-transport.md).
func TestWhatTheTargetRefusesIsAFailureAndNotSentAgain(t *testing.T) {
	for _, c := range []struct {
		name, want string
		refuse     func(c *rawConn, stream uint32)
	}{
		{"a stream that is refused", "REFUSED_STREAM", func(c *rawConn, s uint32) { c.reset(s, http2.ErrCodeRefusedStream) }},
		{"a stream of a protocol error", "PROTOCOL_ERROR", func(c *rawConn, s uint32) { c.reset(s, http2.ErrCodeProtocol) }},
		{"a stream that is cancelled", "CANCEL", func(c *rawConn, s uint32) { c.reset(s, http2.ErrCodeCancel) }},
		{"GOAWAY with an error", "GOAWAY", func(c *rawConn, s uint32) { c.goAway(s-2, http2.ErrCodeEnhanceYourCalm) }},
		{"GOAWAY on the first stream", "GOAWAY", func(c *rawConn, s uint32) { c.goAway(0, http2.ErrCodeEnhanceYourCalm) }},
		{"the connection is closed", "EOF", func(c *rawConn, s uint32) { c.Close() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(b *bed) {
				b.options.Most = 1
				r := b.byHand(streamsAllowed(100), func(conn *rawConn, stream uint32) {
					if conn.n == 0 && stream == 3 {
						c.refuse(conn, stream)
						return
					}
					conn.ok(stream)
				})
				b.warm()
				got := b.within(time.Second)
				assert.ErrorContains(b, got.err, c.want)
				assert.Empty(b, notSentReason(got.err))
				arrived, _ := r.seen()
				assert.Equal(b, 2, arrived)
				synctest.Wait()
				assert.NoError(b, b.within(time.Second).err, "the next request is none the worse")
			})
		})
	}
}

// A target that sends each request away is not asked for ever.
func TestATargetThatSendsEveryRequestAwayIsAFailure(t *testing.T) {
	inBubble(t, func(b *bed) {
		r := b.byHand(streamsAllowed(100), func(c *rawConn, stream uint32) { c.goAway(0, http2.ErrCodeNo) })
		got := b.within(time.Second)
		assert.ErrorContains(b, got.err, "GOAWAY")
		arrived, _ := r.seen()
		assert.Equal(b, 1+maxAgain, arrived)
	})
}

// A connection that the target gives up while it is idle takes no place among
// those that may be open, even if the target leaves it open.
func TestAGoAwayWhileIdleGivesWay(t *testing.T) {
	inBubble(t, func(b *bed) {
		b.options.Most = 1
		r := b.byHand(streamsAllowed(1), func(c *rawConn, stream uint32) { c.ok(stream) })
		b.warm()
		r.conn(0).goAway(1, http2.ErrCodeNo)
		synctest.Wait()
		got := b.within(time.Second)
		require.NoError(b, got.err)
		assert.Zero(b, got.wait())
		assert.Equal(b, 1, got.x.Dialed)
		_, conns := r.seen()
		assert.Equal(b, 2, conns)
	})
}

func TestAConnectionThatDiesLeavesItsPlaceToThoseWhoWait(t *testing.T) {
	inBubble(t, func(b *bed) {
		b.options.Most = 1
		r := b.byHand(streamsAllowed(1), func(c *rawConn, stream uint32) {
			time.Sleep(10 * ms)
			if c.n == 0 && stream == 3 {
				c.Close()
				return
			}
			c.ok(stream)
		})
		b.warm()
		results := b.burst(4, time.Second)
		assert.ErrorContains(b, results[0].err, "EOF")
		for i, r := range results[1:] {
			require.NoError(b, r.err)
			assert.Equal(b, time.Duration(i+1)*10*ms, r.wait().Round(ms))
		}
		arrived, conns := r.seen()
		assert.Equal(b, 2, conns)
		assert.Equal(b, 5, arrived)
	})
}

// A request that says so closes its connection, which takes no other then.
func TestARequestMayCloseItsConnection(t *testing.T) {
	inBubble(t, func(b *bed) {
		b.options.Most = 1
		b.handle(100, takes(10*ms))
		b.header = http.Header{"Connection": {"close"}}
		for i, r := range b.burst(5, time.Second) {
			require.NoError(b, r.err)
			assert.Equal(b, time.Duration(i)*10*ms, r.wait().Round(ms))
			assert.False(b, r.x.Reused)
		}
		ever, peak := b.counts()
		assert.Equal(b, 5, ever)
		assert.Equal(b, 1, peak)
	})
}

// A target that accepts connections and closes them is not dialled for ever on
// behalf of one request.
func TestATargetThatClosesAtOnceFailsOneRequestEach(t *testing.T) {
	inBubble(t, func(b *bed) {
		b.options.Most = 1
		b.serve = func(c net.Conn) {
			go io.Copy(io.Discard, c) // a pipe holds nothing
			c.Close()
		}
		for _, r := range b.burst(5, time.Second) {
			assert.Error(b, r.err)
			assert.Empty(b, notSentReason(r.err))
			assert.Equal(b, 1, r.x.Dialed)
		}
		ever, peak := b.counts()
		assert.Equal(b, 5, ever)
		assert.Equal(b, 1, peak)
	})
}

// A target that accepts, and then never says a word, costs no request more than
// its timeout, and its connection is not kept. Those beside the one that it was
// opened for count on it by choice, or wait because they may have no other.
func TestATargetWithoutSettingsIsATimeout(t *testing.T) {
	inBubble(t, func(b *bed) {
		b.options.Most = 1
		b.serve = func(c net.Conn) { io.Copy(io.Discard, c) }
		for i, r := range b.burst(10, 100*ms) {
			assert.True(b, isTimeout(r.err), "%v", r.err)
			assert.Equal(b, i > 0, notSentReason(r.err) == loadgen.NotSentConnectionWait, "request %d: %v", i, r.err)
			assert.Equal(b, 100*ms, r.took.Round(ms))
		}
		b.handle(1, takes(0))
		require.NoError(b, b.within(time.Second).err)
	})
	inBubble(t, func(b *bed) {
		b.serve = func(c net.Conn) { io.Copy(io.Discard, c) }
		for _, r := range b.burst(10, 100*ms) {
			assert.True(b, isTimeout(r.err), "%v", r.err)
			assert.Empty(b, notSentReason(r.err))
		}
	})
}

// Streams that were cut off count until the target has shown that it is there
// still. They are not the target's time.
func TestStreamsThatTimedOutComeBack(t *testing.T) {
	inBubble(t, func(b *bed) {
		b.options.Most = 1
		var quick atomic.Bool
		b.handle(2, func(_ http.ResponseWriter, r *http.Request) {
			if !quick.Load() {
				<-r.Context().Done()
			}
		})
		for range 5 {
			for _, r := range b.burst(2, 100*ms) {
				assert.True(b, isTimeout(r.err), "%v", r.err)
				assert.Empty(b, notSentReason(r.err))
			}
		}
		quick.Store(true)
		require.NoError(b, b.within(time.Second).err)
		ever, _ := b.counts()
		assert.Equal(b, 1, ever)
	})
}

// However the bytes are cut, the frames are the same.
func TestFramesAreFollowedThroughAnyCut(t *testing.T) {
	var out bytes.Buffer
	f := http2.NewFramer(&out, nil)
	require.NoError(t, f.WritePing(false, [8]byte{4, 7, 4, 7, 4, 7, 4, 7}))
	require.NoError(t, f.WriteData(1, false, bytes.Repeat([]byte{typeGoAway}, 300)))
	before := out.Len()
	require.NoError(t, f.WriteSettings(streamsAllowed(1)...))
	middle := out.Len()
	require.NoError(t, f.WriteGoAway(7, http2.ErrCodeEnhanceYourCalm, []byte("too much")))
	for step := 1; step <= out.Len(); step++ {
		var got frames
		for at := 0; at < out.Len(); at += step {
			end := min(at+step, out.Len())
			got.feed(out.Bytes()[at:end])
			assert.Equal(t, end >= middle, got.settings, "%d after %d", step, before)
			assert.Equal(t, end >= out.Len(), got.goAway)
		}
		assert.EqualValues(t, http2.ErrCodeEnhanceYourCalm, got.code)
	}
}
