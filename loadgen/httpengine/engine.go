package httpengine

import (
	"context"
	"errors"
	"fmt"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

type engine struct {
	setup     runner.Setup
	requests  []*request
	transport transport
}

// Open makes the engine of an HTTP attack: it reads the targets, bodies and
// certificates that the attack names. It is a runner.Open. Faults are
// *pace.KeyError values, joined.
func Open(s runner.Setup) (loadgen.Engine, error) { return open(s, newTransport) }

// choose makes the transport of an attack.
type choose func(s *runner.Setup, requests []*request) (transport, error)

func open(s runner.Setup, transport choose) (loadgen.Engine, error) {
	spec := s.Attack.HTTP
	if spec == nil {
		return nil, &pace.KeyError{Key: "http", What: "missing", Fix: "say what to attack"}
	}
	requests, errRequests := readRequests(s.Context(), spec, enginekit.Baggage(s))
	if errRequests == nil {
		errRequests = speaks(spec, requests)
	}
	if errRequests == nil {
		errRequests = admit(s.Gate, spec, requests)
	}
	tr, errTransport := transport(&s, requests)
	if err := errors.Join(errRequests, errTransport); err != nil {
		return nil, err
	}
	return &engine{setup: s, requests: requests, transport: tr}, nil
}

// Run implements loadgen.Engine.
func (e *engine) Run(ctx context.Context, p *pace.Pacer, sink loadgen.Sink) error {
	cut, cancel := enginekit.AfterGrace(ctx, e.setup.Limits.Grace, e.setup.Cancelled)
	defer cancel()
	defer context.AfterFunc(cut, e.transport.cancel)()
	s := &sender{engine: e, pacer: p, sink: sink, stop: ctx}
	workers, most := e.workers()
	attacker := vegeta.NewAttacker(vegeta.Workers(workers), vegeta.MaxWorkers(most))
	var hits uint64
	for range attacker.Attack(s.target, p, 0, "") {
		hits++
	}
	if given := p.Given(); hits != given {
		return fmt.Errorf("vegeta ran %d of the %d requests it was given", hits, given)
	}
	return nil
}

// Close implements loadgen.Engine.
func (e *engine) Close() error {
	e.transport.close()
	return nil
}

// workers is vegeta's first and greatest number of workers. A load that is a
// closed loop throughout needs no more workers than that loop has, and vegeta's
// hand-over then keeps it at that number without the pacer having to wait.
func (e *engine) workers() (first, most uint64) {
	loop := 0
	for _, stage := range e.setup.Attack.Load {
		if stage.Max == nil {
			return uint64(e.setup.Attack.Workers), uint64(e.setup.Attack.MaxWorkers)
		}
		loop = max(loop, stage.Max.Workers)
	}
	return uint64(loop), uint64(loop)
}
