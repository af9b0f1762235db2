package httpengine

import (
	"context"
	"sync"
	"sync/atomic"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// hitter carries out hits on vegeta's workers and gives sink one record for
// each.
type hitter struct {
	*engine
	pacer   *pace.Pacer
	sink    loadgen.Sink
	stop    context.Context // when done, no further request is sent
	next    atomic.Uint64   // number of the next hit
	flights sync.Pool       // of *flight
}

// noMethod is not a method: vegeta makes no request of it.
const noMethod = " "

// hit is a vegeta.Targeter, which a worker calls once for each hit.
//
// Subtle: the hit is carried out here, where vegeta only asks what to send. The
// target that vegeta gets instead cannot be sent, so vegeta ends its own hit
// with an error, as a result that nobody looks at. To let vegeta make a request
// of its own for the transport to replace costs a fifth of the whole hit again:
// docs/adr/0008-transport.md has the figures.
func (h *hitter) hit(t *vegeta.Target) error {
	t.Method = noMethod
	f, _ := h.flights.Get().(*flight)
	if f == nil {
		f = &flight{setup: &h.setup}
	}
	h.begin(f, h.next.Add(1)-1)
	if h.stop.Err() != nil {
		f.record.Outcome, f.record.NotSent = loadgen.NotSent, loadgen.NotSentStopped
	} else {
		f.fly(h.transport, f.now())
	}
	h.sink(&f.record)
	h.pacer.Done()
	h.flights.Put(f)
	return nil
}

// begin makes the record of hit n of the pacer.
func (h *hitter) begin(f *flight, n uint64) {
	hit := h.pacer.Hit(n)
	seq := hit.Number
	f.request = h.requests[seq%uint64(len(h.requests))]
	f.handshake = false
	f.record = loadgen.Record{
		Attack:   h.setup.Index,
		Stage:    hit.Stage,
		Seq:      seq,
		TraceID:  h.setup.Run.TraceID(h.setup.Index, seq),
		SpanID:   h.setup.Run.SpanID(h.setup.Index, seq),
		Open:     hit.Open,
		Intended: hit.Intended,
		Target:   &f.request.target,
	}
	f.record.Unsampled = !h.setup.Sampler.Keeps(f.record.TraceID)
}
