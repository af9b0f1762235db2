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

// closing tells of the first close of a connection.
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
