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

// Whatever comes in whatever order, each client span leaves once and in time, with
// every server span that came within the wait; and in the end nothing is held.
func TestTheShardDoesWhatTheNaiveJoinDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		traceBytes := rapid.SampledFrom([]int{2500, 1 << 20}).Draw(t, "trace bytes")
		sheds := rapid.Bool().Draw(t, "sheds") // and so forgets
		shard := join.New(join.Options{Wait: wait, TraceBytes: traceBytes, KeepAll: true})
		m := model{left: map[byte]bool{}}
		now, next := epoch, byte(0)
		check := func(left []join.Left) {
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
						if !slices.Contains(has, s) && traceBytes > 1<<19 && !sheds {
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
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 4000).Draw(t, "ms")) * time.Millisecond)
			check(shard.Expire(now))
			for _, c := range m.clients {
				if !m.left[c.id] && now.Sub(c.at) >= wait {
					t.Fatalf("client %d waits for %s", c.id, now.Sub(c.at))
				}
			}
			switch rapid.SampledFrom([]string{"clients", "servers", "servers", "shed"}).Draw(t, "what") {
			case "clients":
				var batch []came
				for range rapid.IntRange(1, 3).Draw(t, "n") {
					if next++; next == 200 {
						break
					}
					batch = append(batch, came{at: now, trace: rapid.ByteRange(1, 5).Draw(t, "trace"), id: next})
				}
				m.clients = append(m.clients, batch...)
				check(shard.Add(now, input(batch, nil, true, true)))
			case "servers":
				s := came{at: now, trace: rapid.ByteRange(1, 5).Draw(t, "trace"), id: byte(len(m.servers) + 1), parent: rapid.ByteRange(1, 20).Draw(t, "parent")}
				m.servers = append(m.servers, s)
				check(shard.Add(now, input(nil, []came{s}, true, true)))
			case "shed":
				if !sheds {
					continue
				}
				before := shard.Bytes()
				check(shard.Shed(1500))
				if shard.Bytes() > max(0, before-1500) {
					t.Fatal("shed too little")
				}
			}
		}
		check(shard.Flush())
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

// The verdict of a trace holds for all of it: with its exemplars, all that comes
// within memory is kept or nothing is, and what an exemplar may go on naming is.
func TestATraceIsKeptAsAWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shard := join.New(join.Options{Wait: wait, TraceBytes: 1 << 20, Remember: 100})
		verdicts := map[byte]map[bool]bool{}
		exemplars := map[byte]bool{}
		now := epoch
		check := func(left []join.Left) {
			for i := range left {
				for j := range left[i].Clients {
					c := &left[i].Clients[j]
					n := c.Trace[15]
					if verdicts[n] == nil {
						verdicts[n] = map[bool]bool{}
					}
					verdicts[n][c.Of.Verdict == join.Kept] = true
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
			check(shard.Add(now, input([]came{{trace: n, id: 1}}, nil, false, n == 1)))
		}
		check(shard.Flush())
		for n, v := range verdicts {
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
