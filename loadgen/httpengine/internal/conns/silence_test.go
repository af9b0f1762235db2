package conns

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/loadgen"
)

// A target that takes connections and says nothing was said to be one whose streams the
// requests waited for, and the run to be undecided.
func TestATargetThatSaysNothingIsNotWaitedForAsForAStream(t *testing.T) {
	inBubble(t, func(b *bed) {
		b.serve = func(c net.Conn) { io.Copy(io.Discard, c) }
		b.start()
		var under sync.WaitGroup
		results := make([]*result, 20)
		for i := range results {
			under.Go(func() { results[i] = b.within(100 * ms) })
			time.Sleep(2 * ms)
		}
		under.Wait()
		for i, r := range results {
			assert.True(b, isTimeout(r.err), "%v", r.err)
			assert.Empty(b, notSentReason(r.err))
			t := r.times
			wait := t.Conn - r.began - (t.Connected - t.Connect) - (t.TLSDone - t.TLS)
			assert.Less(b, wait, ms, "request %d", i)
		}
	})
}

// A connection whose target is gone without a word answers no ping, and gives way
// to another.
func TestAConnectionThatFallsSilentGivesWay(t *testing.T) {
	inBubble(t, func(b *bed) {
		b.options.Most, b.options.Timeout = 1, time.Second
		b.handle(3, takes(0))
		silent := true
		serve := b.serve
		b.serve = func(c net.Conn) {
			if silent {
				silent = false
				serve(&mute{Conn: c})
				return
			}
			serve(c)
		}
		b.warm()
		time.Sleep(100 * ms) // from now on it is mute
		var ends []bool
		for range 6 {
			ends = append(ends, b.within(time.Second).err == nil)
		}
		assert.False(b, ends[0])
		assert.True(b, ends[4], "%v", ends)
		assert.True(b, ends[5], "%v", ends)
		ever, peak := b.counts()
		assert.Equal(b, 2, ever)
		assert.Equal(b, 1, peak)
	})
}

// mute is a connection on which nothing is heard or said after a while.
type mute struct {
	net.Conn
	once  sync.Once
	begun time.Time
}

func (m *mute) Write(p []byte) (int, error) {
	m.once.Do(func() { m.begun = time.Now() })
	if time.Since(m.begun) > 50*ms {
		return len(p), nil
	}
	return m.Conn.Write(p)
}

// A cut reaches requests one after another. What one gives back then, another must
// not take up.
func TestWhatACutGivesBackIsNotTakenUp(t *testing.T) {
	test := func(b *bed) {
		b.options.Most = 1
		b.start()
		ctx, cancel := context.WithCancel(context.Background())
		var under sync.WaitGroup
		var first *result
		under.Go(func() { first = b.send(ctx) })
		time.Sleep(ms)
		waiting := make([]*result, 5)
		for i := range waiting {
			under.Go(func() { waiting[i] = b.send(context.Background()) })
		}
		time.Sleep(ms)
		b.set.Cancel()
		cancel()
		under.Wait()
		assert.ErrorIs(b, first.err, context.Canceled)
		for _, r := range waiting {
			assert.Equal(b, loadgen.NotSentStopped, notSentReason(r.err))
		}
		assert.Equal(b, loadgen.NotSentStopped, notSentReason(b.send(context.Background()).err))
		ever, _ := b.counts()
		assert.Equal(b, 1, ever)
	}
	inBubble(t, func(b *bed) {
		b.handle(1, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		test(b)
	})
	inHTTP1(t, func(b *bed) {
		b.answer(func(c net.Conn, _ int) bool { io.Copy(io.Discard, c); return false })
		test(b)
	})
}
