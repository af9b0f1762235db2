package grpcengine

import (
	"errors"
	"net"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
)

// causeKind is the kind of a connection's error, if that has one.
func causeKind(err error) (loadgen.ErrorKind, bool) {
	switch {
	case err == nil:
		return "", false
	case isAlert(err):
		return loadgen.ErrorTLS, true
	}
	return enginekit.NetworkKind(err)
}

// dialKind is the kind of a dial's error.
func dialKind(err error) loadgen.ErrorKind {
	kind, ok := causeKind(err)
	switch {
	case is[*handshakeFault](err) && (!ok || kind == loadgen.ErrorClosed):
		return loadgen.ErrorTLS
	case ok:
		return kind
	case errors.Is(err, net.ErrClosed):
		return loadgen.ErrorTimeout // gRPC closes a connection whose dial takes too long
	}
	return loadgen.ErrorProtocol // the target took the connection, and spoke something else
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// words are what gRPC says in a status of its own of a stream, where nothing else
// tells its kind.
var words = []struct {
	text string
	kind loadgen.ErrorKind
}{
	{"stream terminated by RST_STREAM", loadgen.ErrorReset},
	{"keepalive ping failed", loadgen.ErrorTimeout},
	{"message larger than max", loadgen.ErrorBodyTooBig},
	{"message after decompression larger than max", loadgen.ErrorBodyTooBig},
}

// kindOfText is the kind that such a status names.
func kindOfText(text string) (loadgen.ErrorKind, bool) {
	for _, w := range words {
		if strings.Contains(text, w.text) {
			return w.kind, true
		}
	}
	return "", false
}

// supposed is the kind of a status that gRPC made up, when nothing more is known
// than the status itself.
func supposed(code codes.Code, text string) loadgen.ErrorKind {
	switch {
	case strings.Contains(text, "error reading from server"), // though the connection did not break
		strings.Contains(text, "unexpected HTTP status"),
		strings.Contains(text, "malformed"):
		return loadgen.ErrorProtocol
	case strings.Contains(text, "header list size to send"): // by us, so that it was not sent
		return loadgen.ErrorOther
	case code == codes.DeadlineExceeded:
		return loadgen.ErrorTimeout
	case code == codes.Canceled, code == codes.Unavailable:
		return loadgen.ErrorClosed
	}
	return loadgen.ErrorProtocol
}
