package enginekit

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/allow"
)

// causes are the errors that name their kind, the most telling first.
var causes = []struct {
	err  error
	kind loadgen.ErrorKind
}{
	{syscall.EMFILE, loadgen.ErrorNoFiles},
	{syscall.ENFILE, loadgen.ErrorNoFiles},
	{syscall.EADDRNOTAVAIL, loadgen.ErrorNoPorts},
	{syscall.ECONNREFUSED, loadgen.ErrorRefused},
	{syscall.EHOSTUNREACH, loadgen.ErrorUnreachable},
	{syscall.ENETUNREACH, loadgen.ErrorUnreachable},
	{syscall.ECONNRESET, loadgen.ErrorReset},
	{syscall.EPIPE, loadgen.ErrorReset},
	{context.DeadlineExceeded, loadgen.ErrorTimeout},
	{os.ErrDeadlineExceeded, loadgen.ErrorTimeout},
	{io.EOF, loadgen.ErrorClosed},
	{io.ErrUnexpectedEOF, loadgen.ErrorClosed},
}

// NetworkKind is the kind of an error of the operating system, the resolver, the gate or
// a deadline, whatever the protocol. ok is false if it is none of them.
func NetworkKind(err error) (kind loadgen.ErrorKind, ok bool) {
	if _, is := errors.AsType[*allow.Refusal](err); is {
		return loadgen.ErrorNotAllowed, true
	}
	if _, is := errors.AsType[*net.DNSError](err); is {
		return loadgen.ErrorDNS, true
	}
	for _, c := range causes {
		if errors.Is(err, c.err) {
			return c.kind, true
		}
	}
	if t, is := errors.AsType[net.Error](err); is && t.Timeout() {
		return loadgen.ErrorTimeout, true
	}
	return "", false
}
