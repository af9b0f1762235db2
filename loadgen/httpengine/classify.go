package httpengine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/conns"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/wire"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
)

// unsent is why a request of which nothing was on the network was not sent.
func unsent(err error) (why loadgen.NotSentReason, ok bool) {
	switch err {
	case wire.ErrConnectionWait:
		return loadgen.NotSentConnectionWait, true
	case wire.ErrCutWaiting:
		return loadgen.NotSentStopped, true
	}
	if not, is := errors.AsType[*conns.NotSent](err); is {
		return not.Reason, true
	}
	return "", false
}

// classify gives the kind of a failed request. handshake tells that the TLS
// handshake failed, which not every error of it says itself.
func classify(err error, handshake bool) loadgen.ErrorKind {
	if kind, ok := byType(err); ok {
		return kind
	}
	kind, ok := enginekit.NetworkKind(err)
	switch {
	case handshake && kind == loadgen.ErrorClosed:
		return loadgen.ErrorTLS
	case ok:
		return kind
	case errors.Is(err, context.Canceled):
		return loadgen.ErrorCancelled
	case handshake:
		return loadgen.ErrorTLS
	}
	return byText(err.Error())
}

// byType finds the errors whose type tells more than what they wrap.
func byType(err error) (loadgen.ErrorKind, bool) {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.kind, true
	}
	if errors.Is(err, wire.ErrBodyTooLong) {
		return loadgen.ErrorBodyTooBig, true
	}
	if is[*wire.ProtocolError](err) || is[*conns.ProtocolError](err) {
		return loadgen.ErrorProtocol, true
	}
	if is[tooManyRedirects](err) {
		return loadgen.ErrorRedirects, true
	}
	if is[*tls.CertificateVerificationError](err) || is[tls.RecordHeaderError](err) || is[tls.AlertError](err) ||
		is[x509.UnknownAuthorityError](err) || is[x509.HostnameError](err) || is[x509.CertificateInvalidError](err) {
		return loadgen.ErrorTLS, true
	}
	return "", false
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// byText knows the errors of net/http that have neither a type nor a value of
// their own.
func byText(text string) loadgen.ErrorKind {
	switch {
	case strings.Contains(text, "server closed idle connection"),
		strings.Contains(text, "http2: client conn"), // of connection: lost, closed, could not be established
		strings.Contains(text, "GOAWAY"):
		return loadgen.ErrorClosed
	case strings.Contains(text, "stream error") && strings.Contains(text, "received from peer"):
		return loadgen.ErrorReset
	case strings.Contains(text, "transport connection broken"),
		strings.Contains(text, "malformed"),
		strings.Contains(text, "chunk"),
		strings.Contains(text, "http2:"),
		strings.Contains(text, "stream error"),
		strings.Contains(text, "connection error"), // of HTTP/2: what the target sent
		strings.Contains(text, "HTTP/1.x"),
		strings.Contains(text, "server response headers exceeded"):
		return loadgen.ErrorProtocol
	case strings.Contains(text, "tls:"), strings.Contains(text, "x509:"):
		return loadgen.ErrorTLS
	}
	return loadgen.ErrorOther
}
