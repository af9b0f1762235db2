package goruntime

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/log/global"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"

	"github.com/loadtrace/loadtrace/goruntime/cgroup"
)

// cycleLook is how exactly the begin of a GC cycle is known by default.
const cycleLook = 5 * time.Millisecond

type config struct {
	meters  metric.MeterProvider
	loggers log.LoggerProvider
	look    time.Duration
	observe func(Cycle)
}

// Option changes what Start does.
type Option func(*config)

// WithMeterProvider sets the provider of the metrics. Default: the global provider.
func WithMeterProvider(p metric.MeterProvider) Option { return func(c *config) { c.meters = p } }

// WithLoggerProvider sets the provider of the events of GC cycles. Default: the global
// provider. If it drops them when Start is called, none are made.
func WithLoggerProvider(p log.LoggerProvider) Option { return func(c *config) { c.loggers = p } }

// WithCycleLook sets how often the runtime is asked whether a GC cycle has begun
// when one may, and so how exactly its begin is known: 5 ms by default, 1 ms at
// least. With 0 there are no events of cycles.
func WithCycleLook(every time.Duration) Option { return func(c *config) { c.look = every } }

// WithCycles has observe called with each GC cycle, from one goroutine.
func WithCycles(observe func(Cycle)) Option { return func(c *config) { c.observe = observe } }

// Start reports the runtime of this process until stop is called. stop returns
// when nothing runs any more; to call it again does nothing.
func Start(options ...Option) (stop func(), err error) {
	c := config{meters: otel.GetMeterProvider(), loggers: global.GetLoggerProvider(), look: cycleLook}
	for _, o := range options {
		o(&c)
	}
	if c.look != 0 && c.look < time.Millisecond {
		return nil, fmt.Errorf("goruntime: WithCycleLook(%v): is too often; pass 1ms or more, or 0 for no GC events", c.look)
	}
	instruments, err := newInstruments(c.meters.Meter(Scope, metric.WithSchemaURL(semconv.SchemaURL)))
	if err != nil {
		return nil, fmt.Errorf("goruntime: make instruments: %w", err)
	}
	group, err := cgroup.Self()
	if err != nil && !errors.Is(err, cgroup.ErrNone) {
		otel.Handle(fmt.Errorf("goruntime: no limits of the control group: %w", err))
	}
	registration, err := instruments.register(newReading(), group)
	if err != nil {
		return nil, fmt.Errorf("goruntime: register: %w", err)
	}
	unwatch := c.watch()
	return sync.OnceFunc(func() {
		unwatch()
		if err := registration.Unregister(); err != nil {
			otel.Handle(fmt.Errorf("goruntime: stop: %w", err))
		}
	}), nil
}

// watch starts what reports GC cycles, if anybody wants them.
func (c config) watch() (stop func()) {
	logger := c.loggers.Logger(Scope, log.WithSchemaURL(semconv.SchemaURL))
	ctx, cancel := context.WithCancel(context.Background())
	logged := logger.Enabled(ctx, log.EnabledParameters{Severity: log.SeverityInfo, EventName: EventGCCycle})
	if c.look == 0 || !logged && c.observe == nil {
		cancel()
		return func() {}
	}
	w := newWatcher() // before Start returns, so that no cycle after it is missed
	var wg sync.WaitGroup
	wg.Go(func() {
		w.watch(ctx, c.look, func(cycle Cycle) {
			if logged {
				logCycle(ctx, logger, cycle)
			}
			if c.observe != nil {
				c.observe(cycle)
			}
		})
	})
	return func() { cancel(); wg.Wait() }
}
