package grpcengine

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
)

// alertConn is a secured connection whose failed writes tell why the target hung
// up, if it said so.
//
// Subtle: in TLS 1.3 our side of the handshake is over before the target has
// looked at our certificate. When it refuses that, it sends an alert and closes
// the connection, while gRPC writes the first frames. The write that then fails
// says no more than "broken pipe", and gRPC reports whichever of write and read
// failed first. The alert was received before the close, and can be read still
// (of Linux that is certain; elsewhere a reset may discard it). Once the target
// has sent data it has taken the certificate, and all of what it sends belongs
// to gRPC's reader.
type alertConn struct {
	net.Conn
	responded atomic.Bool // data of the target were read
	mu        sync.Mutex  // guards reading until then
}

// Read implements net.Conn.
func (h *alertConn) Read(p []byte) (int, error) {
	if h.responded.Load() {
		return h.Conn.Read(p)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	n, err := h.Conn.Read(p)
	if n > 0 {
		h.responded.Store(true)
	}
	return n, err
}

// Write implements net.Conn.
func (h *alertConn) Write(p []byte) (int, error) {
	n, err := h.Conn.Write(p)
	if err == nil || h.responded.Load() {
		return n, err
	}
	// A connection that cannot be written to any more does not keep a reader waiting.
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.responded.Load() {
		return n, err
	}
	if _, again := h.Conn.Read(make([]byte, 1)); isAlert(again) {
		err = again
	}
	return n, err
}

// isAlert reports whether an error is an alert of the other side, for which
// crypto/tls has no type but the name of the operation.
func isAlert(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "remote error"
}
