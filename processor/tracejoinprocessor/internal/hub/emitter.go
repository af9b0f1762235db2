package hub

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/internal/queue"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/annotate"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/joinmetrics"
)

// emitter counts results and hands the metrics on, at an interval and at the end.
// Without a metrics pipeline nothing is counted.
type emitter struct {
	instance string
	out      *queue.Queue[pmetric.Metrics] // nil without a pipeline
	stop     chan struct{}
	ended    chan struct{}

	mu    sync.Mutex // guards the meter
	meter *joinmetrics.Meter
}

func newEmitter(o *Options, next consumer.Metrics) *emitter {
	e := &emitter{
		instance: o.Instance, stop: make(chan struct{}), ended: make(chan struct{}),
		meter: joinmetrics.New(time.Now(), o.Exemplars),
	}
	if next != nil {
		e.out = queue.New(queue.Options[pmetric.Metrics]{Send: sender(next, o.Interval, o.Warn)})
	}
	go e.run(o.Interval)
	return e
}

// sender hands a copy on, since who consumes metrics may change them before refusing
// them. An attempt takes at most a time. The first refusal for good is warned of; what is
// refused is dropped and counted, and the next collection has all counts again.
func sender(next consumer.Metrics, within time.Duration, warn func(string, error)) func(context.Context, *pmetric.Metrics) error {
	warned := false // of the queue's goroutine
	return func(ctx context.Context, md *pmetric.Metrics) error {
		ctx, cancel := context.WithTimeout(ctx, within)
		defer cancel()
		fresh := pmetric.NewMetrics()
		md.CopyTo(fresh)
		err := next.ConsumeMetrics(ctx, fresh)
		if !warned && warn != nil && consumererror.IsPermanent(err) {
			warned = true
			warn("the pipeline refused metrics of the join for good; more are counted in trace_join_points", err)
		}
		return err
	}
}

func (e *emitter) add(o *outcome, expected annotate.Expected) {
	if e.out == nil {
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
			// What was refused goes before anything newer, because its exemplars are in
			// no later payload. Of what comes after it, the sums of later metrics tell.
			if e.counts().Waiting() == 0 {
				e.emit()
			}
		case <-e.stop:
			return
		}
	}
}

// shutdown hands the last metrics on, when everything is counted.
func (e *emitter) shutdown(ctx context.Context) error {
	close(e.stop)
	<-e.ended
	e.emit()
	return queue.Shutdown(ctx, e.out)
}

// emit puts the metrics until now into the queue.
func (e *emitter) emit() {
	if e.out == nil {
		return
	}
	e.mu.Lock()
	md, ok := e.meter.Collect(time.Now(), e.instance)
	e.mu.Unlock()
	if ok {
		e.out.Put(queue.Batch[pmetric.Metrics]{Items: md.DataPointCount(), Data: md})
	}
}

// counts of metric points.
func (e *emitter) counts() queue.Counts {
	if e.out == nil {
		return queue.Counts{}
	}
	return e.out.Counts()
}
