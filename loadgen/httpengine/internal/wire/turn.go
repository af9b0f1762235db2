package wire

import (
	"net"
	"os"
	"syscall"
	"time"
)

// turn sends a request over a connection without TLS and waits for the first bytes of the
// response.
//
// Go reads before it waits, and of a request that has only just left that read finds
// nothing. A turn makes it before the request leaves, where it tells whether anything has
// come unasked: the end of the connection, or bytes.
//
// Subtle: RawConn.Read waits for what comes after it has begun, so that without a read at
// its beginning it may wait in vain.
type turn struct {
	raw  syscall.RawConn // nil where there are no turns
	take func(fd uintptr) bool
	now  func() time.Duration

	request, into []byte
	reused        bool

	asked  bool
	stale  bool          // the connection is of no use, and nothing was written
	wrote  time.Duration // when
	sent   int           // bytes of the request
	failed error         // of writing
	n      int           // bytes of the response
	err    error         // of reading; errQuiet if nothing was read
}

func (t *turn) of(nc net.Conn, now func() time.Duration) {
	if tcp, ok := nc.(*net.TCPConn); ok && turns {
		t.raw, _ = tcp.SyscallConn() // which fails of no TCP connection
		t.take, t.now = t.step, now
	}
}

// run takes the turn, if there are any. Its error is that of the wait.
func (t *turn) run(request, into []byte, reused bool) error {
	t.asked, t.stale, t.wrote, t.sent, t.failed, t.n, t.err = false, false, 0, 0, nil, 0, errQuiet
	if t.raw == nil {
		return nil
	}
	t.request, t.into, t.reused = request, into, reused
	err := t.raw.Read(t.take)
	if op, ok := err.(*net.OpError); ok {
		op.Op = "read" // not raw-read
	}
	return err
}

// step reports whether there is nothing to wait for.
func (t *turn) step(fd uintptr) (done bool) {
	t.n, t.err = readNow(fd, t.into)
	came := t.err != errQuiet
	if t.asked {
		return came
	}
	if t.stale = came && t.reused; t.stale {
		return true
	}
	t.asked = true
	t.sent, t.failed = writeNow(fd, t.request)
	t.wrote = t.now()
	return came || t.failed != nil || t.sent < len(t.request)
}

// ask sends the request of an exchange, and reads the first bytes of the response.
func (c *conn) ask(x *Exchange, into []byte) (n int, err error) {
	c.buffer = x.Request.fill(c.buffer, x)
	t := &c.turn
	err = t.run(c.buffer, into, x.Reused)
	if t.stale {
		noteStray(into[:max(0, t.n)])
		return 0, errNeverSent
	}
	if err == nil && t.failed == nil && t.sent < len(c.buffer) {
		n, t.failed = c.Conn.Write(c.buffer[t.sent:])
		t.sent += n
		t.wrote = c.client.now()
	}
	c.failed = c.named("write", t.failed)
	x.Wrote, x.Sent = t.wrote, t.sent == len(c.buffer)
	switch {
	case err != nil:
		return 0, err
	case c.failed != nil && t.sent == 0 && x.Reused && !x.Request.secure && !isTimeout(c.failed):
		return 0, errNeverSent
	case t.err == errQuiet:
		return c.Conn.Read(into)
	}
	return t.n, c.named("read", t.err)
}

// named is the error of a system call as package net would return it.
func (c *conn) named(call string, err error) error {
	number, ok := err.(syscall.Errno)
	if !ok {
		return err
	}
	return &net.OpError{Op: call, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: os.NewSyscallError(call, number)}
}
