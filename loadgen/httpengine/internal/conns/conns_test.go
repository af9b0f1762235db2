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
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
)

func TestNobodyWaitsWhileThereIsRoom(t *testing.T) {
	inBubble(t, func(b *bed) {
		b.options.Most = 1
		b.handle(100, takes(10*ms))
		b.warm()
		for _, r := range b.burst(100, time.Second) {
			require.NoError(b, r.err)
			assert.Zero(b, r.wait())
			assert.True(b, r.x.Reused)
		}
		ever, _ := b.counts()
		assert.Equal(b, 1, ever)
	})
}

// The wait for a stream ends when the stream is had, and those who have waited
// longest get it first.
func TestWaitingForAStreamIsInOrderAndInConn(t *testing.T) {
	inBubble(t, func(b *bed) {
		b.options.Most = 1
		b.handle(1, takes(10*ms))
		b.warm()
		for i, r := range b.burst(50, time.Minute) {
			require.NoError(b, r.err)
			assert.InDelta(b, time.Duration(i)*10*ms, r.wait(), 1000, "request %d", i)
			assert.InDelta(b, 10*ms, r.times.First-r.times.Conn, 1000, "request %d", i)
		}
		ever, _ := b.counts()
		assert.Equal(b, 1, ever)
	})
}

// At first it is not known how many streams the target allows. No more than it
// turns out to allow are used, and one connection is enough.
func TestABurstAtTheStartKeepsToTheSettings(t *testing.T) {
	for _, c := range []struct {
		most, streams, n int
		ever             int
	}{
		{1, 100, 200, 1}, {1, 1, 20, 1}, {3, 1, 20, 3}, {0, 250, 80, 1}, {0, 1, 20, 20}, {0, 100, 200, 2},
	} {
		inBubble(t, func(b *bed) {
			var mu sync.Mutex
			inside := 0
			b.options.Most, b.slow = c.most, 5*ms
			b.handle(c.streams, func(http.ResponseWriter, *http.Request) {
				mu.Lock()
				inside++
				assert.LessOrEqual(b, inside, max(c.most, c.ever)*c.streams)
				mu.Unlock()
				time.Sleep(10 * ms)
				mu.Lock()
				inside--
				mu.Unlock()
			})
			dialed := 0
			for i, r := range b.burst(c.n, time.Minute) {
				require.NoError(b, r.err)
				dialed += r.x.Dialed
				if c.most*c.streams >= c.n || c.most == 0 && c.streams > 1 {
					assert.Less(b, r.wait(), 15*ms, "request %d", i)
				}
			}
			ever, peak := b.counts()
			assert.Equal(b, c.ever, ever, "%+v", c)
			assert.Equal(b, c.ever, peak, "%+v", c)
			assert.Equal(b, c.ever, dialed, "%+v", c)
		})
	}
}

func TestATimeoutWhileWaitingIsNotSent(t *testing.T) {
	inBubble(t, func(b *bed) {
		var mu sync.Mutex
		arrived := 0
		b.options.Most = 1
		b.handle(1, func(_ http.ResponseWriter, r *http.Request) {
			mu.Lock()
			arrived++
			mu.Unlock()
			select {
			case <-r.Context().Done():
			case <-time.After(50 * ms):
			}
		})
		results := b.burst(5, 120*ms)
		for i, r := range results {
			assert.LessOrEqual(b, r.took, 121*ms)
			switch {
			case i < 2:
				assert.NoError(b, r.err)
			case i == 2: // it had its stream at 100 ms
				assert.ErrorIs(b, r.err, context.DeadlineExceeded)
				assert.Empty(b, notSentReason(r.err))
			default:
				assert.Equal(b, loadgen.NotSentConnectionWait, notSentReason(r.err))
			}
		}
		mu.Lock()
		defer mu.Unlock()
		assert.Equal(b, 3, arrived)
	})
}

