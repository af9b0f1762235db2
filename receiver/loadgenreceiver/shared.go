package loadgenreceiver

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
)

// registry knows the generator of each configuration while one of its receivers
// is alive.
type registry struct {
	mu  sync.Mutex // guards all, and the members of each group
	all map[*Config]*group
}

// group is the receivers that share a generator.
type group struct {
	generator *generator
	created   int
	hosts     []component.Host // of those that were started
	shut      int
}

// member is a group's receiver of one signal.
type member struct {
	of      *generator
	cfg     *Config
	home    *registry
	started bool
	shut    bool
}

// join adds a receiver to the group of a configuration, and makes the generator
// with the first.
func (r *registry) join(cfg *Config, make func() (*generator, error)) (*member, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.all[cfg]
	if g == nil {
		generator, err := make()
		if err != nil {
			return nil, err
		}
		g = &group{generator: generator}
		if r.all == nil {
			r.all = map[*Config]*group{}
		}
		r.all[cfg] = g
	}
	g.created++
	return &member{of: g.generator, cfg: cfg, home: r}, nil
}

// Start starts the generator with the last receiver of the group: only then has
// the collector started everything behind all of them.
func (m *member) Start(ctx context.Context, host component.Host) error {
	m.home.mu.Lock()
	g := m.home.all[m.cfg]
	if m.started || m.shut || g == nil {
		m.home.mu.Unlock()
		return nil
	}
	m.started = true
	g.hosts = append(g.hosts, host)
	last := len(g.hosts) == g.created
	hosts := g.hosts
	m.home.mu.Unlock()
	if !last {
		return nil
	}
	return m.of.start(ctx, hosts)
}

// Shutdown ends the generator with the first receiver of the group: until it
// returns, the collector keeps everything behind the others running.
func (m *member) Shutdown(ctx context.Context) error {
	m.home.mu.Lock()
	if g := m.home.all[m.cfg]; g != nil && !m.shut {
		m.shut = true
		if g.shut++; g.shut == g.created {
			delete(m.home.all, m.cfg)
		}
	}
	m.home.mu.Unlock()
	return m.of.shutdown(ctx)
}
