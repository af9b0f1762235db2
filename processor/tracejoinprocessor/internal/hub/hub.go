package hub

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/annotate"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/window"
)

// ErrFull reports that the join is over budget because the next consumer does not accept
// released spans. It may be retried; nothing of the payload was taken.
var ErrFull = errors.New("the join is full of spans that the pipeline behind it does not take; send them again later, or raise max_bytes")

// Hub joins what its handles are given.
type Hub struct {
	o        Options
	next     Consumers
	expected annotate.Expected
	counts   counts
	coverage coverage
	presence presence
	excess   excess
	input    *inputBudget

	targets *targets
	meter   *emitter
	lookups *lookups
	puller  *puller
	loops   []*loop
	out     delivery

	drain context.Context // of the shutdown; the loops read it when their channels are closed

	mu   sync.RWMutex // held for reading while something is handed to the loops
	open bool         // guarded by mu: the loops take something
}

// New makes a hub; Start makes it work. Until then, and after Shutdown, everything
// passes through it.
func New(o Options, next Consumers) *Hub {
	o.Clients = o.Clients.keys()
	h := &Hub{
		o: o, next: next, input: newInputBudget(o.MaxBytes / inputShare), targets: newTargets(o.Clients.generator), presence: presence{optional: o.Optional, wait: o.Wait},
		expected: annotate.Expected{Runtime: next.Metrics != nil, Logs: next.Logs != nil || o.Pull.Source != nil},
	}
	h.excess.over = func() int64 { return h.counts.held.Load() - h.waitCapacity() }
	return h
}

// Start starts the goroutines.
func (h *Hub) Start() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.meter = newEmitter(&h.o, h.next.Metrics)
	h.lookups = newLookups(h)
	if h.next.Traces != nil {
		for range h.o.Shards {
			h.loops = append(h.loops, h.newLoop())
		}
	}
	h.open = true
	h.puller = newPuller(h)
}

func (h *Hub) newLoop() *loop {
	l := &loop{
		hub: h, in: make(chan message, queueLength), ended: make(chan struct{}),
		shard: join.New(join.Options{
			Wait: h.o.Wait, TraceBytes: h.o.TraceBytes, KeepAll: h.o.Keep.All, Remember: h.o.Keep.remembered(h.o.Shards),
		}),
		out: h.out.add(h.next.Traces, &h.counts.outgoing),
	}
	go l.run()
	return l
}

// Shutdown has everything leave, and ends the goroutines. Metrics and traces must
// still have a pipeline behind them. It is for one caller, after Start.
func (h *Hub) Shutdown(ctx context.Context) error {
	h.puller.shutdown()
	h.mu.Lock()
	h.open = false
	h.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, h.o.DrainTimeout)
	defer cancel()
	h.drain = ctx
	for _, l := range h.loops {
		close(l.in)
	}
	for _, l := range h.loops {
		<-l.ended
	}
	h.lookups.shutdown()
	var metrics error
	var wg sync.WaitGroup
	wg.Go(func() { metrics = h.meter.shutdown(ctx) })
	spans := h.out.shutdown(ctx)
	wg.Wait()
	return errors.Join(spans, metrics)
}

// passes reports whether client spans need not wait: no target was observed, and enough
// of them wait for one already.
func (h *Hub) passes(now time.Time) bool {
	return h.presence.timedOut(now) || h.presence.pending() && h.presence.full.Load()
}

// waitCapacity returns the bytes for spans that wait; the rest of the budget is for
// released ones. It is small while no target was observed: spans that wait in vain cost
// CPU time, too.
func (h *Hub) waitCapacity() int64 {
	if h.presence.pending() {
		return h.o.MaxBytes / pendingShare
	}
	return h.o.MaxBytes / 4 * 3
}

// outputOverBudget reports whether the next consumer has yet to accept as much as may be
// released.
func (h *Hub) outputOverBudget() bool {
	return h.counts.outgoing.Load() > h.o.MaxBytes-h.waitCapacity()
}

// overBudget reports whether both released and waiting spans are over budget. Nothing is
// evicted then, since released spans take more memory, so server spans and log lines are
// not taken either.
func (h *Hub) overBudget() bool { return h.outputOverBudget() && h.excess.over() > 0 }

// Counts until now.
func (h *Hub) Counts() Counts {
	c, out := h.counts.snapshot(), h.out.counts()
	c.Delivered, c.Refused = int64(out.Delivered), int64(out.Refused)
	c.Undelivered = int64(out.Undelivered + out.Rejected)
	c.Retries = int64(out.Retries)
	c.OwnLost, c.OwnRetries = h.out.ownLost.Load(), h.out.ownRetries.Load()
	c.HeldBytes += h.input.held()
	return c
}

// Points counts the data points of the join's own metrics.
func (h *Hub) Points() (delivered, refused, undelivered int64) {
	c := h.meter.counts()
	return int64(c.Delivered), int64(c.Refused), int64(c.Undelivered + c.Rejected)
}

