package httpengine

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/conns"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/wire"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// standard is the transport of net/http, over connections of our own.
type standard struct {
	conns   *conns.Set
	spec    *loadgen.HTTP
	base    context.Context
	cut     context.CancelFunc
	maxBody int64
	firsts  enginekit.Firsts
}

func newStandard(s *runner.Setup, trust *tls.Config) *standard {
	return newStandardOver(s, trust, s.Gate.Dial(newDialer(s.Attack.HTTP)))
}

// newStandardOver makes the transport over connections that are opened by d.
func newStandardOver(s *runner.Setup, trust *tls.Config, d dial) *standard {
	spec := s.Attack.HTTP
	t := &standard{spec: spec, maxBody: int64(spec.MaxBody)}
	t.base, t.cut = context.WithCancel(context.Background())
	t.conns = conns.New(conns.Options{
		Clock:       s.Clock,
		Protocol:    spec.Protocol,
		Timeout:     spec.Timeout,
		KeepAlive:   keepAlive(spec),
		Idle:        spec.Connections,
		IdleTimeout: idleTimeout,
		Most:        spec.MaxConnections,
		TLS:         trust,
		Dial:        d,
	})
	return t
}

// roundTrip is one request that net/http carries, over all its hops.
type roundTrip struct {
	*standard
	exchange *conns.Exchange // of the last hop
	first    conns.Exchange  // of the first
	phases   loadgen.Phases  // of the hops before the last
	dialed   int             // for the hops before the last
	hops     int             // redirects followed
	taken    atomic.Int64    // bytes of the last hop's body that the transport took
	received int64
}

// carry implements transport.
func (t *standard) carry(it *iteration, sent time.Duration) error {
	j := &roundTrip{standard: t}
	j.exchange = &j.first
	j.first.Begin = sent
	ctx, cancel := context.WithDeadline(t.base, it.setup.Clock.Add(sent+t.spec.Timeout))
	defer cancel()
	status, proto, err := j.do(ctx, it)
	if err != nil {
		err = j.cause(ctx, err)
	}
	j.exchange.Release()
	_, unsent := unsent(err)
	j.finish(it, err == nil, !unsent)
	if err == nil {
		it.record.Status, it.record.Proto = status, proto
	}
	return err
}

// do sends the request and reads the response to its end.
func (j *roundTrip) do(ctx context.Context, it *iteration) (status int, proto uint8, err error) {
	var parent [enginekit.TraceParentLen]byte
	sampled := !it.record.Unsampled
	enginekit.PutTraceParent(&parent, it.record.TraceID, it.record.SpanID, sampled)
	req := it.request.send(ctx, string(parent[:]), it.setup.TraceState(sampled), &j.taken)
	route, err := j.route(it.request, req)
	if err != nil {
		return 0, 0, err
	}
	resp, err := route.RoundTrip(j.exchange, req)
	if err == nil && j.spec.Redirects > 0 && isRedirect(resp) {
		resp, err = j.follow(req, resp)
	}
	if err != nil {
		return 0, 0, err
	}
	defer resp.Body.Close()
	if proto, err = j.version(resp); err != nil {
		return 0, 0, err
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		// What follows is no body, and has no end.
		return resp.StatusCode, proto, nil
	}
	body, excerpt := io.Discard, (*enginekit.Beginning)(nil)
	if j.firsts.Bad(resp.StatusCode) {
		excerpt = &enginekit.Beginning{}
		body = excerpt
	}
	j.received, err = io.Copy(body, io.LimitReader(resp.Body, j.maxBody+1))
	if err == nil && j.received > j.maxBody {
		err = wire.ErrBodyTooLong
	}
	if err == nil && excerpt != nil {
		it.record.Excerpt = excerpt.Excerpt(strings.Join(resp.Header["Content-Encoding"], ", "), j.received)
	}
	return resp.StatusCode, proto, err
}

// route is where a request of the plan leads, which is looked up once.
func (t *standard) route(r *request, req *http.Request) (*conns.Route, error) {
	if route := r.route.Load(); route.Of(t.conns) {
		return route, nil
	}
	route, err := t.conns.Route(req)
	if err == nil {
		r.route.Store(route)
	}
	return route, err
}

// hop begins the next hop. The body of the response before it is closed.
func (j *roundTrip) hop() {
	x, now := j.exchange, j.conns.Now()
	x.Release()
	j.hops++
	j.phases = add(j.phases, j.phasesOf(x, now))
	j.dialed += x.Dialed
	j.exchange = &conns.Exchange{Begin: now}
}

func (j *roundTrip) phasesOf(x *conns.Exchange, end time.Duration) loadgen.Phases {
	t := x.Times()
	return phases(&t, x.Reused, end)
}

// finish stamps the end of the request and takes what the transport told.
//
// A whole response may be there before the transport tells that the request is
// written: then it was, if the transport took all of it and does not say
// otherwise. Of a request whose body it did not take, since the target had answered
// before it asked for it, net/http says that it was written.
func (j *roundTrip) finish(it *iteration, whole, sent bool) {
	now, r, x := it.now(), &it.record, j.exchange
	it.done(now)
	it.handshake = x.Handshake
	r.Phases = add(j.phases, j.phasesOf(x, now))
	r.Reused, r.Dialed = x.Later(), j.dialed+x.Dialed
	if sent {
		r.Dialed += j.conns.Uncounted()
	}
	r.Local, r.Peer = x.Local, x.Peer
	r.Redirects, r.BytesReceived = j.hops, j.received
	written, cutShort := x.Written()
	if size := int64(len(it.request.body)); j.taken.Load() == size && (written || whole && !cutShort) {
		r.BytesSent = size
	}
}

func (t *standard) cancel() {
	t.conns.Cancel()
	t.cut()
}

func (t *standard) close() {
	t.cut()
	t.conns.Close()
}
