package hub

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/annotate"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/meter"
)

// emitter counts results and hands the metrics on, at an interval and at the end.
// Without a metrics pipeline nothing is counted.
type emitter struct {
	next     consumer.Metrics // nil: none
	instance string
	stop     chan struct{}
	ended    chan struct{}

	mu      sync.Mutex // guards the meter
	meter   *meter.Meter
	refused *pmetric.Metrics // the goroutine's own; after its end the shutdown's
}

func newEmitter(o *Options, next consumer.Metrics) *emitter {
	e := &emitter{
		next: next, instance: o.Instance, stop: make(chan struct{}), ended: make(chan struct{}),
		meter: meter.New(time.Now(), o.Exemplars),
	}
	go e.run(o.Interval)
	return e
}

func (e *emitter) add(o *outcome, expected annotate.Expected) {
	if e.next == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range o.results {
		e.meter.Add(&o.results[i], expected, o.kept[i])
	}
}

func (e *emitter) run(every time.Duration) {
	defer close(e.ended)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			ctx, cancel := context.WithTimeout(context.Background(), every)
			e.emit(ctx)
			cancel()
		case <-e.stop:
			return
		}
	}
}

// shutdown hands the last metrics on, when everything is counted.
func (e *emitter) shutdown(ctx context.Context) {
	close(e.stop)
	<-e.ended
	e.emit(ctx)
}

// emit hands metrics on. What is refused is tried again before anything newer,
// because its exemplars are in no later payload.
func (e *emitter) emit(ctx context.Context) {
	if e.next == nil {
		return
	}
	if e.refused != nil && !e.send(ctx, *e.refused) {
		return
	}
	e.refused = nil
	e.mu.Lock()
	md, ok := e.meter.Collect(time.Now(), e.instance)
	e.mu.Unlock()
	if ok && !e.send(ctx, md) {
		e.refused = &md
	}
}

// send a copy: who consumes metrics may change them before refusing them.
func (e *emitter) send(ctx context.Context, md pmetric.Metrics) bool {
	fresh := pmetric.NewMetrics()
	md.CopyTo(fresh)
	return e.next.ConsumeMetrics(ctx, fresh) == nil
}
