package enginekit

import (
	"context"
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

func TestErrorsOfTheNetworkHaveOneKindWhateverTheProtocol(t *testing.T) {
	within := func(op string, err error) error { return &net.OpError{Op: op, Net: "tcp", Err: err} }
	for _, c := range []struct {
		err  error
		kind loadgen.ErrorKind
	}{
		{within("dial", os.NewSyscallError("connect", syscall.ECONNREFUSED)), loadgen.ErrorRefused},
		{within("dial", os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)), loadgen.ErrorNoPorts},
		{within("dial", os.NewSyscallError("socket", syscall.EMFILE)), loadgen.ErrorNoFiles},
		{within("dial", os.NewSyscallError("socket", syscall.ENFILE)), loadgen.ErrorNoFiles},
		{within("dial", os.NewSyscallError("connect", syscall.EHOSTUNREACH)), loadgen.ErrorUnreachable},
		{within("dial", os.NewSyscallError("connect", syscall.ENETUNREACH)), loadgen.ErrorUnreachable},
		{within("dial", &net.DNSError{Err: "no such host", Name: "nowhere.test", IsNotFound: true}), loadgen.ErrorDNS},
		{within("dial", &net.DNSError{Err: "i/o timeout", Name: "nowhere.test", IsTimeout: true}), loadgen.ErrorDNS},
		{within("dial", &allow.Refusal{}), loadgen.ErrorNotAllowed},
		{within("dial", os.ErrDeadlineExceeded), loadgen.ErrorTimeout},
		{within("read", os.NewSyscallError("read", syscall.ECONNRESET)), loadgen.ErrorReset},
		{within("read", os.NewSyscallError("read", syscall.ETIMEDOUT)), loadgen.ErrorTimeout},
		{within("write", os.NewSyscallError("write", syscall.EPIPE)), loadgen.ErrorReset},
		{fmt.Errorf("get: %w", context.DeadlineExceeded), loadgen.ErrorTimeout},
		{fmt.Errorf("the target closed the connection: %w", io.EOF), loadgen.ErrorClosed},
		{io.ErrUnexpectedEOF, loadgen.ErrorClosed},
		{errors.Join(errors.New("first"), syscall.ECONNREFUSED), loadgen.ErrorRefused},
		{errors.New("EOF"), ""},
		{context.Canceled, ""},
	} {
		kind, ok := NetworkKind(c.err)
		assert.Equal(t, c.kind, kind, "%v", c.err)
		assert.Equal(t, c.kind != "", ok)
	}
}
