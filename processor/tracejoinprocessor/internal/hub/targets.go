package hub

import (
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/annotate"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/clock"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/window"
)

// maxClocks bounds the clocks: one of each target instance. When there are more,
// all are forgotten, and learned again within the next requests.
const maxClocks = 4096

// stretch is for how many results a look keeps the lock: a few milliseconds.
const stretch = 1000

// targets holds what is known of the instances that respond.
type targets struct {
	generator func(service string) bool // it is that of a load generator, which is no target

	mu     sync.Mutex // guards what follows
	clocks map[join.Resource]*clock.Filter
	latest struct { // clock that was asked for: nearly all are of one resource
		of    *join.Resource
		clock *clock.Filter
	}
	window      *window.Store
	logging     map[string]bool // services whose log lines were received; "" for lines without a service
	fetchFailed bool            // lines could not be fetched the last time, so that any may have some
}

// maxWriters bounds the services that are known to log. Further ones are not recorded.
const maxWriters = 4096

func newTargets(generator func(service string) bool) *targets {
	t := &targets{generator: generator, clocks: map[join.Resource]*clock.Filter{}, window: window.NewStore(), logging: map[string]bool{}}
	t.window.Pause = t.pause
	return t
}

// pause lets others have the lock, which a goroutine with much to do holds.
func (t *targets) pause() {
	t.mu.Unlock()
	t.mu.Lock()
}

func (t *targets) readMetrics(md pmetric.Metrics) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.window.ReadMetrics(md)
}

// readLogs takes the events of runtimes from a payload.
func (t *targets) readLogs(ld plog.Logs) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.window.ReadLogs(ld)
}

// observeLines records that a line of a service was received.
func (t *targets) observeLines(service string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.logging) < maxWriters && !t.generator(service) {
		t.logging[service] = true
	}
}

// fetched notes whether the lines of a window could be had.
func (t *targets) fetched(ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fetchFailed = !ok
}

// sent returns the signals ever received from a result's service.
func (t *targets) sent(r *annotate.Result) annotate.Signals {
	if r.Server.Resolution == "" {
		return annotate.Signals{Samples: t.window.SentBy(t.generator), Lines: t.fetchFailed || len(t.logging) > 0}
	}
	service := r.Server.Resource.Service
	return annotate.Signals{Samples: t.window.Sent(service), Lines: t.fetchFailed || t.logging[service] || t.logging[""]}
}

func (t *targets) instances() (n int, evicted uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.window.Len(), t.window.Evicted()
}

// resolve adds to results the clock and the runtime of their servers. All pairs are
// learned before any is judged: what left together knows the same.
func (t *targets) resolve(results []annotate.Result, maxAge time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range results {
		if i%stretch == stretch-1 {
			t.window.Pause()
		}
		r := &results[i]
		if pair, ok := r.Pair(); ok && r.Server.Resource.Instance != "" {
			t.clock(r.Server.Resource).Add(pair)
		}
	}
	known := t.known
	for i := range results {
		if i%stretch == stretch-1 {
			t.window.Pause()
		}
		r := &results[i]
		if i > 0 && r.Server.Resource == results[i-1].Server.Resource {
			r.Observed = results[i-1].Observed // nearly all are of one resource
		} else {
			r.Observed = t.sent(r)
		}
		if r.Server.Resolution == "" {
			continue
		}
		r.Order(known)
		r.Clock, r.Clocked = t.estimate(r)
		if q, ok := r.Query(maxAge); ok {
			r.Runtime = t.window.Query(q)
		}
	}
}

// estimate of the clock of a result's server. Replicas that cannot be distinguished
// may have a clock each, so nothing is remembered of them: each request has what its own
// times prove.
func (t *targets) estimate(r *annotate.Result) (clock.Estimate, bool) {
	pair, ok := r.Pair()
	switch {
	case ok && r.Server.Resource.Instance == "":
		return clock.Alone(pair)
	case ok:
		return t.clock(r.Server.Resource).Of(pair)
	case r.Server.Resource.Instance == "":
		return clock.Estimate{}, false
	}
	return t.clock(r.Server.Resource).At(r.Client.Done)
}

// known is what is known of an instance's clock, without one of its requests.
func (t *targets) known(of *join.Resource, at time.Time) (e clock.Estimate, ok bool) {
	if f := t.clocks[*of]; f != nil {
		return f.At(at)
	}
	return e, false
}

func (t *targets) clock(of *join.Resource) *clock.Filter {
	if of != t.latest.of {
		t.latest.of, t.latest.clock = of, t.filter(of)
	}
	return t.latest.clock
}

func (t *targets) filter(of *join.Resource) *clock.Filter {
	f := t.clocks[*of]
	if f == nil {
		if len(t.clocks) >= maxClocks {
			clear(t.clocks)
		}
		f = &clock.Filter{}
		t.clocks[*of] = f
	}
	return f
}
