package join_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"pgregory.net/rapid"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
)

const wait = 10 * time.Second

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// came is something that was added: a client span, or a server span's digest.
type came struct {
	at     time.Time
	trace  byte
	id     byte
	parent byte // of a server span
}

// model is the naive join: it keeps everything for ever, and searches it.
type model struct {
	clients []came
	servers []came
	left    map[byte]bool // client spans
}

// known are the server spans that a client span that leaves now must have: of its
// trace, and never longer away from anything of the trace than the wait. For
// lack of that bookkeeping it says which must be there, and which may.
func (m *model) known(c came, now time.Time) (must, may []byte) {
	for _, s := range m.servers {
		if s.trace != c.trace || s.parent != c.id || s.at.After(now) {
			continue
		}
		may = append(may, s.id)
		if gap := c.at.Sub(s.at); gap < wait {
			must = append(must, s.id)
		}
	}
	return must, may
}

func trace(n byte) (id pcommon.TraceID) { id[15] = n; return id }
func span(n byte) (id pcommon.SpanID)   { id[7] = n; return id }

func input(clients, servers []came, keepAll bool, wanted bool) join.Input {
	in := join.Input{Spans: ptrace.NewTraces()}
	if len(clients) > 0 {
		spans := in.Spans.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
		for _, c := range clients {
			s := spans.AppendEmpty()
			s.SetTraceID(trace(c.trace))
			s.SetSpanID(span(c.id))
			in.Clients = append(in.Clients, join.Client{Trace: trace(c.trace), Span: s, Wanted: wanted})
			in.Bytes += 1000
			if !keepAll {
				in.IDs = append(in.IDs, trace(c.trace))
			}
		}
	}
	for _, s := range servers {
		in.Servers = append(in.Servers, join.Server{Trace: trace(s.trace), ID: span(s.id), Parent: span(s.parent)})
	}
	return in
}

// encoded is the same input with its spans encoded.
func encoded(in join.Input) join.Input {
	if in.Spans.SpanCount() == 0 {
		return in
	}
	in.IDs = nil
	for i := range in.Clients {
		in.IDs = append(in.IDs, in.Clients[i].Trace)
		in.Clients[i].Index, in.Clients[i].Span = i, ptrace.Span{}
	}
	in.Encoded, _ = (&ptrace.ProtoMarshaler{}).MarshalTraces(in.Spans)
	in.Spans, in.Decoded = ptrace.NewTraces(), in.Bytes
	return in
}

func flush(s *join.Shard) (all []join.Released) {
	for {
		left, ok := s.FlushNext()
		if !ok {
			return all
		}
		all = append(all, left...)
	}
}

// check what left against the model: each once, in time, and with the servers that it must
// have, if all do, and none that it may not have.
func (m *model) check(t *rapid.T, now time.Time, all bool, left []join.Released) {
	for i := range left {
		l := &left[i]
		if l.Spans.SpanCount() != len(l.Clients) {
			t.Fatalf("%d spans of %d clients", l.Spans.SpanCount(), len(l.Clients))
		}
		for j := range l.Clients {
			c := &l.Clients[j]
			id := c.Span.SpanID()[7]
			if m.left[id] {
				t.Fatalf("client %d left twice", id)
			}
			m.left[id] = true
			at := slices.IndexFunc(m.clients, func(x came) bool { return x.id == id })
			if c.Span.TraceID() != trace(m.clients[at].trace) {
				t.Fatalf("client %d has the span of another", id)
			}
			if l.Reason == join.Waited && now.Sub(m.clients[at].at) < wait {
				t.Fatalf("client %d left after %s", id, now.Sub(m.clients[at].at))
			}
			must, may := m.known(m.clients[at], now)
			var has []byte
			for _, s := range c.Of.Children(span(id)) {
				has = append(has, s.ID[7])
			}
			for _, s := range must {
				if !slices.Contains(has, s) && all {
					t.Fatalf("client %d lacks server %d", id, s)
				}
			}
			for _, s := range has {
				if !slices.Contains(may, s) {
					t.Fatalf("client %d has server %d", id, s)
				}
			}
		}
	}
}

