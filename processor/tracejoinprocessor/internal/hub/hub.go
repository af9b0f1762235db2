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

// ErrFull says that the pipeline behind the join does not take what has left. It may
// be retried; nothing of what was refused was taken.
var ErrFull = errors.New("the join is full of spans that the pipeline behind it does not take; send them again later, or raise max_bytes")

// Hub joins what its handles are given.
type Hub struct {
	o        Options
	next     Consumers
	expected annotate.Expected
	counts   counts
	coverage coverage
	silence  silence
	excess   excess
	mail     *mail

	targets *targets
	meter   *emitter
	lookups *lookups
	pulls   *pulls
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
		o: o, next: next, mail: newMail(o.MaxBytes / mailShare), targets: newTargets(o.Clients.generator), silence: silence{optional: o.Optional, wait: o.Wait},
		expected: annotate.Expected{Runtime: next.Metrics != nil, Logs: next.Logs != nil || o.Pull.Source != nil},
	}
	h.excess.over = func() int64 { return h.counts.held.Load() - h.room() }
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
	h.pulls = newPulls(h)
}

func (h *Hub) newLoop() *loop {
	l := &loop{
		hub: h, in: make(chan message, mailbox), ended: make(chan struct{}),
		shard: join.New(join.Options{
			Wait: h.o.Wait, TraceBytes: h.o.TraceBytes, KeepAll: h.o.Keep.All, Remember: h.o.Keep.remembered(h.o.Shards),
		}),
		out: h.out.add(h.next.Traces, &h.counts.going),
	}
	go l.run()
	return l
}

// Shutdown has everything leave, and ends the goroutines. Metrics and traces must
// still have a pipeline behind them. It is for one caller, after Start.
func (h *Hub) Shutdown(ctx context.Context) error {
	h.pulls.shutdown()
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

// passes reports whether client spans need not wait: no target says anything, and
// enough of them wait for that already.
func (h *Hub) passes(now time.Time) bool {
	return h.silence.over(now) || h.silence.lasts() && h.silence.full.Load()
}

// room is the bytes for what waits; the rest of the budget is for what has left.
// While it is not known whether any target will say anything, it is little: what
// waits in vain costs the sender's processors, too.
func (h *Hub) room() int64 {
	if h.silence.lasts() {
		return h.o.MaxBytes / silentRoom
	}
	return h.o.MaxBytes / 4 * 3
}

// crowded: the pipeline has not taken as much as may have left.
func (h *Hub) crowded() bool { return h.counts.going.Load() > h.o.MaxBytes-h.room() }

// full: it is crowded, and so is what waits. Nothing leaves early then, since it would be
// with what has left, and take more memory; so that what is only told of spans is not
// taken either.
func (h *Hub) full() bool { return h.crowded() && h.excess.over() > 0 }

// Counts until now.
func (h *Hub) Counts() Counts {
	c, out := h.counts.snapshot(), h.out.counts()
	c.Delivered, c.Refused = int64(out.Delivered), int64(out.Refused)
	c.Undelivered = int64(out.Undelivered + out.TurnedAway)
	c.Retries = int64(out.Retries)
	c.OwnLost, c.OwnRetries = h.out.ownLost.Load(), h.out.ownRetries.Load()
	c.HeldBytes += h.mail.held()
	return c
}

// Points says what became of the points of the join's own metrics.
func (h *Hub) Points() (delivered, refused, undelivered int64) {
	c := h.meter.counts()
	return int64(c.Delivered), int64(c.Refused), int64(c.Undelivered + c.TurnedAway)
}

// Capacity is the budget in bytes.
func (h *Hub) Capacity() int64 { return h.o.MaxBytes }

// Instances with runtime samples, and those that had to make room for others.
func (h *Hub) Instances() (n int, evicted uint64) { return h.targets.instances() }

// Traces takes spans. What does not wait goes on first: if it is refused, so is the
// whole payload, and no span of it was taken.
func (h *Hub) Traces(ctx context.Context, td ptrace.Traces) error {
	if !h.takes() {
		return h.next.Traces.ConsumeTraces(ctx, td)
	}
	n := td.SpanCount()
	if h.crowded() {
		h.counts.turnedAway.Add(int64(n))
		h.hear(serversOf(&h.o, td))
		return ErrFull
	}
	now := time.Now()
	in := takeIn(&h.o, td, h.passes(now))
	if passed := n - in.held; passed > 0 || n == 0 {
		if err := in.pass(ctx, td, h.next.Traces); err != nil {
			h.hear(in.inputs)
			return err
		}
		h.counts.passed.Add(int64(passed))
		h.coverage.silent.Add(int64(in.silent))
	}
	h.silence.note(now, in)
	if h.hold(in) {
		return nil
	}
	// A shutdown began meanwhile.
	rest := ptrace.NewTraces()
	if in.giveBack(rest); in.held == 0 {
		return nil
	}
	return h.next.Traces.ConsumeTraces(ctx, rest)
}

// takes reports whether the loops take something.
func (h *Hub) takes() bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.open
}

// hold gives what waits to the loops, unless they take nothing any more. The lock is not
// held while the pipeline behind is asked, which may hang: a shutdown would wait for it.
func (h *Hub) hold(in *intake) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if !h.open {
		return false
	}
	h.counts.waited.Add(int64(in.held))
	in.encode()
	for i := range in.inputs {
		if v := &in.inputs[i]; len(v.Servers) > 0 || len(v.Encoded) > 0 || v.Spans.ResourceSpans().Len() > 0 {
			h.post(h.loops[i], *v)
		}
	}
	return true
}

// hear tells the shards of the server spans of a payload that was refused, so that
// requests that wait are joined to them while the pipeline behind is away: its
// sender may bring them again too late. A span that comes again is known by its id.
func (h *Hub) hear(inputs []join.Input) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for i := 0; i < len(inputs) && h.open && !h.full(); i++ {
		if servers := inputs[i].Servers; len(servers) > 0 {
			h.silence.hear(&h.o, servers)
			h.post(h.loops[i], join.Input{Spans: ptrace.NewTraces(), Servers: servers})
		}
	}
}

// Metrics takes the runtime's samples, strips exemplars of traces that were not
// kept, and hands everything on.
func (h *Hub) Metrics(ctx context.Context, md pmetric.Metrics) error {
	h.targets.read(md)
	if !h.o.Keep.All || h.o.Source != nil { // with a source, what exemplars name is looked up
		h.settleExemplars(md)
	}
	return h.next.Metrics.ConsumeMetrics(ctx, md)
}

// Logs hands log records on, and takes the GC cycles of runtimes and the lines of
// those that name a trace. A cycle that is sent again is known; a line is not, so
// that lines are taken only when the records were.
func (h *Hub) Logs(ctx context.Context, ld plog.Logs) error {
	h.targets.hear(ld)
	lines := h.lines(ld, time.Now())
	if err := h.next.Logs.ConsumeLogs(ctx, ld); err != nil {
		return err
	}
	h.take(lines)
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
					h.targets.hearOf(service)
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
