package join

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

// Options of a Shard.
type Options struct {
	Wait time.Duration
	// TraceBytes is the most that one trace may hold. Beyond it, its client spans
	// leave at once, and digests are only counted.
	TraceBytes int
	// KeepAll: no trace is dropped, and only client spans wait. Otherwise all spans
	// do, and Remember is how many traces of either decision are known by their id.
	KeepAll  bool
	Remember int
}

// Input is what came at one time. Spans, with the clients among them, may be
// empty; Bytes is their size.
type Input struct {
	Spans ptrace.Traces
	// Encoded is spans in place of Spans, encoded: while they wait they take a third of
	// the memory, and nothing of the garbage collector's time. Clients have no Span
	// then. Decoded is their size when all of them leave.
	Encoded []byte
	Decoded int
	Clients []Client
	IDs     []pcommon.TraceID // of all spans that wait, if not all traces are kept
	Bytes   int
	Servers []Server
	Lines   []logline.Line
}

// Size of an input in memory, about.
func (in *Input) Size() int {
	n := in.Bytes + in.resourceBytes()
	for i := range in.Servers {
		n += in.Servers[i].Size()
	}
	for i := range in.Lines {
		n += in.Lines[i].Size()
	}
	return n
}

// resourceBytes is the size of those of the server spans. Those of one resource share one.
func (in *Input) resourceBytes() (n int) {
	var last *Resource
	for i := range in.Servers {
		if from := in.Servers[i].Resource; from != last {
			last = from
			n += from.Size()
		}
	}
	return n
}

// Reason is why a batch left.
type Reason string

// The reasons.
const (
	Waited        Reason = "waited"
	OverBudget    Reason = "budget"
	TraceTooLarge Reason = "trace_too_large"
	ShutDown      Reason = "shutdown"
)

// Joined is a client span and its trace, as known when it left.
type Joined struct {
	Client
	Of *Trace
	// Alone: it is the only client span of its trace that waited.
	Alone bool
}

// Released is a batch that has left. Spans of traces that are not kept may still be
// among Spans; Drop takes them out.
type Released struct {
	Reason   Reason
	Arrived  time.Time
	Spans    ptrace.Traces
	Clients  []Joined
	Bytes    int
	filtered bool // spans of traces that are not kept are out already
	dropped  int  // how many these were
	traces   []*Trace
}

type batch struct {
	at            time.Time
	spans         ptrace.Traces
	encoded       []byte // in place of spans
	decoded       int    // size of encoded when it is decoded
	clients       []Joined
	spanTraces    []*Trace // of each span, if not all traces are kept; else they are the clients'
	traces        []*Trace
	bytes         int // of the spans; digests are charged to their traces
	each          int // of one span
	resourceBytes int // size of those of server spans that came with it
}

// referenceBytes is the size of what a batch refers to beside its spans: the list of its traces,
// and the origins of server spans that came with it.
func (b *batch) referenceBytes() int { return len(b.traces)*referenceSize + b.resourceBytes }

func (b *batch) spanCount() int { return max(len(b.spanTraces), len(b.clients)) }

// eachTrace visits the trace of every span.
func (b *batch) eachTrace(visit func(*Trace)) {
	for _, t := range b.spanTraces {
		visit(t)
	}
	for i := 0; i < len(b.clients) && len(b.spanTraces) == 0; i++ {
		visit(b.clients[i].Of)
	}
}

// Shard holds batches and the traces that they are of.
type Shard struct {
	o       Options
	queue   queue
	traces  map[pcommon.TraceID]*Trace
	dropped idCache   // traces that were not kept
	kept    idCache   // and those that were, for what is late
	missed  idCache   // traces whose clients have left without a server span
	arrived spanCache // client spans that came
	late    int
	bytes   int
	waiting int
	own     int // of those that wait
}

// New makes an empty shard.
func New(o Options) *Shard {
	return &Shard{o: o, traces: map[pcommon.TraceID]*Trace{}, dropped: newIDCache(o.Remember), kept: newIDCache(o.Remember),
		missed: newIDCache(missed), arrived: newSpanCache()}
}

