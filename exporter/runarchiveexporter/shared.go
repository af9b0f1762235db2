package runarchiveexporter

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"

	"github.com/loadtrace/loadtrace/exporter/runarchiveexporter/internal/metadata"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// registry knows the keeper of each configuration while one of its exporters is alive.
type registry struct {
	began func(*archive.Writer) // nil: nobody wants to know

	mu  sync.Mutex // guards all, and the members of each group
	all map[*Config]*group
}

// group is the exporters that share a keeper.
type group struct {
	keeper        *keeper
	telemetry     *metadata.TelemetryBuilder
	created, shut int
}

// member is a group's exporter of one signal.
type member struct {
	of   *keeper
	cfg  *Config
	home *registry
	shut bool
}

// join adds an exporter to the group of a configuration, and makes the keeper with the
// first.
func (r *registry) join(cfg *Config, set exporter.Settings) (*member, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.all[cfg]
	if g == nil {
		root, err := cfg.root()
		if err != nil {
			return nil, err
		}
		g = &group{keeper: newKeeper(root, cfg, set.Logger, set.BuildInfo.Version, r.began)}
		if g.telemetry, err = observe(set.TelemetrySettings, g.keeper); err != nil {
			return nil, err
		}
		if r.all == nil {
			r.all = map[*Config]*group{}
		}
		r.all[cfg] = g
	}
	g.created++
	return &member{of: g.keeper, cfg: cfg, home: r}, nil
}

// Start does nothing: an archive begins with its run.
func (m *member) Start(context.Context, component.Host) error { return nil }

// BeginArchive makes the archive of a run that is about to begin. Its records are to be
// given to the writer, and in the end its result; the exporter then closes it.
func (m *member) BeginArchive(s archive.Start) (*archive.Writer, error) { return m.of.begin(s) }

// Shutdown closes the archives with the last exporter of the group: until then a pipeline
// may bring more of a run.
func (m *member) Shutdown(ctx context.Context) error {
	m.home.mu.Lock()
	g := m.home.all[m.cfg]
	if m.shut || g == nil {
		m.home.mu.Unlock()
		return nil
	}
	m.shut = true
	g.shut++
	last := g.shut == g.created
	if last {
		delete(m.home.all, m.cfg)
	}
	m.home.mu.Unlock()
	if !last {
		return nil
	}
	err := g.keeper.shutdown(ctx)
	g.telemetry.Shutdown()
	return err
}
