package tracejoinprocessor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/hub"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logsource"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/metadata"
)

// registry knows the join of each configuration while one of its handles is alive.
type registry struct {
	started func(*Join)                // nil: not observed
	run     func(pcommon.TraceID) bool // nil: all are of the run
	mu      sync.Mutex                 // guards all, and what the groups say is guarded by it
	all     map[*Config]*group
}

// group is the handles that share a hub.
type group struct {
	cfg      *Config
	instance string
	set      component.TelemetrySettings
	next     hub.Consumers           // complete before the first handle is started
	hub      atomic.Pointer[hub.Hub] // nil until then

	// The registry's lock guards what follows.
	created, shut int
	down          *shutdown
	telemetry     *metadata.TelemetryBuilder
	loki          *lokiSource // nil without a Loki
}

// shutdown of a hub, which several handles may await.
type shutdown struct {
	once sync.Once
	err  error
}

// handle is a group's processor of one signal.
type handle struct {
	of      *group
	home    *registry
	flushes bool // of traces or metrics: behind it is a pipeline that the end needs
	started bool
	ended   bool
}

// join adds a handle to the group of a configuration. Each group has a name of its own:
// with one for all, the metrics of two joins in one collector would be one series each,
// with two values.
func (r *registry) join(cfg *Config, set component.TelemetrySettings, instances func() string) *handle {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.all[cfg]
	if g == nil {
		g = &group{cfg: cfg, set: set, instance: instances(), down: &shutdown{}}
		if r.all == nil {
			r.all = map[*Config]*group{}
		}
		r.all[cfg] = g
	}
	g.created++
	return &handle{of: g, home: r}
}

// Capabilities: client spans are written on, and taken out of what passes.
func (h *handle) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: true}
}

// Start starts the hub with the first handle of the group: by then the collector
// has made all of them, and nothing comes before all are started.
func (h *handle) Start(ctx context.Context, host component.Host) error {
	h.home.mu.Lock()
	defer h.home.mu.Unlock()
	if h.started || h.ended {
		return nil
	}
	h.started = true
	g := h.of
	if g.hub.Load() != nil {
		return nil
	}
	options, err := g.options(ctx, host)
	if err != nil {
		return err
	}
	options.Own = h.home.run
	h2 := hub.New(options, g.next)
	builder, err := metadata.NewTelemetryBuilder(g.set)
	if err != nil {
		return err
	}
	if err := g.observe(builder, h2); err != nil {
		builder.Shutdown()
		return err
	}
	g.telemetry = builder
	h2.Start()
	g.hub.Store(h2)
	if h.home.started != nil {
		h.home.started(&Join{h2, g.loki})
	}
	return nil
}

func (g *group) observe(b *metadata.TelemetryBuilder, h *hub.Hub) error {
	err := observe(b, h)
	if g.loki != nil {
		err = errors.Join(err, observeLoki(b, g.loki))
	}
	return err
}

// options of the hub, with its log source.
func (g *group) options(ctx context.Context, host component.Host) (hub.Options, error) {
	o := g.cfg.options(g.instance)
	o.Warn = func(what string, err error) { g.set.Logger.Warn(what, zap.Error(err)) }
	c := g.cfg.Logs.Loki.Get()
	if c == nil {
		return o, nil
	}
	source := c.Source
	source.MaxBodyBytes = g.cfg.Logs.MaxBodyBytes
	loki, err := logsource.New(ctx, source, host.GetExtensions(), g.set)
	if err != nil {
		return o, fmt.Errorf("logs::loki: %w", err)
	}
	g.loki = newLokiSource(loki, g.set.Logger)
	o.Source = g.loki
	if source.Grafana.Endpoint != "" {
		o.Link = loki.Link
	}
	if c.PullInterval > 0 && g.next.Logs == nil {
		o.Pull = hub.Pull{Source: g.loki, Every: c.PullInterval, Settle: c.Settle}
	}
	return o, nil
}

// Shutdown ends the hub with the first handle behind which the end needs a
// pipeline, of traces or metrics: until it returns, the collector keeps everything
// behind the other running. What comes afterwards passes through.
func (h *handle) Shutdown(ctx context.Context) error {
	h.home.mu.Lock()
	g := h.of
	first := !h.ended
	if h.ended = true; first {
		g.shut++
	}
	last := g.shut == g.created
	if last {
		delete(h.home.all, g.cfg)
	}
	h.home.mu.Unlock()
	running := g.hub.Load()
	if !first || running == nil || !h.flushes && !last {
		return nil
	}
	g.down.once.Do(func() {
		g.down.err = running.Shutdown(ctx)
		g.telemetry.Shutdown()
		if g.loki != nil {
			g.loki.loki.Close()
		}
	})
	return g.down.err
}
