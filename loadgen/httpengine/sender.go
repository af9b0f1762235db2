package httpengine

import (
	"context"
	"sync"
	"sync/atomic"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// sender sends requests on vegeta's workers and gives sink one record for each.
type sender struct {
	*engine
	pacer *pace.Pacer
	sink  loadgen.Sink
	stop  context.Context // when done, no further request is sent
	next  atomic.Uint64   // number of the next request
	pool  sync.Pool       // of *iteration
}

// noMethod is not a method: vegeta makes no request of it.
const noMethod = " "

// target is a vegeta.Targeter, which a worker calls once for each request.
//
// Subtle: the request is sent here, where vegeta only asks what to send. The target
// that vegeta gets instead cannot be sent, so vegeta ends its own hit with an error,
// as a result that is not used. To let vegeta make a request of its own for the
// transport to replace costs a fifth of the whole hit again:
// docs/adr/0008-transport.md has the figures.
func (s *sender) target(t *vegeta.Target) error {
	t.Method = noMethod
	it, _ := s.pool.Get().(*iteration)
	if it == nil {
		it = &iteration{setup: &s.setup}
	}
	s.begin(it, s.next.Add(1)-1)
	if s.stop.Err() != nil {
		it.record.Outcome, it.record.NotSent = loadgen.NotSent, loadgen.NotSentStopped
	} else {
		it.send(s.transport, it.now())
	}
	s.sink(&it.record)
	s.pacer.Done()
	s.pool.Put(it)
	return nil
}

// begin makes the record of iteration n of the pacer.
func (s *sender) begin(it *iteration, n uint64) {
	planned := s.pacer.Iteration(n)
	seq := planned.Number
	it.request = s.requests[seq%uint64(len(s.requests))]
	it.handshake = false
	it.record = loadgen.Record{
		Attack:   s.setup.Index,
		Stage:    planned.Stage,
		Seq:      seq,
		TraceID:  s.setup.Run.TraceID(s.setup.Index, seq),
		SpanID:   s.setup.Run.SpanID(s.setup.Index, seq),
		Open:     planned.Open,
		Intended: planned.Intended,
		Target:   &it.request.target,
	}
	it.record.Unsampled = !s.setup.Sampler.Keeps(it.record.TraceID)
}