// Duplicates is how many client spans came that had come before, as when their sender got no
// answer and sent them again. They wait with what they came with, and are not joined.
func (s *Shard) Duplicates() int { return s.arrived.duplicates }

// missed bounds the traces that are known to lack a server span.
const missed = 10_000

// Late is how many server spans came when the client spans of their trace had left
// without one: the wait was too short for them.
func (s *Shard) Late() int { return s.late }

// Bytes that are held.
func (s *Shard) Bytes() int { return s.bytes }

// Waiting is how many client spans wait.
func (s *Shard) Waiting() int { return s.waiting }

// OwnWaiting is how many of them are of the run that is counted.
func (s *Shard) OwnWaiting() int { return s.own }

// Traces is how many traces something is known of.
func (s *Shard) Traces() int { return len(s.traces) }

// Next is when the oldest batch is due; ok is false if nothing waits.
func (s *Shard) Next() (at time.Time, ok bool) {
	if s.queue.len() == 0 {
		return time.Time{}, false
	}
	return s.queue.first().at.Add(s.o.Wait), true
}

// Add takes what came. It returns the batch back if its trace is too large to wait.
func (s *Shard) Add(now time.Time, in Input) (early []Released) {
	b := &batch{at: now, spans: in.Spans, encoded: in.Encoded, decoded: in.Decoded, bytes: in.Bytes + batchBytes, resourceBytes: in.resourceBytes()}
	for i := range in.Servers {
		t := s.reference(b, in.Servers[i].Trace)
		s.addServer(t, &in.Servers[i])
	}
	for i := range in.Lines {
		t := s.reference(b, in.Lines[i].TraceID)
		s.addLine(t, &in.Lines[i])
	}
	if len(in.IDs) > 0 {
		b.spanTraces = make([]*Trace, 0, len(in.IDs))
	}
	for _, id := range in.IDs {
		b.spanTraces = append(b.spanTraces, s.reference(b, id))
	}
	for i, c := range in.Clients {
		if i == 0 {
			b.clients = make([]Joined, 0, len(in.Clients))
		}
		if s.arrived.before(c.Trace, c.ID) {
			continue
		}
		t := s.reference(b, c.Trace)
		t.Clients++
		t.wanted, t.sampled = t.wanted || c.Wanted, t.sampled || c.Sampled
		b.clients = append(b.clients, Joined{Client: c, Of: t})
		if c.Own {
			s.own++
		}
	}
	s.bytes += b.referenceBytes()
	large := false
	if n := b.spanCount(); n > 0 {
		b.each = in.Bytes / n
		b.eachTrace(func(t *Trace) {
			t.bytes += b.each
			large = large || t.bytes > s.o.TraceBytes
		})
	}
	s.bytes += b.bytes
	s.waiting += len(b.clients)
	s.queue.push(b)
	if !large {
		return nil
	}
	return s.splitLarge(b)
}

// reference has a batch hold a trace.
func (s *Shard) reference(b *batch, id pcommon.TraceID) *Trace {
	t := s.traces[id]
	if t == nil {
		t = &Trace{ID: id}
		switch {
		case s.dropped.has(id):
			t.Decision = NotKept
		case s.kept.has(id):
			t.Decision, t.Sampled = Kept, s.kept.marked(id)
		}
		s.traces[id] = t
		s.bytes += traceBytes
	}
	if n := len(b.traces); n == 0 || b.traces[n-1] != t {
		b.traces = append(b.traces, t)
		t.refs++
	}
	return t
}

func (s *Shard) addServer(t *Trace, v *Server) {
	for i := range t.Servers {
		if t.Servers[i].ID == v.ID {
			return // sent again
		}
	}
	if len(t.Servers) >= MaxServers || t.bytes > s.o.TraceBytes {
		t.CutServers++
		return
	}
	if t.Clients == 0 && s.missed.has(v.Trace) {
		s.late++
	}
	t.Servers = append(t.Servers, *v)
	s.charge(t, v.Size())
}

func (s *Shard) addLine(t *Trace, l *logline.Line) {
	if len(t.Lines) >= MaxLines || t.bytes > s.o.TraceBytes {
		t.CutLines++
		return
	}
	t.Lines = append(t.Lines, *l)
	s.charge(t, l.Size())
}

