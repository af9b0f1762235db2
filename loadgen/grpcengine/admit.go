package grpcengine

import (
	"context"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/allow"
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
