package conns

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/wire"
)

const ms = time.Millisecond

// bed is a target behind pipes, within a bubble, where time passes only while all
// wait. So the tests hold exact times.
type bed struct {
	*testing.T
	set     *Set
	options Options
	secure  []tls.Certificate
	offers  []string // of TLS
	slow    time.Duration
	serve   func(net.Conn)
	hang    bool // dials hang
	header  http.Header
	refuse  error

	mu               sync.Mutex // guards all below
	ever, open, peak int
}

// inBubble runs a test over HTTP/2 with TLS and without.
func inBubble(t *testing.T, test func(b *bed)) {
	inBubbleOf(t, test, loadgen.ProtocolHTTP2, loadgen.ProtocolH2C)
}

func inBubbleOf(t *testing.T, test func(b *bed), protocols ...loadgen.Protocol) {
	certificate := httptest.NewTLSServer(nil)
	certificate.Close()
	for _, p := range protocols {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &bed{T: t, offers: []string{"h2", "http/1.1"}}
				b.options = Options{
					Clock: time.Now().Add(-time.Second), Protocol: p, Timeout: 10 * time.Second,
					KeepAlive: true, Idle: 1000, IdleTimeout: time.Hour,
					TLS: &tls.Config{InsecureSkipVerify: true}, Dial: b.dial,
				}
				if p == loadgen.ProtocolHTTP2 || p == loadgen.ProtocolAuto {
					b.secure = certificate.TLS.Certificates
				}
				test(b)
				if b.set != nil {
					b.set.Close()
				}
			})
		})
	}
}

func (b *bed) dial(ctx context.Context, network, address string) (net.Conn, error) {
	httptrace.ContextClientTrace(ctx).ConnectStart(network, address)
	select {
	case <-time.After(b.slow):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if b.hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if b.refuse != nil {
		return nil, b.refuse
	}
	near, far := net.Pipe()
	b.mu.Lock()
	b.ever++
	b.open++
	b.peak = max(b.peak, b.open)
	b.mu.Unlock()
	go func() {
		defer far.Close()
		if b.secure == nil {
			b.serve(far)
			return
		}
		c := tls.Server(far, &tls.Config{Certificates: b.secure, NextProtos: b.offers})
		if c.Handshake() == nil {
			b.serve(c)
		}
	}()
	return &closing{Conn: near, closed: func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.open--
	}}, nil
}

// closing reports the first close of a connection.
type closing struct {
	net.Conn
	once   sync.Once
	closed func()
}

func (c *closing) Close() error {
	c.once.Do(c.closed)
	return c.Conn.Close()
}

// handle serves HTTP/2 with net/http's server, which allows so many streams.
func (b *bed) handle(streams int, h http.HandlerFunc) {
	b.serve = func(c net.Conn) {
		l := &single{Conn: c, first: make(chan net.Conn, 1), closed: make(chan struct{})}
		l.first <- c
		s := &http.Server{Handler: h, Protocols: new(http.Protocols), HTTP2: &http.HTTP2Config{MaxConcurrentStreams: streams}}
		s.Protocols.SetHTTP2(true)
		s.Protocols.SetUnencryptedHTTP2(true)
		s.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				l.Close()
			}
		}
		s.Serve(l)
	}
}

// single is a listener for one connection.
type single struct {
	net.Conn
	first  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *single) Accept() (net.Conn, error) {
	select {
	case c := <-l.first:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *single) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *single) Addr() net.Addr { return l.LocalAddr() }

// start makes the set. The options are not changed after it.
func (b *bed) start() {
	if b.set == nil {
		b.set = New(b.options)
	}
}

// result is what became of a request.
type result struct {
	status int
	err    error
	x      *Exchange
	times  wire.Times
	began  time.Duration
	took   time.Duration
}

// wait is how long it waited for its connection.
func (r *result) wait() time.Duration { return r.times.Conn - r.began }

// send sends a request and reads the response.
func (b *bed) send(ctx context.Context) *result {
	url := "http://target.test/"
	if b.secure != nil {
		url = "https://target.test/"
	}
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	require.NoError(b, err)
	for name, values := range b.header {
		req.Header[name] = values
	}
	r := &result{began: b.set.Now()}
	r.x = &Exchange{Begin: r.began}
	resp, err := b.set.RoundTrip(r.x, req)
	if r.err = err; err == nil {
		r.status = resp.StatusCode
		_, r.err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	r.x.Release()
	r.took = b.set.Now() - r.began
	r.times = r.x.Times()
	return r
}

// within sends a request with a timeout.
func (b *bed) within(d time.Duration) *result {
	b.start()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return b.send(ctx)
}

// burst sends requests at once, one a nanosecond so that their order is known. All
// end after the same time.
func (b *bed) burst(n int, timeout time.Duration) []*result {
	b.start()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	results := make([]*result, n)
	var under sync.WaitGroup
	for i := range n {
		under.Go(func() { results[i] = b.send(ctx) })
		time.Sleep(time.Nanosecond)
	}
	under.Wait()
	return results
}

// warm sends a request, so that a connection is open and settled.
func (b *bed) warm() {
	require.NoError(b, b.within(time.Second).err)
	synctest.Wait()
}

func (b *bed) counts() (ever, peak int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ever, b.peak
}

func takes(d time.Duration) http.HandlerFunc {
	return func(http.ResponseWriter, *http.Request) { time.Sleep(d) }
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

func notSentReason(err error) loadgen.NotSentReason {
	if not, ok := err.(*NotSent); ok {
		return not.Reason
	}
	return ""
}

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
