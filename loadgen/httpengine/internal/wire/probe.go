package wire

import (
	"crypto/tls"
	"net"
	"os"
	"syscall"
)

// probe checks whether anything has come over an idle connection: its end, or an
// unsolicited response. It does not block or allocate: it runs before each use of a
// connection.
//
// TLS is given it as the connection below. So what a probe takes from the network is
// TLS's all the same, which may have messages of its own there, and may hold more than
// it has handed out.
type probe struct {
	net.Conn
	raw  syscall.RawConn // nil if the connection is not probed
	over *tls.Conn       // or nil
	take func(fd uintptr)

	now  bool // Read does not wait
	into []byte
	n    int
	err  error
	some [strayBytes]byte
}

// errQuiet reports that nothing has come. To TLS it is an error that passes.
var errQuiet = os.ErrDeadlineExceeded

func newProbe(nc net.Conn) *probe {
	p := &probe{Conn: nc}
	if tcp, ok := nc.(*net.TCPConn); ok {
		p.raw, _ = tcp.SyscallConn() // which fails of no TCP connection
		p.take = func(fd uintptr) { p.n, p.err = readNow(fd, p.into) }
	}
	return p
}

// Read implements net.Conn, for TLS.
func (p *probe) Read(b []byte) (int, error) {
	if !p.now {
		return p.Conn.Read(b)
	}
	p.into = b
	if err := p.raw.Control(p.take); err != nil {
		return 0, err
	}
	return p.n, p.err
}

// stale reports whether the idle connection is of no more use.
func (p *probe) stale() bool {
	if p.raw == nil {
		return false
	}
	var n int
	var err error
	p.now = true
	if p.over != nil {
		n, err = p.over.Read(p.some[:])
	} else {
		n, err = p.Read(p.some[:])
	}
	p.now = false
	noteStray(p.some[:n])
	return err != errQuiet
}
