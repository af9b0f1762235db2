package loadgen

import (
	"context"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// Engine sends the requests of one attack over one protocol.
//
// Run asks p for requests until it says stop, sends one request for each, and
// gives sink exactly one Record for each request that p gave out. It calls p.Done
// when a request has ended and returns when all have. When ctx is cancelled, no
// further request is sent, those under way get the plan's grace and are then
// cut off (Failed, ErrorCancelled), and Run returns within a second of that
// grace. An error means that the engine itself cannot go on; failed requests
// are no error.
//
// Run may be called once. Close releases connections and may be called after
// Run has returned, or without it.
type Engine interface {
	Run(ctx context.Context, p *pace.Pacer, sink Sink) error
	Close() error
}

// Sink takes a record. Engines call it from many goroutines at once; it must
// not block, since it runs between two requests of the attack, and must not keep
// the record after it has returned.
type Sink func(*Record)