// Capacity is the budget in bytes.
func (h *Hub) Capacity() int64 { return h.o.MaxBytes }

// Instances counts the instances with runtime samples, and those evicted for others.
func (h *Hub) Instances() (n int, evicted uint64) { return h.targets.instances() }

// Traces takes spans. What does not wait goes on first: if it is refused, so is the
// whole payload, and no span of it was taken.
func (h *Hub) Traces(ctx context.Context, td ptrace.Traces) error {
	if !h.accepting() {
		return h.next.Traces.ConsumeTraces(ctx, td)
	}
	n := td.SpanCount()
	if h.outputOverBudget() {
		h.counts.rejected.Add(int64(n))
		h.observeServers(serversOf(&h.o, td))
		return ErrFull
	}
	now := time.Now()
	in := newIntake(&h.o, td, h.passes(now))
	if passed := n - in.held; passed > 0 || n == 0 {
		if err := in.pass(ctx, td, h.next.Traces); err != nil {
			h.observeServers(in.inputs)
			return err
		}
		h.counts.passed.Add(int64(passed))
		h.coverage.unobserved.Add(int64(in.unobserved))
	}
	h.presence.note(now, in)
	if h.enqueueInputs(in) {
		return nil
	}
	// A shutdown began meanwhile.
	rest := ptrace.NewTraces()
	if in.restore(rest); in.held == 0 {
		return nil
	}
	return h.next.Traces.ConsumeTraces(ctx, rest)
}

// accepting reports whether the loops take anything.
func (h *Hub) accepting() bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.open
}

// enqueueInputs hands what waits to the loops, unless they are shut down. The lock is not
// held while the pipeline behind is asked, which may hang: a shutdown would wait for it.
func (h *Hub) enqueueInputs(in *intake) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if !h.open {
		return false
	}
	h.counts.waited.Add(int64(in.held))
	in.encode()
	for i := range in.inputs {
		if v := &in.inputs[i]; len(v.Servers) > 0 || len(v.Encoded) > 0 || v.Spans.ResourceSpans().Len() > 0 {
			h.enqueue(h.loops[i], *v)
		}
	}
	return true
}

// observeServers hands the shards the server spans of a payload that was refused, so that
// waiting requests are joined to them while the next consumer is unavailable: its
// sender may send them again too late. A span that comes again is known by its id.
func (h *Hub) observeServers(inputs []join.Input) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for i := 0; i < len(inputs) && h.open && !h.overBudget(); i++ {
		if servers := inputs[i].Servers; len(servers) > 0 {
			h.presence.observe(&h.o, servers)
			h.enqueue(h.loops[i], join.Input{Spans: ptrace.NewTraces(), Servers: servers})
		}
	}
}

// Metrics takes the runtime's samples, strips exemplars of traces that were not
// kept, and hands everything on.
func (h *Hub) Metrics(ctx context.Context, md pmetric.Metrics) error {
	h.targets.readMetrics(md)
	if !h.o.Keep.All || h.o.Source != nil { // with a source, what exemplars name is looked up
		h.settleExemplars(md)
	}
	return h.next.Metrics.ConsumeMetrics(ctx, md)
}

// Logs hands log records on, and takes the GC cycles of runtimes and the lines of
// those that name a trace. A cycle that is sent again is known; a line is not, so
// that lines are taken only when the records were.
func (h *Hub) Logs(ctx context.Context, ld plog.Logs) error {
	h.targets.readLogs(ld)
	lines := h.lines(ld, time.Now())
	if err := h.next.Logs.ConsumeLogs(ctx, ld); err != nil {
		return err
	}
	h.enqueueLines(lines)
	return nil
}

// lines of a payload that came now, by shard.
func (h *Hub) lines(ld plog.Logs, now time.Time) [][]logline.Line {
	lines := make([][]logline.Line, h.o.Shards)
	for i, n := range h.linesOf(ld) {
		if n > 0 {
			lines[i] = make([]logline.Line, 0, n) // a large one would move many times
		}
	}
	for _, rl := range ld.ResourceLogs().All() {
		service, named := "", false
		for _, sl := range rl.ScopeLogs().All() {
			for _, r := range sl.LogRecords().All() {
				if !isLine(r) {
					continue
				}
				if !named {
					service, named = window.ServiceOf(rl.Resource()), true
					h.targets.observeLines(service)
				}
				i := shardOf(r.TraceID(), h.o.Shards)
				lines[i] = append(lines[i], lineOf(r, service, h.o.Logs.BodyBytes, now))
			}
		}
	}
	return lines
}

// linesOf a payload, by shard: how many there are.
func (h *Hub) linesOf(ld plog.Logs) []int {
	n := make([]int, h.o.Shards)
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, r := range sl.LogRecords().All() {
				if isLine(r) {
					n[shardOf(r.TraceID(), h.o.Shards)]++
				}
			}
		}
	}
	return n
}

// isLine reports whether a record is a line of a request.
func isLine(r plog.LogRecord) bool { return !r.TraceID().IsEmpty() && !window.IsEvent(r) }
