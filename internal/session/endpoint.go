package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/internal/session/otlpresponse"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// causesLimit bounds the causes that are kept of an endpoint.
const causesLimit = 20

// endpoint remembers why the exporters of --otlp could not deliver. The sending queue and the
// join retry and count, and the error is gone by the time that something is lost.
type endpoint struct {
	mu       sync.Mutex // guards all below
	last     error      // of those that say most
	causes   []string   // of all errors, once each, at most causesLimit
	rejected rejected
}

func (e *endpoint) observe(err error) error {
	if err == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.last == nil || worth(err) >= worth(e.last) {
		e.last = err
	}
	if words := textOf(causeOf(err)); len(e.causes) < causesLimit && !slices.Contains(e.causes, words) {
		e.causes = append(e.causes, words)
	}
	return err
}

// worth is how much an error says of why an endpoint does not take telemetry. That the
// connection was gone while it was written to says less than what was read from it, and
// both may come of one fault.
func worth(err error) int {
	switch {
	case givenUp(err):
		return 0
	case hungUp(err), spokeFirst(err):
		return 1
	}
	return 2
}

// spokeFirst reports whether a server sent something before it was asked, as one of HTTP/2
// does. net/http's own words for that are "readLoopPeekFailLocked: %!w(<nil>)".
func spokeFirst(err error) bool { return strings.Contains(err.Error(), "readLoopPeekFailLocked") }

func hungUp(err error) bool {
	return slices.ContainsFunc([]error{syscall.EPIPE, syscall.ECONNRESET, net.ErrClosed, io.EOF, io.ErrUnexpectedEOF}, func(gone error) bool { return errors.Is(err, gone) })
}

// givenUp reports whether an error says no more than that somebody stopped waiting.
func givenUp(err error) bool {
	code := status.Code(err)
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		code == codes.Canceled || code == codes.DeadlineExceeded
}

// causeOf an error of a delivery is what is within the words that the exporter puts around
// it.
func causeOf(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	if s, ok := statusOf(err); ok {
		return s.Err()
	}
	return err
}

// statusOf is the gRPC status within an error, which that of an answer over HTTP is too:
// status.FromError would take the words of what is around it for its message.
func statusOf(err error) (*status.Status, bool) {
	s, ok := errors.AsType[interface {
		error
		GRPCStatus() *status.Status
	}](err)
	if !ok {
		return nil, false
	}
	return s.GRPCStatus(), true
}

// explain adds to a summary why telemetry was lost, where the endpoint did not take it. It
// returns the words of all causes, or none.
func (e *endpoint) explain(address string, sum *summary.Summary) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := &sum.Telemetry
	if address == "" || e.last == nil || sum.RunID == "" || t.SpansDropped+t.LogsDropped+t.MetricsDropped == 0 {
		return nil
	}
	cause := causeOf(e.last)
	fault := fmt.Sprintf("the endpoint of --otlp, %s, did not take all telemetry: %s; %s", loadgen.RedactURL(address), messageOf(cause), hint(address, cause))
	sum.Faults = slices.Insert(slices.Clone(sum.Faults), 0, fault)
	sum.Verdict.Doubt(fault)
	// The cause goes before what follows from it.
	reasons := sum.Verdict.Reasons
	sum.Verdict.Reasons = append([]string{fault}, reasons[:len(reasons)-1]...)
	return e.causes
}

// messageOf an error of a delivery.
func messageOf(err error) string {
	if givenUp(err) {
		return "it did not answer in time"
	}
	if spokeFirst(err) {
		return "it sent something before it was asked"
	}
	return strings.TrimPrefix(strings.TrimPrefix(textOf(err), "error exporting items, "), "Permanent error: ")
}

// textOf an error, of a gRPC status its message, which the endpoint wrote.
func textOf(err error) string {
	if s, ok := statusOf(err); ok {
		return plaintext.Line(s.Message())
	}
	return plaintext.Line(err.Error())
}

// hint is what to do about an error of a delivery to an endpoint, as far as the error
// says. The libraries have no types for most of them.
func hint(address string, err error) string {
	scheme, rest, _ := strings.Cut(address, "://")
	u, parsed := url.Parse(address)
	if parsed == nil {
		rest = u.Host // the others take no path
	}
	text := err.Error()
	says := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	overHTTP := scheme == "http" || scheme == "https"
	s, _ := statusOf(err)
	switch {
	case givenUp(err):
		return "check what holds it up, send it less (sampling: 0.1), or allow more time (--flush-timeout)"
	case says("looked like an HTTP/1.1 header", "unexpected content-type"):
		return "it speaks HTTP there, not gRPC: write " + map[string]string{"grpc": "http://", "grpcs": "https://"}[scheme] + rest
	case overHTTP && says(`malformed HTTP response "\x00`, `malformed HTTP status code "\x00`):
		return "it speaks gRPC there: write grpc://" + rest
	case scheme == "http" && says(`malformed HTTP response "\x15`, "HTTP request to an HTTPS server"):
		return "it speaks TLS there: write https://" + rest
	case says("server gave HTTP response to HTTPS client", "first record does not look like a TLS handshake"):
		return "it speaks no TLS there: write " + strings.TrimSuffix(scheme, "s") + "://" + rest
	case says(otlpresponse.NoOTLP):
		return "check the host, the port and the path: /v1/traces, /v1/metrics and /v1/logs are put behind it"
	case says("x509: "):
		return "its certificate is not trusted here: name its authority with the environment variable SSL_CERT_FILE"
	case scheme == "grpc" && says("error reading server preface"):
		return "check that it takes OTLP over gRPC there, and whether it wants TLS (grpcs://)"
	case s.Code() == codes.Unauthenticated, s.Code() == codes.PermissionDenied:
		return "it denied access: check the token or tenant in --otlp-header"
	case s.Code() == codes.Unimplemented && overHTTP:
		return "check the path: /v1/traces, /v1/metrics and /v1/logs are put behind it; leave out a signal that it does not take with --otlp-signals"
	case s.Code() == codes.Unimplemented:
		return "leave out a signal that it does not take with --otlp-signals"
	case s.Code() == codes.ResourceExhausted:
		return "it takes no more: send it less (sampling: 0.1)"
	case scheme == "http" && says("HTTP Status Code 400"):
		return "check that it takes OTLP there, and whether it wants TLS: https://" + rest
	case overHTTP && (hungUp(err) || spokeFirst(err)):
		return "check that it takes OTLP over HTTP there; if it speaks gRPC, write grpc://" + rest
	}
	return "check that it listens there and takes OTLP"
}
