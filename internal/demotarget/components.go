package demotarget

import (
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/loadtrace/loadtrace/internal/demotarget/decide"
	"github.com/loadtrace/loadtrace/internal/demotarget/fault"
	"github.com/loadtrace/loadtrace/internal/demotarget/identity"
	"github.com/loadtrace/loadtrace/internal/demotarget/policy"
	"github.com/loadtrace/loadtrace/internal/demotarget/server"
	"github.com/loadtrace/loadtrace/internal/demotarget/service"
	"github.com/loadtrace/loadtrace/internal/demotarget/store"
	"github.com/loadtrace/loadtrace/internal/demotarget/telemetry"
	"github.com/loadtrace/loadtrace/internal/demotarget/token"
	"github.com/loadtrace/loadtrace/internal/demotarget/tune"
)

// components are what is behind the servers. This file is the one place that knows
// which step of tuning and which fault is where.
type components struct {
	auth        *service.Service
	storeServer *store.Server
	storeClient *store.Client
	policy      policy.Client
	identity    identity.Identity // of the store and the policy service
	pool        decide.Pool
	habits      *fault.Habits
}

func assemble(o options, l listeners, tel *telemetry.Telemetry) (*components, error) {
	cache, err := service.NewCache(o.cache)
	if err != nil {
		return nil, err
	}
	id, err := identity.New()
	if err != nil {
		return nil, err
	}
	records := token.DemoRecords(demoKey)
	p := &components{
		storeServer: store.NewServer(records, o.store, tel.Log),
		storeClient: store.NewClient(l.store.Addr().String(), id.Client(), storePool(o), tel),
		identity:    id,
		habits:      fault.NewHabits(o.faults, records),
	}
	p.auth = service.New(demoKey, cache, p.storeClient.Lookup, tel.Log)
	p.auth.Accepted = p.habits.Accepted
	if err := errors.Join(cache.Observe(tel.Meter()), p.storeClient.Observe(tel.Meter())); err != nil {
		return nil, fmt.Errorf("measure the cache and the store's client: %w", err)
	}
	if p.policy, err = policyClient(o, l.policy.Addr().String(), id.Client(), tel); err != nil {
		return nil, err
	}
	p.pool = workers(o)
	return p, nil
}

// close ends what asks the downstream servers, before those are stopped.
func (p *components) close() {
	p.pool.Close()
	p.policy.Close()
	p.storeClient.Close()
}

func timeouts(o options) server.Timeouts {
	if o.tune.Has(tune.KeepAlive) {
		return server.HeaderAndIdle
	}
	return server.ReadOnly
}

func streams(o options) server.Streams {
	if o.tune.Has(tune.HTTP2) {
		return server.Wide
	}
	return server.Narrow
}

func storePool(o options) store.Pool {
	p := store.Pool{Idle: store.DefaultIdle}
	if o.tune.Has(tune.Pools) {
		p.Idle = store.AmpleIdle
	}
	if o.faults.Has(fault.PoolExhaustion) {
		p.Limit = 1
	}
	return p
}

func (p *components) policyServer(o options, tel *telemetry.Telemetry) *policy.Server {
	settings := streams(o).GRPC()
	if o.tune.Has(tune.GRPC) {
		settings = append(settings, policy.KeptAlive()...)
	}
	return policy.NewServer(p.identity.Server(), tel, settings...)
}

func policyClient(o options, addr string, trust *tls.Config, tel *telemetry.Telemetry) (policy.Client, error) {
	if o.tune.Has(tune.GRPC) {
		return policy.NewKept(addr, trust, tel)
	}
	return policy.NewPerCall(addr, trust, tel), nil
}

func workers(o options) decide.Pool {
	if o.tune.Has(tune.Workers) {
		return decide.NewSharded()
	}
	return decide.NewSingle()
}

// authorization is the way of a request to /auth/authorize.
func (p *components) authorization(o options, tel *telemetry.Telemetry) *server.Authorization {
	a := &server.Authorization{
		Service: p.auth, Policy: p.policy, Pool: p.pool,
		Bodies: server.Copied{}, Journal: server.NewPrinted(o.telemetry.Output),
	}
	if o.tune.Has(tune.Buffers) {
		a.Bodies = server.Pooled{}
	}
	if o.tune.Has(tune.Logging) {
		a.Journal = server.NewLeveled(tel.Log)
	}
	return a
}
