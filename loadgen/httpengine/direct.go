package httpengine

import (
	"context"
	"crypto/tls"
	"errors"
	"sync/atomic"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/wire"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// direct is the transport of HTTP/1.1 on the worker's own goroutine.
type direct struct{ client *wire.Client }

// newDirect makes the transport, and makes each request ready for it.
func newDirect(s *runner.Setup, trust *tls.Config, requests []*request) (*direct, error) {
	return newDirectOver(s, trust, requests, s.Gate.Dial(newDialer(s.Attack.HTTP)))
}

// newDirectOver makes the transport over connections that are opened by d.
func newDirectOver(s *runner.Setup, trust *tls.Config, requests []*request, d dial) (*direct, error) {
	spec := s.Attack.HTTP
	for _, r := range requests {
		if err := r.makeReady(s); err != nil {
			return nil, err
		}
	}
	return &direct{wire.New(wire.Options{
		Clock:       s.Clock,
		Timeout:     spec.Timeout,
		KeepAlive:   keepAlive(spec),
		Idle:        spec.Connections,
		IdleTimeout: idleTimeout,
		Most:        spec.MaxConnections,
		MaxBody:     int64(spec.MaxBody),
		TLS:         trust,
		Excerpt:     new(enginekit.Firsts).Bad,
		Dial:        d,
	})}, nil
}

// ready is a request made ready with either tracestate.
type ready struct{ sampled, unsampled *wire.Request }

func (r *ready) of(sampled bool) *wire.Request {
	if sampled {
		return r.sampled
	}
	return r.unsampled
}

func (r *request) makeReady(s *runner.Setup) (err error) {
	prepare := func(sampled bool) *wire.Request {
		req := r.send(context.Background(), "", s.TraceState(sampled), new(atomic.Int64))
		req.Close = !keepAlive(s.Attack.HTTP)
		made, fault := wire.Prepare(req)
		err = errors.Join(err, fault)
		return made
	}
	r.ready = ready{prepare(true), prepare(false)}
	return err
}

// suits reports whether the direct transport can carry all that an attack asks
// for. HTTP/2, redirects and Expect: 100-continue are net/http's. Whether an
// https target speaks HTTP/2 is only known when it is asked.
func suits(spec *loadgen.HTTP, requests []*request) bool {
	if spec.Redirects > 0 {
		return false
	}
	for _, r := range requests {
		if r.header.Get("Expect") != "" || r.header.Get("Transfer-Encoding") != "" || r.header.Get("Trailer") != "" || r.header.Get("Upgrade") != "" {
			return false
		}
		if spec.Protocol != loadgen.ProtocolHTTP1 && r.url.Scheme == "https" {
			return false
		}
	}
	return !spec.Protocol.Only2()
}

// carry implements transport.
func (d *direct) carry(it *iteration, sent time.Duration) error {
	x, r := &it.exchange, &it.record
	sampled := !it.record.Unsampled
	*x = wire.Exchange{Request: it.request.ready.of(sampled)}
	x.Begin = sent
	enginekit.PutTraceParent(&x.Traceparent, r.TraceID, r.SpanID, sampled)
	err := d.client.Do(x)
	now := it.now()
	it.done(now)
	it.handshake = x.Handshake
	r.Phases = phases(&x.Times, x.Reused, now)
	r.Reused, r.Dialed, r.Local, r.Peer = x.Reused, x.Dialed, x.Local, x.Peer
	r.BytesReceived = x.Received
	if x.Sent {
		r.BytesSent = int64(len(it.request.body))
	}
	if err == nil {
		r.Status, r.Proto = x.Status, x.Proto
		if x.Excerpt != nil {
			r.Excerpt = enginekit.EncodedExcerpt(x.Excerpt, x.Coding, x.Received)
		}
	}
	return err
}

func (d *direct) cancel() { d.client.Cancel() }
func (d *direct) close()  { d.client.Close() }