func (s *Shard) charge(t *Trace, n int) {
	t.bytes += n
	s.bytes += n
}

// Mark has traces kept that an exemplar names, and returns those for which it is
// too late. A trace that is not known yet is known from now on, for the wait.
func (s *Shard) Mark(now time.Time, ids []pcommon.TraceID) (gone []pcommon.TraceID) {
	b := &batch{at: now, spans: ptrace.NewTraces(), bytes: batchBytes}
	for _, id := range ids {
		t := s.reference(b, id)
		if t.Decision == NotKept {
			gone = append(gone, id)
			continue
		}
		t.Decision, t.Named = Kept, true
		s.kept.add(id, t.Sampled)
	}
	s.bytes += b.bytes + b.referenceBytes()
	s.queue.push(b)
	return gone
}

// Expire returns the batches that have waited, the oldest first.
func (s *Shard) Expire(now time.Time) (left []Released) {
	for s.due(now) {
		left = s.leave(left, Waited)
	}
	return left
}

// ExpireNext returns the oldest batch if it has waited, none if it has no spans; ok
// is false if none has waited.
func (s *Shard) ExpireNext(now time.Time) (left []Released, ok bool) {
	if !s.due(now) {
		return nil, false
	}
	return s.leave(nil, Waited), true
}

func (s *Shard) due(now time.Time) bool {
	return s.queue.len() > 0 && now.Sub(s.queue.first().at) >= s.o.Wait
}

// Evict releases the oldest batches until at least so many bytes are free, and returns them.
func (s *Shard) Evict(bytes int) (left []Released) {
	for goal := s.bytes - bytes; s.queue.len() > 0 && s.bytes > goal; {
		left = s.leave(left, OverBudget)
	}
	return left
}

// FlushNext returns the oldest batch, none if it has no spans; ok is false if there
// is no batch.
func (s *Shard) FlushNext() (left []Released, ok bool) {
	if s.queue.len() == 0 {
		return nil, false
	}
	return s.leave(nil, ShutDown), true
}

// leave takes the oldest batch out, and appends it if it has spans.
func (s *Shard) leave(left []Released, why Reason) []Released {
	b := s.queue.pop()
	l := s.settle(b, why)
	for _, t := range b.traces {
		if t.refs--; t.refs == 0 {
			delete(s.traces, t.ID)
			s.bytes -= traceBytes + s.digests(t)
		}
	}
	if l.Spans.ResourceSpans().Len() == 0 && l.dropped == 0 {
		return left
	}
	return append(left, l)
}

func (s *Shard) digests(t *Trace) (n int) {
	for i := range t.Servers {
		n += t.Servers[i].Size()
	}
	for i := range t.Lines {
		n += t.Lines[i].Size()
	}
	return n
}

func (s *Shard) settle(b *batch, why Reason) Released {
	s.bytes -= b.bytes + b.referenceBytes()
	s.waiting -= len(b.clients)
	b.eachTrace(func(t *Trace) { t.bytes -= b.each })
	for i := range b.clients {
		c := &b.clients[i]
		if c.Own {
			s.own--
		}
		c.Alone = c.Of.Clients == 1
		if len(c.Of.Servers) == 0 {
			s.missed.add(c.Trace, false)
		}
	}
	if !s.o.KeepAll {
		for _, t := range b.traces {
			s.decide(t)
		}
	}
	l := Released{Reason: why, Arrived: b.at, Clients: b.clients, traces: b.traces}
	if l.filtered = b.encoded != nil; l.filtered {
		l.dropped = b.decode(func(t *Trace) bool { return t.Decision != NotKept })
	}
	l.Spans, l.Bytes = b.spans, b.bytes
	return l
}

// decide once and for all what becomes of a trace, if it has client spans of a
// load test.
func (s *Shard) decide(t *Trace) {
	switch {
	case t.Decision != Pending || t.Clients == 0:
	case t.wanted, t.sampled:
		t.Decision, t.Sampled = Kept, !t.wanted
		s.kept.add(t.ID, t.Sampled)
	default:
		t.Decision = NotKept
		s.dropped.add(t.ID, false)
	}
}
