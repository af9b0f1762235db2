package httpengine

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/wire"
)

// guard keeps net/http from sending a request twice. On a kept connection that
// breaks before a response, net/http sends requests that it takes for idempotent
// again. A measurement must not: the target would see two where there is one
// record. Its fields are guarded by the mutex of the stamps.
//
// Subtle: net/http asks nobody before it tries again, but it reports that it looks
// for a connection. Then the request's context is cancelled, none is dialled for it,
// and should it get a kept one before net/http sees that, nothing can be written to
// that.
type guard struct {
	run     context.Context // ends when the run is cut off
	ctx     context.Context // of the request, within run
	cancel  context.CancelFunc
	conn    net.Conn // in use, if HTTP/1 is spoken on it
	tap     *tap     // of conn
	before  int64    // what the tap had written when the connection was had
	refused bool     // a second sending was refused
}

// over is why the request has ended, by its timeout or a cut of the run, nil if it
// has not. Such a cut reaches requests one after another: what one gives back then,
// another must not take up.
func (g *guard) over() error {
	if err := g.run.Err(); err != nil {
		return err
	}
	return g.ctx.Err()
}

// refuse reports whether the request has been written, in part at least, so that
// it must not be sent again.
func (g *guard) refuse() bool {
	if g.tap == nil || g.tap.wrote.Load() == g.before {
		return false
	}
	g.refused = true
	g.cancel()
	return true
}

// enter is called when a connection was had. It reports whether nothing may be
// written to it.
func (g *guard) enter(c net.Conn) (barred bool) {
	tap := tapOf(c)
	if g.refused || g.over() != nil {
		if tap != nil {
			tap.barred.Store(true)
		}
		return true
	}
	g.conn, g.tap = c, tap
	if tap != nil {
		g.before = tap.wrote.Load()
	}
	return false
}

// leave is called when another connection is looked for, on behalf of the same
// request or of its next hop.
func (g *guard) leave() { g.conn, g.tap = nil, nil }

// dialOf is how net/http's transport dials: watched, unless it only speaks HTTP/2.
func dialOf(spec *loadgen.HTTP, d dial) dial {
	if spec.Protocol == loadgen.ProtocolHTTP2 || spec.Protocol == loadgen.ProtocolH2C {
		return d
	}
	return tapped(d)
}

// version is the version of HTTP of a response.
func (j *journey) version(resp *http.Response) (uint8, error) {
	if !j.stamps.speaksHTTP1() {
		return uint8(resp.ProtoMajor*10 + resp.ProtoMinor), nil
	}
	return checked(resp)
}

// cause is why a request failed.
func (j *journey) cause(err error) error {
	s := &j.stamps
	s.mu.Lock()
	defer s.mu.Unlock()
	over := s.over()
	waited := !s.attempted && j.spec.MaxConnections > 0
	switch {
	case s.refused:
		return broken(s.tap.end(s.conn), s.at.First != 0)
	case waited && errors.Is(over, context.DeadlineExceeded):
		return wire.ErrConnectionWait
	case waited && over != nil:
		return wire.ErrCutWaiting
	case over != nil:
		return over
	case s.tap == nil || explained(err):
		return err
	}
	return explain(err, s.tap.end(s.conn), s.at.First != 0)
}

// ended reports whether nothing more is to be done for the request.
func (s *stamps) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused || s.over() != nil
}

func (s *stamps) speaksHTTP1() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tap != nil
}
