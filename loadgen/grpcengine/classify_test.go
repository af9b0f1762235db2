package grpcengine

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/allow"
)

// By what it is, whatever its text.
func TestADialsErrorHasAKind(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for kind, faults := range map[loadgen.ErrorKind][]error{
		loadgen.ErrorDNS:         {dial(&net.DNSError{Err: "no such host", Name: "x"}), dial(&net.DNSError{Err: "i/o timeout", IsTimeout: true})},
		loadgen.ErrorRefused:     {dial(os.NewSyscallError("connect", syscall.ECONNREFUSED))},
		loadgen.ErrorUnreachable: {dial(syscall.EHOSTUNREACH), dial(syscall.ENETUNREACH)},
		loadgen.ErrorNoPorts:     {dial(syscall.EADDRNOTAVAIL)},
		loadgen.ErrorNoFiles:     {dial(syscall.EMFILE), dial(syscall.ENFILE)},
		loadgen.ErrorReset:       {syscall.ECONNRESET, syscall.EPIPE},
		loadgen.ErrorClosed:      {io.EOF, io.ErrUnexpectedEOF},
		loadgen.ErrorTimeout:     {dial(os.ErrDeadlineExceeded), net.ErrClosed},
		loadgen.ErrorTLS: {
			&handshakeFault{x509.UnknownAuthorityError{}}, &handshakeFault{io.EOF}, &handshakeFault{errors.New("connection refused")},
			&net.OpError{Op: "remote error", Err: errors.New("bad certificate")},
		},
		loadgen.ErrorNotAllowed: {&allow.Refusal{}},
		loadgen.ErrorProtocol:   {errors.New("connection refused, in words only")},
	} {
		for _, fault := range faults {
			assert.Equal(t, kind, dialKind(fmt.Errorf("connection error: %w", fault)), "%v", fault)
		}
	}
}
