package grpcengine

import (
	"context"
	"net"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/allow"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// admitWithin bounds resolving the target's name, before the run.
const admitWithin = 10 * time.Second

// admitted asks the gate about the attack's target.
func (e *engine) admitted(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, admitWithin)
	defer cancel()
	if err := e.setup.Gate.Lookup(ctx, e.target.Host, uint16(e.target.Port)); err != nil {
		return &pace.KeyError{Key: "grpc.target", What: err.Error(), Fix: allow.Fix}
	}
	return nil
}

// admit asks the gate about a connection that was made, before anything is sent.
//
// Subtle: ghz takes no dialer of ours, so a name that by now resolves elsewhere than
// when the run began is dialled and hung up on. No byte is sent.
func (e *engine) admit(conn net.Conn) error {
	if e.setup.Gate.Ajar() {
		return nil
	}
	return e.setup.Gate.Peer(e.target.Host, enginekit.AddrPort(conn.RemoteAddr()))
}