func TestAStopWhileWaitingIsNotSent(t *testing.T) {
	inBubble(t, func(b *bed) {
		b.options.Most = 1
		b.handle(1, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		b.start()
		ctx, stop := context.WithTimeout(context.Background(), time.Hour)
		var first, second *result
		var under sync.WaitGroup
		under.Go(func() { first = b.send(ctx) })
		time.Sleep(ms)
		under.Go(func() { second = b.send(ctx) })
		time.Sleep(ms)
		stop()
		under.Wait()
		assert.ErrorIs(b, first.err, context.Canceled)
		assert.Empty(b, notSentReason(first.err))
		assert.Equal(b, loadgen.NotSentStopped, notSentReason(second.err))
	})
}

// A dial that hangs is part of the requests that it is for, and of those that share
// it though they might have their own. Those that max_connections lets have none
// wait for a connection, as over HTTP/1.1.
func TestADialThatHangsIsAnAttemptOfThoseThatAreNotLimited(t *testing.T) {
	test := func(b *bed, most, n, unsent int) {
		b.options.Most, b.hang = most, true
		for i, r := range b.burst(n, 100*ms) {
			assert.True(b, isTimeout(r.err), "%v", r.err)
			assert.LessOrEqual(b, r.took, 101*ms)
			if most == 0 {
				assert.Equal(b, r.began, r.times.Connect, "what it waited for was the dial")
				if over := r.times.Connected; over != 0 {
					assert.GreaterOrEqual(b, over-r.began, 99*ms)
				}
			}
			if reason := notSentReason(r.err); i < n-unsent {
				assert.Empty(b, reason, "request %d", i)
			} else {
				assert.Equal(b, loadgen.NotSentConnectionWait, reason, "request %d", i)
			}
		}
	}
	for _, c := range []struct{ most, n, unsent int }{{1, 10, 9}, {1, 150, 149}, {2, 10, 0}, {0, 150, 0}} {
		inBubble(t, func(b *bed) { test(b, c.most, c.n, c.unsent) })
	}
	inHTTP1(t, func(b *bed) { test(b, 1, 10, 9) })
}

// ending is a connection that ends a context when it is first written to, and takes
// what is written all the same.
type ending struct {
	net.Conn
	end    func()
	closed chan struct{}
}

func (e *ending) Write(b []byte) (int, error) {
	e.end()
	<-e.closed
	return len(b), nil
}

func (e *ending) Close() error {
	close(e.closed)
	return e.Conn.Close()
}

// Else requests would go over a connection that we have closed, and fail with how that
// shows before their own time is over.
func TestAConnectionThatIsOpenTooLateIsOfNoUse(t *testing.T) {
	s := New(Options{Protocol: loadgen.ProtocolH2C, KeepAlive: true})
	defer s.Close()
	near, far := net.Pipe()
	defer far.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	d := &dial{}
	c := &conn{pool: newPool(s, origin{address: "target.test:80"}), many: true, dial: d}
	c.tap = newTap(&ending{Conn: near, end: cancel, closed: make(chan struct{})}, c)
	via, err := d.over(ctx, c)
	assert.Nil(t, via)
	assert.Equal(t, context.Canceled, cause(ctx, err))
}

// The request waited to its end for a connection that gave way.
func TestADialThatCannotBeginIsNoAttempt(t *testing.T) {
	s := New(Options{Most: 1, Dial: func(context.Context, string, string) (net.Conn, error) {
		t.Error("dialled")
		return nil, net.ErrClosed
	}})
	defer s.Close()
	p := newPool(s, origin{address: "target.test:80"})
	p.open = 1
	d := &dial{}
	w := &wait{own: d, dial: d, served: make(chan served, 1)}
	d.wait, w.place = w, p.waiting.PushBack(w)
	d.run(p, time.Now(), true)
	assert.Equal(t, loadgen.NotSentConnectionWait, notSentReason((<-w.served).err))
}

func TestAStopWhileADialHangsIsNotSentForThoseThatAreLimited(t *testing.T) {
	test := func(b *bed) {
		b.options.Most, b.hang = 1, true
		b.start()
		results := make([]*result, 10)
		var under sync.WaitGroup
		for i := range results {
			under.Go(func() { results[i] = b.send(context.Background()) })
			time.Sleep(time.Nanosecond)
		}
		b.set.Cancel()
		under.Wait()
		assert.ErrorIs(b, results[0].err, context.Canceled)
		assert.Empty(b, notSentReason(results[0].err))
		for _, r := range results[1:] {
			assert.Equal(b, loadgen.NotSentStopped, notSentReason(r.err), "%v", r.err)
		}
	}
	inBubble(t, test)
	inHTTP1(t, test)
}

func TestARefusedDialFailsOneRequestEach(t *testing.T) {
	inBubble(t, func(b *bed) {
		b.options.Most, b.refuse, b.slow = 1, io.ErrClosedPipe, ms
		for i, r := range b.burst(5, time.Second) {
			assert.ErrorIs(b, r.err, io.ErrClosedPipe)
			assert.InDelta(b, time.Duration(i+1)*ms, r.took, 1000)
			assert.Zero(b, r.x.Dialed)
		}
	})
}

func TestWithoutKeepAliveEachRequestHasAConnection(t *testing.T) {
	inBubble(t, func(b *bed) {
		b.options.Most, b.options.KeepAlive = 2, false
		b.handle(100, takes(10*ms))
		for i, r := range b.burst(10, time.Second) {
			require.NoError(b, r.err)
			assert.False(b, r.x.Reused)
			assert.Equal(b, 1, r.x.Dialed)
			assert.InDelta(b, time.Duration(i/2)*10*ms, r.wait(), 1000)
		}
		ever, peak := b.counts()
		assert.Equal(b, 10, ever)
		assert.Equal(b, 2, peak)
	})
}
