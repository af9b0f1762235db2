package grpcengine

import (
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/loadtrace/loadtrace/loadgen"
)

// gRPC turns the error of a connection into a status, of which only the text
// says more. words are what such texts hold, the most telling first.
var words = []struct {
	text string
	kind loadgen.ErrorKind
}{
	{"allowed_targets", loadgen.ErrorNotAllowed},
	{"connection refused", loadgen.ErrorRefused},
	{"too many open files", loadgen.ErrorNoFiles},
	{"cannot assign requested address", loadgen.ErrorNoPorts},
	{"no such host", loadgen.ErrorDNS},
	{"dial tcp: lookup", loadgen.ErrorDNS},
	{"no route to host", loadgen.ErrorUnreachable},
	{"network is unreachable", loadgen.ErrorUnreachable},
	{"authentication handshake failed", loadgen.ErrorTLS},
	{"tls:", loadgen.ErrorTLS},
	{"x509:", loadgen.ErrorTLS},
	{"message larger than max", loadgen.ErrorBodyTooBig},
	{"connection reset by peer", loadgen.ErrorReset},
	{"broken pipe", loadgen.ErrorReset},
	{"i/o timeout", loadgen.ErrorTimeout},
	{"deadline exceeded", loadgen.ErrorTimeout},
	{"keepalive ping failed", loadgen.ErrorTimeout},
	{"HTTP/1", loadgen.ErrorProtocol},
	{"server preface", loadgen.ErrorProtocol},
	{"unexpected HTTP status", loadgen.ErrorProtocol},
	{"unexpected content-type", loadgen.ErrorProtocol},
	{"malformed", loadgen.ErrorProtocol},
	{"without sending trailers", loadgen.ErrorProtocol},
	{"connection error: desc = \"error reading server preface", loadgen.ErrorProtocol},
	{"error reading from server", loadgen.ErrorClosed},
	{"transport is closing", loadgen.ErrorClosed},
	{"connection is closing", loadgen.ErrorClosed},
	{"the connection is draining", loadgen.ErrorClosed},
	{"closing transport", loadgen.ErrorClosed},
	{"GoAway", loadgen.ErrorClosed},
	{"EOF", loadgen.ErrorClosed},
	{"stream terminated by RST_STREAM", loadgen.ErrorReset},
	{"grpc: ", loadgen.ErrorProtocol},
}

// classify gives the kind of a failed call.
func classify(code codes.Code, text string) loadgen.ErrorKind {
	for _, w := range words {
		if strings.Contains(text, w.text) {
			return w.kind
		}
	}
	switch code {
	case codes.DeadlineExceeded:
		return loadgen.ErrorTimeout
	case codes.Canceled:
		return loadgen.ErrorClosed
	}
	return loadgen.ErrorOther
}

// own are the beginnings of the texts of statuses that gRPC makes on our side
// of a connection on which the target has answered something.
var own = map[codes.Code][]string{
	codes.Canceled:          {"context canceled", "grpc: "},
	codes.Unavailable:       {"error reading from server", "transport is closing", "connection error", "closing transport", "the connection is draining", "keepalive ping failed", "stream terminated by RST_STREAM"},
	codes.Internal:          {"stream terminated by RST_STREAM", "server closed the stream without sending trailers", "unexpected HTTP status", "malformed", "grpc: ", "transport: ", "peer header list size", "unexpected EOF"},
	codes.Unknown:           {"unexpected HTTP status", "malformed", "transport: ", "unexpected content-type", "received the unexpected content-type"},
	codes.ResourceExhausted: {"grpc: trying to send message", "stream terminated by RST_STREAM"},
	codes.DeadlineExceeded:  {"stream terminated by RST_STREAM"},
}

var limit = strconv.Itoa(maxMessage)

// ours reports whether a status was made on our side, not by the target.
func ours(code codes.Code, text string) bool {
	// The target says the same of a message that is too large for it, but with a
	// limit of its own.
	if strings.HasPrefix(text, "grpc: received message") {
		return strings.Contains(text, limit)
	}
	for _, begin := range own[code] {
		if strings.HasPrefix(text, begin) {
			return true
		}
	}
	return false
}
