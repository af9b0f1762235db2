package hub

import (
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/internal/pdatasize"
	"github.com/loadtrace/loadtrace/internal/queue"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/annotate"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
)

// queueLength is how many messages may be queued for a loop. A loop never waits for the
// next consumer, so a full queue empties soon.
const queueLength = 64

var reasonNames = [reasons]join.Reason{join.Waited, join.OverBudget, join.TraceTooLarge, join.ShutDown}

// message to a loop: an input, or trace ids that exemplars name, to be answered.
type message struct {
	in    join.Input
	bytes int64 // of in
	marks []pcommon.TraceID
	gone  chan<- []pcommon.TraceID // buffered
}

// loop owns a shard, and its way out.
type loop struct {
	hub   *Hub
	in    chan message
	shard *join.Shard
	out   *queue.Queue[spans]
	ended chan struct{}
	spare outcome // slices for the next, of one that is done

	bytes, waiting, own, late, duplicates int // of the shard, as the hub has counted them
}

func (l *loop) run() {
	defer close(l.ended)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case m, ok := <-l.in:
			if !ok {
				l.flush()
				return
			}
			l.take(m)
			if m.bytes > 0 {
				l.hub.input.release(m.bytes)
			}
		case <-timer.C:
		}
		now := time.Now()
		paused := l.expire(now)
		l.evict()
		if next, ok := l.shard.Next(); paused {
			timer.Reset(pause)
		} else if ok {
			timer.Reset(next.Sub(now))
		}
	}
}

// pause is how long a loop waits for the pipeline to take something.
const pause = 20 * time.Millisecond

// expire has the spans leave that have waited. They take more memory when they have left,
// with what was joined to them, so that they wait on while the pipeline takes nothing.
func (l *loop) expire(now time.Time) (paused bool) {
	for !l.hub.outputOverBudget() {
		left, ok := l.shard.ExpireNext(now)
		if !ok {
			return false
		}
		l.release(left)
	}
	return true
}

// flush has everything leave, no faster than the pipeline takes it as long as there
// is time.
func (l *loop) flush() {
	defer l.count()
	for {
		left, ok := l.shard.FlushNext()
		if !ok {
			return
		}
		l.release(left)
		for l.hub.outputOverBudget() && l.hub.drain.Err() == nil {
			time.Sleep(pause)
		}
	}
}

func (l *loop) take(m message) {
	if m.gone != nil {
		m.gone <- l.shard.Mark(time.Now(), m.marks)
		return
	}
	l.release(l.shard.Add(time.Now(), m.in))
}

// evict releases the oldest spans while all shards together are over budget. See
// Hub.overBudget.
func (l *loop) evict() {
	l.count()
	if l.hub.outputOverBudget() {
		return
	}
	over := l.hub.excess.claim()
	if over == 0 {
		return
	}
	l.hub.presence.full.Store(true)
	l.release(l.shard.Evict(int(over)))
	l.count()
	l.hub.excess.release(over)
}

func (l *loop) count() {
	l.hub.counts.held.Add(int64(l.shard.Bytes() - l.bytes))
	l.hub.counts.waiting.Add(int64(l.shard.Waiting() - l.waiting))
	l.hub.counts.own.Add(int64(l.shard.OwnWaiting() - l.own))
	l.hub.counts.late.Add(int64(l.shard.Late() - l.late))
	l.hub.counts.duplicates.Add(int64(l.shard.Duplicates() - l.duplicates))
	l.bytes, l.waiting, l.own = l.shard.Bytes(), l.shard.Waiting(), l.shard.OwnWaiting()
	l.late, l.duplicates = l.shard.Late(), l.shard.Duplicates()
}

// outcome is a released batch with its client spans joined.
type outcome struct {
	left    join.Released
	results []annotate.Result
	kept    []bool
	named   []bool // by exemplars, of each result
	out     *queue.Queue[spans]
}

// maxSpare is how many results of 1.3 kB each are kept for reuse.
const maxSpare = 1024

// newOutcome returns an outcome with empty results for a batch.
func (l *loop) newOutcome(left *join.Released) *outcome {
	n := len(left.Clients)
	o := l.spare
	l.spare = outcome{}
	if cap(o.results) < n {
		o = outcome{results: make([]annotate.Result, n), kept: make([]bool, n), named: make([]bool, n)}
	}
	return &outcome{left: *left, results: o.results[:n], kept: o.kept[:n], named: o.named[:n], out: l.out}
}

// reuse keeps the slices of an outcome that nothing refers to any more.
func (l *loop) reuse(o *outcome) {
	if cap(o.results) <= maxSpare {
		clear(o.results)
		l.spare = outcome{results: o.results, kept: o.kept, named: o.named}
	}
}

func (l *loop) release(left []join.Released) {
	for i := range left {
		o := l.newOutcome(&left[i])
		l.hub.joinClients(o)
		if n := o.left.Drop(); n > 0 {
			l.hub.counts.notKept.Add(int64(n))
		}
		l.hub.o.Keep.mark(&o.left)
		if l.hub.presence.pending() || !l.hub.lookups.offer(o) {
			l.hub.finish(o)
			l.reuse(o)
		}
	}
}

// joinClients joins the client spans of a batch.
func (h *Hub) joinClients(o *outcome) {
	now := time.Now()
	for i := range o.left.Clients {
		c, r := &o.left.Clients[i], &o.results[i]
		r.Match(c, now, now.Sub(o.left.Arrived))
		r.Reason = o.left.Reason
		o.kept[i], o.named[i] = c.Of.Decision != join.NotKept, c.Of.Named
	}
	h.targets.resolve(o.results, h.o.RuntimeAge)
	for i := range o.results {
		o.results[i].Conclude(h.expected)
	}
}

// finish queues the spans for delivery, with the results on them unless no target was
// observed and none is required.
func (h *Hub) finish(o *outcome) {
	h.counts.released[slices.Index(reasonNames[:], o.left.Reason)].Add(int64(len(o.results)))
	bytes := o.left.Bytes
	if h.presence.pending() {
		h.coverage.addUnobserved(o)
	} else {
		bytes += h.writeResults(o)
	}
	if n := o.left.Spans.SpanCount(); n > 0 {
		o.out.Put(queue.Batch[spans]{Items: n, Bytes: int64(bytes), Data: spans{Traces: o.left.Spans, own: o.own()}})
	}
}

// own is how many client spans of Options.Own are kept.
func (o *outcome) own() (n int) {
	for i := range o.left.Clients {
		if o.left.Clients[i].Own && o.kept[i] {
			n++
		}
	}
	return n
}

// writeResults writes the results on the spans and counts them. It returns the size of what it
// has written.
func (h *Hub) writeResults(o *outcome) (bytes int) {
	limits := annotate.Limits{Lines: h.o.Logs.Lines, Others: h.o.Others, Link: h.o.Link}
	for i := range o.results {
		if o.kept[i] {
			s := o.left.Clients[i].Span
			attributes, events := s.Attributes().Len(), s.Events().Len()
			o.results[i].Put(s, limits)
			bytes += pdatasize.Added(s, attributes, events)
		}
	}
	h.meter.add(o, h.expected)
	h.coverage.add(o)
	return bytes
}