// Whatever comes in whatever order, each client span leaves once and in time, with
// every server span that came within the wait; and in the end nothing is held.
func TestTheShardDoesWhatTheNaiveJoinDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		traceBytes := rapid.SampledFrom([]int{2500, 1 << 20}).Draw(t, "trace bytes")
		evicts := rapid.Bool().Draw(t, "evicts") // and so forgets
		form := func(in join.Input) join.Input { return in }
		if rapid.Bool().Draw(t, "encoded") {
			form = encoded
		}
		shard := join.New(join.Options{Wait: wait, TraceBytes: traceBytes, KeepAll: true})
		m := model{left: map[byte]bool{}}
		now, next := epoch, byte(0)
		check := func(left []join.Released) { m.check(t, now, traceBytes > 1<<19 && !evicts, left) }
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 4000).Draw(t, "ms")) * time.Millisecond)
			check(shard.Expire(now))
			for _, c := range m.clients {
				if !m.left[c.id] && now.Sub(c.at) >= wait {
					t.Fatalf("client %d waits for %s", c.id, now.Sub(c.at))
				}
			}
			switch rapid.SampledFrom([]string{"clients", "servers", "servers", "evict"}).Draw(t, "what") {
			case "clients":
				var batch []came
				for range rapid.IntRange(1, 3).Draw(t, "n") {
					if next++; next == 200 {
						break
					}
					batch = append(batch, came{at: now, trace: rapid.ByteRange(1, 5).Draw(t, "trace"), id: next})
				}
				m.clients = append(m.clients, batch...)
				check(shard.Add(now, form(input(batch, nil, true, true))))
			case "servers":
				s := came{at: now, trace: rapid.ByteRange(1, 5).Draw(t, "trace"), id: byte(len(m.servers) + 1), parent: rapid.ByteRange(1, 20).Draw(t, "parent")}
				m.servers = append(m.servers, s)
				check(shard.Add(now, input(nil, []came{s}, true, true)))
			case "evict":
				if !evicts {
					continue
				}
				before := shard.Bytes()
				check(shard.Evict(1500))
				if shard.Bytes() > max(0, before-1500) {
					t.Fatal("evicted too little")
				}
			}
		}
		check(flush(shard))
		for _, c := range m.clients {
			if !m.left[c.id] {
				t.Fatalf("client %d never left", c.id)
			}
		}
		if shard.Bytes() != 0 || shard.Waiting() != 0 || shard.Traces() != 0 {
			t.Fatal(fmt.Sprintf("an empty shard holds %d bytes, %d spans, %d traces", shard.Bytes(), shard.Waiting(), shard.Traces()))
		}
	})
}

// The decision on a trace holds for all of it: with its exemplars, all that comes
// within memory is kept or nothing is, and what an exemplar may go on naming is.
func TestATraceIsKeptAsAWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shard := join.New(join.Options{Wait: wait, TraceBytes: 1 << 20, Remember: 100})
		decisions := map[byte]map[bool]bool{}
		exemplars := map[byte]bool{}
		now := epoch
		check := func(left []join.Released) {
			for i := range left {
				for j := range left[i].Clients {
					c := &left[i].Clients[j]
					n := c.Trace[15]
					if decisions[n] == nil {
						decisions[n] = map[bool]bool{}
					}
					decisions[n][c.Of.Decision == join.Kept] = true
				}
				left[i].Drop()
			}
		}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			check(shard.Expire(now))
			n := rapid.ByteRange(1, 6).Draw(t, "trace")
			if rapid.Bool().Draw(t, "exemplar") {
				if gone := shard.Mark(now, []pcommon.TraceID{trace(n)}); len(gone) == 0 {
					exemplars[n] = true
				}
				continue
			}
			// Trace 1 is wanted by all its spans, the others by none.
			in := input([]came{{trace: n, id: 1}}, nil, false, n == 1)
			if rapid.Bool().Draw(t, "encoded") {
				in = encoded(in)
			}
			check(shard.Add(now, in))
		}
		check(flush(shard))
		for n, v := range decisions {
			switch {
			case len(v) > 1:
				t.Fatalf("a part of trace %d was kept", n)
			case v[false] && (n == 1 || exemplars[n]):
				t.Fatalf("trace %d was not kept", n)
			}
		}
		if shard.Bytes() != 0 || shard.Traces() != 0 {
			t.Fatal("an empty shard holds something")
		}
	})
}

