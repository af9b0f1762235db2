package wire

import (
	"crypto/tls"
	"net"
	"os"
	"syscall"
)

// look finds whether anything has come over an idle connection: its end, or what
// nobody asked for. It does not wait, and makes no garbage: it is asked before each
// use of a connection.
//
// TLS is given it as the connection below. So what a look takes from the network is
// TLS's all the same, which may have messages of its own there, and may hold more than
// it has handed out.
type look struct {
	net.Conn
	raw  syscall.RawConn // nil if the connection is not looked at
	over *tls.Conn       // or nil
	take func(fd uintptr)

	now  bool // Read does not wait
	into []byte
	n    int
	err  error
	some [strayBytes]byte
}

// errQuiet says that nothing has come. To TLS it is an error that passes.
var errQuiet = os.ErrDeadlineExceeded

func newLook(nc net.Conn) *look {
	l := &look{Conn: nc}
	if tcp, ok := nc.(*net.TCPConn); ok {
		l.raw, _ = tcp.SyscallConn() // which fails of no TCP connection
		l.take = func(fd uintptr) { l.n, l.err = readNow(fd, l.into) }
	}
	return l
}

// Read implements net.Conn, for TLS.
func (l *look) Read(b []byte) (int, error) {
	if !l.now {
		return l.Conn.Read(b)
	}
	l.into = b
	if err := l.raw.Control(l.take); err != nil {
		return 0, err
	}
	return l.n, l.err
}

// stale reports whether the idle connection is of no more use.
func (l *look) stale() bool {
	if l.raw == nil {
		return false
	}
	var n int
	var err error
	l.now = true
	if l.over != nil {
		n, err = l.over.Read(l.some[:])
	} else {
		n, err = l.Read(l.some[:])
	}
	l.now = false
	noteStray(l.some[:n])
	return err != errQuiet
}
