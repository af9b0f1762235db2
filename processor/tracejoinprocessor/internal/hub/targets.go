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

// targets is what is known of the instances that answer.
type targets struct {
	generator func(service string) bool // it is that of a load generator, which is no target

	mu     sync.Mutex // guards what follows
	clocks map[join.Resource]*clock.Filter
	latest struct { // clock that was asked for: nearly all are of one resource
		of    *join.Resource
		clock *clock.Filter
	}
	window *window.Store
	wrote  map[string]bool // services whose log lines have come; "" of lines that do not say
	blind  bool            // lines could not be fetched the last time, so that any may have some
}

// maxWriters bounds the services of which it is known that they log. More are not noted.
const maxWriters = 4096

func newTargets(generator func(service string) bool) *targets {
	t := &targets{generator: generator, clocks: map[join.Resource]*clock.Filter{}, window: window.NewStore(), wrote: map[string]bool{}}
	t.window.Pause = t.pause
	return t
}

// pause lets others have the lock, which a goroutine with much to do holds.
func (t *targets) pause() {
	t.mu.Unlock()
	t.mu.Lock()
}

func (t *targets) read(md pmetric.Metrics) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.window.ReadMetrics(md)
}

// hear takes the events of runtimes.
func (t *targets) hear(ld plog.Logs) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.window.ReadLogs(ld)
}

// hearOf notes that a line of a service has come.
func (t *targets) hearOf(service string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.wrote) < maxWriters && !t.generator(service) {
		t.wrote[service] = true
	}
}

// fetched notes whether the lines of a window could be had.
func (t *targets) fetched(ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.blind = !ok
}

// sent is what has ever come of a result's service.
func (t *targets) sent(r *annotate.Result) annotate.Senders {
	if r.Server.Resolution == "" {
		return annotate.Senders{Samples: t.window.SentBy(t.generator), Lines: t.blind || len(t.wrote) > 0}
	}
	service := r.Server.Resource.Service
	return annotate.Senders{Samples: t.window.Sent(service), Lines: t.blind || t.wrote[service] || t.wrote[""]}
}

func (t *targets) instances() (n int, evicted uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.window.Len(), t.window.Evicted()
}

// look gives results the clock and the runtime of their servers. All pairs are
// learned before any is judged: what left together knows the same.
func (t *targets) look(results []annotate.Result, maxAge time.Duration) {
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
			r.Sent = results[i-1].Sent // nearly all are of one resource
		} else {
			r.Sent = t.sent(r)
		}
		if r.Server.Resolution == "" {
			continue
		}
		r.Order(known)
		r.Clock, r.Clocked = t.estimate(r)
		if q, ok := r.Question(maxAge); ok {
			r.Runtime = t.window.Query(q)
		}
	}
}

// estimate of the clock of a result's server. Replicas that nothing tells apart may
// have a clock each, so that nothing is remembered of them: each request has what
// its own times prove.
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
		t.latest.of, t.latest.clock = of, t.learned(of)
	}
	return t.latest.clock
}

func (t *targets) learned(of *join.Resource) *clock.Filter {
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