// Of encoded spans only those of kept traces are ever decoded: each comes out once,
// and the others are counted.
func TestEncodedSpansOfKeptTracesLeaveAndOthersAreCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shard := join.New(join.Options{Wait: wait, TraceBytes: rapid.SampledFrom([]int{2500, 1 << 20}).Draw(t, "trace bytes"), Remember: 100})
		total, out, dropped, next := 0, 0, 0, byte(0)
		check := func(left []join.Released) {
			for i := range left {
				l := &left[i]
				for j := range l.Clients {
					c := &l.Clients[j]
					if c.Of.Decision == join.NotKept && (c.Span == ptrace.Span{}) {
						continue
					}
					if c.Span.TraceID() != c.Trace || c.Span.Name() != "client" {
						t.Fatalf("a client of trace %s has the span %q of %s", c.Trace, c.Span.Name(), c.Span.TraceID())
					}
				}
				dropped += l.Drop()
				for _, rs := range l.Spans.ResourceSpans().All() {
					for _, s := range rs.ScopeSpans().At(0).Spans().All() {
						if s.TraceID()[15] > 2 {
							t.Fatalf("a span of trace %s, which nobody wants", s.TraceID())
						}
						out++
					}
				}
			}
		}
		now := epoch
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 4000).Draw(t, "ms")) * time.Millisecond)
			check(shard.Expire(now))
			in := join.Input{Spans: ptrace.NewTraces()}
			for range rapid.IntRange(1, 4).Draw(t, "spans") {
				s := in.Spans.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
				next++
				n := next%5 + 1 // 1 and 2 are wanted
				s.SetTraceID(trace(n))
				s.SetName("other")
				if rapid.Bool().Draw(t, "client") {
					s.SetName("client")
					in.Clients = append(in.Clients, join.Client{Trace: trace(n), Index: len(in.IDs), Wanted: n <= 2})
				}
				in.IDs = append(in.IDs, trace(n))
				in.Bytes, in.Decoded = in.Bytes+300, in.Decoded+1000
				total++
			}
			in.Encoded, _ = (&ptrace.ProtoMarshaler{}).MarshalTraces(in.Spans)
			in.Spans = ptrace.NewTraces()
			// Each trace has a client from the first, so that none goes on for lack of one.
			if next <= 4 {
				for n := byte(1); n <= 5; n++ {
					check(shard.Add(now, encoded(client(n))))
					total++
				}
			}
			check(shard.Add(now, in))
		}
		check(flush(shard))
		if out+dropped != total {
			t.Fatalf("%d spans came: %d went on, %d were dropped", total, out, dropped)
		}
		if shard.Bytes() != 0 || shard.Waiting() != 0 || shard.Traces() != 0 {
			t.Fatalf("an empty shard holds %d bytes, %d spans, %d traces", shard.Bytes(), shard.Waiting(), shard.Traces())
		}
	})
}

// client is the input of one client span, of a wanted trace or not.
func client(n byte) join.Input {
	in := input([]came{{trace: n, id: n}}, nil, false, n <= 2)
	in.Clients[0].Span.SetName("client")
	return in
}

func TestAHugeTraceDoesNotPushOthersOut(t *testing.T) {
	shard := join.New(join.Options{Wait: wait, TraceBytes: 5000, KeepAll: true})
	shard.Add(epoch, input([]came{{trace: 1, id: 1}}, nil, true, true))
	early := 0
	for i := range byte(100) {
		for _, l := range shard.Add(epoch, input([]came{{trace: 2, id: i}, {trace: i + 10, id: i}}, nil, true, true)) {
			early += len(l.Clients)
			for j := range l.Clients {
				if l.Clients[j].Trace != trace(2) || l.Reason != join.TraceTooLarge {
					t.Fatal("another trace had to leave")
				}
				if l.Clients[j].Span.SpanID() != span(i) {
					t.Fatal("the span was lost on the way")
				}
			}
		}
	}
	if early != 95 {
		t.Fatalf("%d spans of the huge trace left early", early)
	}
}

// So that one sees that the wait is too short.
func TestServerSpansThatComeTooLateAreCounted(t *testing.T) {
	for _, late := range []struct {
		name  string
		after time.Duration
		want  int
	}{{"in time", wait - 1, 0}, {"too late", wait, 1}} {
		shard := join.New(join.Options{Wait: wait, TraceBytes: 1 << 20, KeepAll: true})
		shard.Add(epoch, input([]came{{trace: 1, id: 1}}, nil, true, true))
		shard.Expire(epoch.Add(late.after))
		shard.Add(epoch.Add(late.after), input(nil, []came{{trace: 1, id: 2, parent: 1}, {trace: 2, id: 3, parent: 9}}, true, true))
		if shard.Late() != late.want {
			t.Fatalf("%s: %d", late.name, shard.Late())
		}
	}
}
