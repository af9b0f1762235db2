package httpengine

import (
	"context"
	"errors"
	"fmt"
	"net/http"

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
	redirects int
}

// transport carries one request at a time for each caller and tells of its
// phases through the request's httptrace.ClientTrace.
type transport interface {
	http.RoundTripper
	CloseIdleConnections()
}

// Open makes the engine of an HTTP attack: it reads the targets, bodies and
// certificates that the attack names. It is a runner.Open. Faults are
// *pace.KeyError values, joined.
func Open(s runner.Setup) (loadgen.Engine, error) {
	spec := s.Attack.HTTP
	if spec == nil {
		return nil, &pace.KeyError{Key: "http", What: "missing", Fix: "say what to attack"}
	}
	requests, errRequests := readRequests(spec, enginekit.Baggage(s))
	tr, errTransport := newTransport(spec)
	if err := errors.Join(errRequests, errTransport); err != nil {
		return nil, err
	}
	return &engine{setup: s, requests: requests, transport: tr, redirects: spec.Redirects}, nil
}

// Run implements loadgen.Engine.
func (e *engine) Run(ctx context.Context, p *pace.Pacer, sink loadgen.Sink) error {
	cut, cancel := enginekit.AfterGrace(ctx, e.setup.Limits.Grace)
	defer cancel()
	trip := &tripper{engine: e, pacer: p, sink: sink, stop: ctx, cut: cut}
	workers, most := e.workers()
	attacker := vegeta.NewAttacker(
		vegeta.Client(&http.Client{Transport: trip}),
		vegeta.Workers(workers),
		vegeta.MaxWorkers(most),
		vegeta.MaxBody(0), // bodies are counted and discarded, not kept
	)
	var hits uint64
	for range attacker.Attack(anyTarget, p, 0, "") {
		hits++
	}
	if given := p.Given(); hits != given {
		return fmt.Errorf("vegeta carried out %d of the %d hits it was given", hits, given)
	}
	return nil
}

// Close implements loadgen.Engine.
func (e *engine) Close() error {
	e.transport.CloseIdleConnections()
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

// anyTarget satisfies vegeta, which wants a target before it makes a request.
// The transport puts the hit's own request in its place.
func anyTarget(t *vegeta.Target) error {
	t.Method, t.URL = http.MethodGet, "http://hit"
	return nil
}
