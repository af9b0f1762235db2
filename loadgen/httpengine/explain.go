package httpengine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/conns"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/wire"
)

// version is the version of HTTP of a response.
func (j *roundTrip) version(resp *http.Response) (uint8, error) {
	if !j.exchange.HTTP1() {
		if code, _, _ := strings.Cut(resp.Status, " "); len(code) != 3 || resp.StatusCode < 100 || code[0] == '+' {
			return 0, &wire.ProtocolError{What: fmt.Sprintf("status %q", code)} // any number passes with net/http
		}
		return uint8(resp.ProtoMajor*10 + resp.ProtoMinor), nil
	}
	return checked(resp)
}

// cause is why a request failed. Of one that was redirected, something was sent.
func (j *roundTrip) cause(ctx context.Context, err error) error {
	not, unsent := errors.AsType[*conns.NotSent](err)
	switch {
	case unsent && j.hops > 0:
		return not.Unwrap()
	case unsent:
		return not
	case j.base.Err() != nil:
		return j.base.Err()
	case ctx.Err() != nil:
		return ctx.Err()
	}
	begun := j.exchange.Times().First != 0
	switch own := explained(err); {
	case own != nil:
		return own
	case j.exchange.HTTP1():
		return explain(err, j.exchange.Ended(), begun)
	case j.exchange.HTTP2():
		return explainHTTP2(err, j.exchange.Ended(), j.exchange.GoAway(), begun)
	}
	return err
}

// checked is the version of HTTP of a response over HTTP/1, after a look at what
// net/http lets pass, and the direct transport does not.
func checked(resp *http.Response) (proto uint8, err error) {
	if resp.ProtoMajor != 1 || resp.StatusCode < 100 {
		return 0, &wire.ProtocolError{What: fmt.Sprintf("status line %q", resp.Proto+" "+resp.Status)}
	}
	for name := range resp.Header {
		if strings.HasSuffix(name, " ") && wire.Frames(name) {
			return 0, &wire.ProtocolError{What: fmt.Sprintf("header %q", name)}
		}
	}
	return uint8(10 + min(resp.ProtoMinor, 1)), nil
}

// explained is the part of an error that is in our own words, if there is one.
func explained(err error) error {
	if err == wire.ErrBodyTooLong {
		return err
	}
	if own, ok := errors.AsType[*wire.ProtocolError](err); ok {
		return own
	}
	if own, ok := errors.AsType[*conns.ProtocolError](err); ok {
		return own
	}
	if own, ok := errors.AsType[tooManyRedirects](err); ok {
		return own
	}
	return nil
}

// explain is why a request failed over HTTP/1: how its connection ended, if the target
// ended it, goes before how net/http put it. If a response had begun, what is neither
// that nor of the network is a fault of the response.
func explain(err, end error, begun bool) error {
	switch {
	case end != nil:
		return broken(end, begun)
	case begun && !is[net.Error](err):
		return &wire.ProtocolError{What: err.Error()}
	}
	return err
}

// broken puts into words how a connection ended, nil being that it was closed.
func broken(end error, begun bool) error {
	as := io.EOF
	if begun {
		as = io.ErrUnexpectedEOF
	}
	if end == nil {
		end = as
	}
	return wire.Closed(end, as)
}
