package conns

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/textproto"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/wire"
)

// maxAgain bounds how often a request gets another connection after one that was of no
// use to any request. Those that the target has taken requests of are not counted: the
// requests that it sends away go first on the next, so that all have their turn.
const maxAgain = 6

// Exchange is one request and what came of it. The caller sets Begin; all else is
// zero before.
type Exchange struct {
	Begin time.Duration

	Reused      bool // the connection had been used before
	Dialed      int  // connections opened
	Local, Peer netip.AddrPort
	// Handshake reports that the TLS handshake failed.
	Handshake bool

	held    *conn
	tries   int        // attempts
	vain    int        // those on connections of no use
	opening wire.Times // of the connection that it opened itself
	last    *attempt
	first   attempt
}

// attempt is one try to send a request. net/http touches it from goroutines of
// its own, also after it has ended.
type attempt struct {
	set    *Set
	conn   *conn
	reused bool
	final  bool        // its connection takes no other after it
	resent bool        // the request was sent before, and the target has not looked at it
	begun  atomic.Bool // it is not counted in conn.starting any more

	mu                sync.Mutex // guards all below
	got, wrote, first time.Duration
	written, cutShort bool
	later             bool // its connection had carried another request
	interim           int  // bytes of interim responses, about
}

// RoundTrip sends a request and returns the response, as http.RoundTripper does.
// The caller calls Release, whatever comes, when it has closed the body.
//
// Errors are those of net/http, a *NotSent or a *ProtocolError.
func (s *Set) RoundTrip(x *Exchange, req *http.Request) (*http.Response, error) {
	route, err := s.Route(req)
	if err != nil {
		return nil, err
	}
	defer s.leave(route.pool)
	return route.RoundTrip(x, req)
}

// RoundTrip is Set.RoundTrip for a request that leads there.
func (r *Route) RoundTrip(x *Exchange, req *http.Request) (*http.Response, error) {
	p, ctx := r.pool, req.Context()
	final := httpguts.HeaderValuesContainsToken(req.Header["Connection"], "close")
	for {
		a := x.begin(p.set)
		a.final = final
		if err := p.get(ctx, x, a); err != nil {
			return nil, err
		}
		resp, err := x.held.via.RoundTrip(req.WithContext(httptrace.WithClientTrace(ctx, a.hooks())))
		if err == nil {
			a.answered()
			return resp, nil
		}
		if !x.held.took.Load() {
			x.vain++
		}
		if x.vain > maxAgain || p.set.over(ctx) != nil || !x.held.again(a, err) {
			return nil, a.blame(ctx, err, x.Dialed > 0)
		}
		x.Release()
		if req, err = rewind(req); err != nil {
			return nil, err
		}
	}
}

// begin makes the next attempt the current one.
func (x *Exchange) begin(s *Set) *attempt {
	x.last = &x.first
	if x.first.set != nil {
		x.last = &attempt{resent: true}
	}
	x.last.set = s
	x.tries++
	x.opening = wire.Times{}
	return x.last
}

// rewind is the request with its body from the beginning.
func rewind(req *http.Request) (*http.Request, error) {
	if req.GetBody == nil {
		return req, nil
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	again := *req
	again.Body = body
	return &again, nil
}

// Release gives the connection back.
func (x *Exchange) Release() {
	if x.held != nil {
		x.last.start()
		x.held.pool.put(x.held)
		x.held = nil
	}
}

// Times are the moments of the exchange so far.
func (x *Exchange) Times() wire.Times {
	t := x.opening
	t.Begin = x.Begin
	if a := x.last; a != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		t.Conn, t.Wrote, t.First = a.got, a.wrote, a.first
	}
	return t
}

// Later reports whether the connection had carried another request before. Over HTTP/2
// that may be another's than Reused tells, since streams do not come in the order in
// which requests get their places.
func (x *Exchange) Later() bool {
	a := x.last
	if a == nil {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.later || a.got == 0 && x.Reused
}

// Written reports whether net/http said that the whole request was written, and
// whether it said that it was not.
func (x *Exchange) Written() (written, cutShort bool) {
	a := x.last
	if a == nil {
		return false, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	deaf := a.conn != nil && a.conn.tap.deaf.Load() // which net/http was not told
	return a.written && !deaf, a.cutShort
}

// HTTP1 reports whether the connection speaks HTTP/1.
func (x *Exchange) HTTP1() bool { return x.last != nil && x.last.conn != nil && !x.last.conn.many }

// HTTP2 reports whether the connection speaks HTTP/2.
func (x *Exchange) HTTP2() bool { return x.last != nil && x.last.conn != nil && x.last.conn.many }

// GoAway is the code with which the target has said that it gives up the HTTP/2
// connection, or nil.
func (x *Exchange) GoAway() *uint32 {
	if code := x.last.conn.goAway.Load(); code > 0 {
		return new(uint32(code - 1))
	}
	return nil
}

// Ended is how the target ended the connection, or nil if it did not.
func (x *Exchange) Ended() error {
	if x.last == nil || x.last.conn == nil {
		return nil
	}
	if err := x.last.conn.tap.ended.Load(); err != nil && !errors.Is(*err, net.ErrClosed) {
		return *err
	}
	return nil
}

// blame is the error of an attempt that failed: a *NotSent if it waited for a stream to
// its end, unless a connection was opened for it.
func (a *attempt) blame(ctx context.Context, err error, dialed bool) error {
	switch over := a.set.over(ctx); {
	case over == nil:
		return a.conn.cause(err)
	case a.conn.many && !a.open() && !dialed:
		return notSent(over)
	}
	return err
}

// hooks is the trace through which net/http tells of the request.
func (a *attempt) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		WroteHeaders:         a.wroteHeaders,
		WroteRequest:         a.wroteRequest,
		GotFirstResponseByte: a.firstByte,
		Got1xxResponse:       a.interimResponse,
	}
}

// wroteHeaders is when an HTTP/2 request has its stream.
func (a *attempt) wroteHeaders() {
	if a.conn.many {
		a.has()
		a.start()
	}
}

// has stamps that the attempt has what it waited for.
func (a *attempt) has() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.got = a.set.Now()
	a.later = a.conn.had.Swap(true)
}

// open reports whether it has.
func (a *attempt) open() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.got != 0
}

// start ends the time in which the attempt has a place and no stream.
func (a *attempt) start() {
	if a.begun.Swap(true) {
		return
	}
	a.conn.starting.Add(-1)
	if a.resent {
		a.conn.urgent.Add(-1)
	}
	if p := a.conn.pool; a.conn.many && p.anyWaits() {
		p.look(a.conn, false)
	}
}

func (a *attempt) wroteRequest(info httptrace.WroteRequestInfo) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.wrote, a.written, a.cutShort = a.set.Now(), info.Err == nil, info.Err != nil
}

func (a *attempt) firstByte() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.first = a.set.Now()
}

// interimResponse is called when an interim response has come: so what came first was
// not the response. Who is told of them has to bound them: their heads count together,
// as over the direct transport.
func (a *attempt) interimResponse(status int, header textproto.MIMEHeader) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.first = 0
	a.interim += len("HTTP/1.1 100 \r\n\r\n") + len(http.StatusText(status))
	for name, values := range header {
		for _, value := range values {
			a.interim += len(name) + len(": \r\n") + len(value)
		}
	}
	if a.interim > wire.MaxHead {
		return wire.HeadTooLong(wire.MaxHead)
	}
	return nil
}

// answered is called when the head of the response is there. After an interim response
// net/http does not say when it began.
func (a *attempt) answered() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.first == 0 {
		a.first = a.set.Now()
	}
}
