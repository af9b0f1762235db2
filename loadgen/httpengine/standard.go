package httpengine

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/wire"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// standard is the transport of net/http.
type standard struct {
	http    *http.Transport
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
	t.http = &http.Transport{
		DialContext:         dialOf(spec, d),
		TLSClientConfig:     trust,
		TLSHandshakeTimeout: spec.Timeout,
		Protocols:           protocols(spec.Protocol),
		MaxIdleConnsPerHost: spec.Connections,
		MaxConnsPerHost:     spec.MaxConnections,
		IdleConnTimeout:     idleTimeout,
		DisableKeepAlives:   !keepAlive(spec),
		DisableCompression:  true, // bytes are counted as they are on the wire
		// Bounds of heads and trailers are those of the direct transport.
		MaxResponseHeaderBytes: wire.MaxHead,
		ReadBufferSize:         wire.MaxTrailer,
		ExpectContinueTimeout:  time.Second,
	}
	return t
}

func protocols(p loadgen.Protocol) *http.Protocols {
	var set http.Protocols
	set.SetHTTP1(p == loadgen.ProtocolHTTP1 || p == loadgen.ProtocolAuto || p == "")
	set.SetHTTP2(p == loadgen.ProtocolHTTP2 || p == loadgen.ProtocolAuto || p == "")
	set.SetUnencryptedHTTP2(p == loadgen.ProtocolH2C)
	return &set
}

// journey is one request that net/http carries, over all its hops.
type journey struct {
	*standard
	stamps   stamps
	phases   loadgen.Phases // of the hops before the last
	hops     int            // redirects followed
	taken    atomic.Int64   // bytes of the last hop's body that the transport took
	received int64
}

// carry implements transport.
func (t *standard) carry(f *flight, sent time.Duration) error {
	j := &journey{standard: t}
	j.stamps.clock = f.setup.Clock
	j.stamps.at.Begin = sent
	ctx, cancel := context.WithDeadline(t.base, f.setup.Clock.Add(sent+t.spec.Timeout))
	defer cancel()
	j.stamps.run, j.stamps.ctx, j.stamps.cancel = t.base, ctx, cancel
	status, proto, err := j.travel(ctx, f)
	if err != nil {
		err = j.cause(err)
	}
	f.handshake = j.land(f, err == nil)
	if err == nil {
		f.record.Status, f.record.Proto = status, proto
	}
	return err
}

// travel sends the request and reads the response to its end.
func (j *journey) travel(ctx context.Context, f *flight) (status int, proto uint8, err error) {
	ctx = httptrace.WithClientTrace(context.WithValue(ctx, stampsKey{}, &j.stamps), j.stamps.hooks())
	var parent [enginekit.TraceParentLen]byte
	sampled := !f.record.Unsampled
	enginekit.PutTraceParent(&parent, f.record.TraceID, f.record.SpanID, sampled)
	req := f.request.send(ctx, string(parent[:]), f.setup.TraceState(sampled), &j.taken)
	resp, err := j.http.RoundTrip(req)
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
	body, excerpt := io.Discard, (*enginekit.Beginning)(nil)
	if j.firsts.Bad(resp.StatusCode) {
		excerpt = &enginekit.Beginning{}
		body = excerpt
	}
	if resp.StatusCode != http.StatusSwitchingProtocols { // whose body is the connection itself, and knows no timeout
		j.received, err = io.Copy(body, io.LimitReader(resp.Body, j.maxBody+1))
	}
	if err == nil && j.received > j.maxBody {
		err = wire.ErrBodyTooLong
	}
	if err == nil && excerpt != nil {
		f.record.Excerpt = excerpt.Excerpt()
	}
	return resp.StatusCode, proto, err
}

// land stamps the end of the request and takes what the transport told. It
// reports whether the TLS handshake failed.
//
// A whole response may be there before the transport tells that the request is
// written: then it was, if the transport took all of it and does not say
// otherwise.
func (j *journey) land(f *flight, whole bool) (handshake bool) {
	now, r := f.now(), &f.record
	last, link, handshake := j.stamps.end(now)
	f.done(now)
	r.Phases = add(j.phases, last)
	r.Reused, r.Dialed = link.reused, link.dialed
	r.Local, r.Peer = link.local, link.peer
	r.Redirects, r.BytesReceived = j.hops, j.received
	if size := int64(len(f.request.body)); link.written || whole && !link.cutShort && j.taken.Load() == size {
		r.BytesSent = size
	}
	return handshake
}

func (t *standard) sever() { t.cut() }

func (t *standard) close() {
	t.cut()
	t.http.CloseIdleConnections()
}
