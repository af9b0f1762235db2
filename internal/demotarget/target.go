package demotarget

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/loadtrace/loadtrace/internal/demotarget/server"
	"github.com/loadtrace/loadtrace/internal/demotarget/telemetry"
	"github.com/loadtrace/loadtrace/internal/demotarget/token"
)

// demoKey digests tokens. It is no secret: nor are the demo tokens.
var demoKey = token.Key("loadtrace demo key")

// What an orderly stop may take: together less than three seconds.
const (
	requestGrace = 1500 * time.Millisecond // for requests under way
	storeGrace   = 200 * time.Millisecond  // for lookups that nobody waits for any more
	flushGrace   = 1000 * time.Millisecond // for queued telemetry
)

// Addresses are where a running demo service listens, as host:port.
type Addresses struct {
	HTTP   string `json:"http"`
	GRPC   string `json:"grpc"`
	Store  string `json:"store"`
	Policy string `json:"policy"`
}

// wired is a server that Serve runs on a listener until Stop.
type wired interface {
	Serve(l net.Listener) error
	Stop(ctx context.Context)
}

// target is a running demo service.
type target struct {
	addresses Addresses
	telemetry *telemetry.Telemetry
	faults    chan error // of servers that cannot go on; one place for each

	http, grpc, store, policy wired
	components                *components
	serving                   sync.WaitGroup
}

// start builds the service and lets it serve. This is the one place that knows
// all its parts.
func start(o options, e telemetry.Exporters) (*target, error) {
	listeners, err := listenAll(o)
	if err != nil {
		return nil, err
	}
	t, err := build(o, e, listeners)
	if err != nil {
		listeners.close()
		return nil, err
	}
	t.serve(t.store, tls.NewListener(listeners.store, t.components.identity.Server()))
	t.serve(t.policy, listeners.policy)
	t.serve(t.http, listeners.http)
	t.serve(t.grpc, listeners.grpc)
	return t, nil
}

func build(o options, e telemetry.Exporters, l listeners) (*target, error) {
	tel, err := telemetry.New(context.Background(), o.telemetry, e)
	if err != nil {
		return nil, err
	}
	p, err := assemble(o, l, tel)
	if err != nil {
		return nil, errors.Join(err, flush(tel))
	}
	return &target{
		addresses:  l.addresses(),
		telemetry:  tel,
		faults:     make(chan error, 4),
		http:       server.NewHTTP(server.Routes(p.auth, p.authorization(o, tel), tel), timeouts(o), streams(o), tel.Log),
		grpc:       server.NewGRPC(p.auth, streams(o), tel),
		store:      server.NewHTTP(p.storeServer.Handler(tel), server.HeaderAndIdle, server.Wide, tel.Log),
		policy:     p.policyServer(o, tel),
		components: p,
	}, nil
}

func (t *target) serve(s wired, l net.Listener) {
	t.serving.Go(func() {
		if err := s.Serve(l); err != nil {
			t.faults <- fmt.Errorf("serve on %s: %w", l.Addr(), err)
		}
	})
}

// stop ends what start began, in the order of the requests' way through it, so
// that none loses what it needs; then the telemetry of all is flushed. What
// could not be flushed is lost, and is told in the log: a demo service whose
// telemetry nobody took has stopped in order all the same.
func (t *target) stop() {
	within(requestGrace, t.http.Stop, t.grpc.Stop)
	t.components.close()
	within(storeGrace, t.store.Stop, t.policy.Stop)
	t.serving.Wait()
	if err := flush(t.telemetry); err != nil {
		t.telemetry.Log.Warn("some telemetry was lost", "error", err)
	}
	t.components.habits.Stop() // last, so that what leaked is in the last metrics
}

// within runs the stops side by side and waits for them.
func within(grace time.Duration, stops ...func(context.Context)) {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	var wg sync.WaitGroup
	for _, stop := range stops {
		wg.Go(func() { stop(ctx) })
	}
	wg.Wait()
}

func flush(tel *telemetry.Telemetry) error {
	ctx, cancel := context.WithTimeout(context.Background(), flushGrace)
	defer cancel()
	return tel.Stop(ctx)
}
