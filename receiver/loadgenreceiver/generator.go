package loadgenreceiver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/receiver"

	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/metadata"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/resource"
)

// generator runs one plan for up to three receivers.
type generator struct {
	cfg       *Config
	set       receiver.Settings
	observer  Observer
	origin    resource.Attributes
	telemetry *metadata.TelemetryBuilder
	next      consumers // complete before start

	run atomic.Pointer[run] // nil before start

	mu  sync.Mutex // makes start and shutdown exclude each other; guards what follows
	off bool       // shut down; start no more
}

func newGenerator(cfg *Config, set receiver.Settings, instance string, o Observer) (*generator, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, fmt.Errorf("make the receiver's own metrics: %w", err)
	}
	g := &generator{
		cfg: cfg, set: set, observer: o, telemetry: telemetry,
		origin: resource.Attributes{Version: set.BuildInfo.Version, Instance: instance, Shard: cfg.shard()}.In(environmentOf(set.BuildInfo.Version)),
	}
	if err := g.observe(); err != nil {
		return nil, fmt.Errorf("make the receiver's own metrics: %w", err)
	}
	return g, nil
}

// start reads the plan, opens its engines and begins the run. It returns before
// the first request is sent, or when ctx ends.
func (g *generator) start(ctx context.Context, hosts []component.Host) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.off || g.run.Load() != nil {
		return nil
	}
	plan, err := g.cfg.plan(ctx)
	if err != nil {
		return fmt.Errorf("read the plan: %w", err)
	}
	id, err := g.cfg.runID()
	if err != nil {
		return err
	}
	at, err := g.cfg.startAt()
	if err != nil {
		return err
	}
	r, err := newRun(ctx, id, plan, onClock(at, time.Now()), archivistsOf(hosts), g)
	if err != nil {
		return err
	}
	if err := punctual(at, time.Now()); err != nil {
		return errors.Join(err, r.discard())
	}
	g.run.Store(r)
	go r.do(func(err error) {
		for _, host := range hosts {
			componentstatus.ReportStatus(host, componentstatus.NewPermanentErrorEvent(err))
		}
	})
	return nil
}

// shutdown stops the run in order, then delivers what waits, both within ctx.
// It may be called before start and more than once; the first caller gets the error.
func (g *generator) shutdown(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.off {
		return nil
	}
	g.off = true
	defer g.telemetry.Shutdown()
	if r := g.run.Load(); r != nil {
		return r.shutdown(ctx, g.cfg.Queue.DrainTimeout)
	}
	return nil
}
