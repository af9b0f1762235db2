package grpcengine

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/loadgentest"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// parents counts the server's spans by their parent.
type parents struct{ seen sync.Map }

func (*parents) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (*parents) Shutdown(context.Context) error                  { return nil }
func (*parents) ForceFlush(context.Context) error                { return nil }

func (p *parents) OnEnd(s sdktrace.ReadOnlySpan) {
	key := s.SpanContext().TraceID().String() + s.Parent().SpanID().String()
	n, _ := p.seen.LoadOrStore(key, new(atomic.Int32))
	n.(*atomic.Int32).Add(1)
}

func TestServersSpanHasOursAsItsParent(t *testing.T) {
	t.Parallel() // beside the test that waits
	for _, method := range []string{"Unary", "Client", "Server", "Both"} {
		t.Run(method, func(t *testing.T) {
			seen := &parents{}
			provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(seen))
			defer provider.Shutdown(t.Context())
			a := startTarget(t, echo, grpc.StatsHandler(otelgrpc.NewServerHandler(
				otelgrpc.WithTracerProvider(provider), otelgrpc.WithPropagators(propagation.TraceContext{}),
			))).attack(method)
			a.GRPC.Connections = 4
			a.Load = []pace.Stage{{Max: &pace.Max{Workers: 20}, Count: tracedCalls}}
			res := loadgentest.Attack(t.Context(), t, Open, a, loadgen.Limits{})
			require.Len(t, res.Records, tracedCalls)
			// A handler's span ends a moment after the client has its answer.
			require.Eventually(t, func() bool { return orphans(res.Records, seen) == 0 }, 5*time.Second, 10*time.Millisecond)
			for _, r := range res.Records {
				require.True(t, r.OK(), r.ErrorText)
			}
		})
	}
}

// orphans is how many records have not exactly one span of the server below them.
func orphans(records []loadgen.Record, seen *parents) (n int) {
	for _, r := range records {
		if count, ok := seen.seen.Load(r.TraceID.String() + r.SpanID.String()); !ok || count.(*atomic.Int32).Load() != 1 {
			n++
		}
	}
	return n
}

func (g *target) run(t *testing.T, a loadgen.Attack, calls uint64) []loadgen.Record {
	if a.Load == nil {
		a.Load = []pace.Stage{{Max: &pace.Max{Workers: 2}, Count: calls}}
	}
	return loadgentest.Attack(t.Context(), t, Open, a, loadgen.Limits{Grace: time.Second, Overrun: time.Second}).Records
}

func TestRecordTellsWhatTheStreamDid(t *testing.T) {
	for _, c := range []struct {
		method         string
		sent, received int
	}{{"Client", 2, 1}, {"Server", 1, 3}, {"Both", 2, 2}} {
		t.Run(c.method, func(t *testing.T) {
			g := startTarget(t, echo)
			a := g.attack(c.method)
			a.GRPC.Data = `[{"text": "one"}, {"text": "three"}]`
			for _, r := range g.run(t, a, 4) {
				require.NotNil(t, r.Stream)
				assert.Equal(t, c.sent, r.Stream.Sent)
				assert.Equal(t, c.received, r.Stream.Received)
				assert.Len(t, r.Stream.Gaps, c.received-1)
				assert.Positive(t, r.Stream.First)
				assert.LessOrEqual(t, r.Stream.First, r.ServiceTime())
				assert.Positive(t, r.BytesSent)
				assert.Positive(t, r.BytesReceived)
			}
		})
	}
}

func TestGapsAreBounded(t *testing.T) {
	g := startTarget(t, func(s grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error {
		note, err := recv()
		for range loadgen.MaxGaps + 11 {
			_ = s.SendMsg(note)
		}
		return err
	})
	r := g.run(t, g.attack("Server"), 1)[0]
	assert.Len(t, r.Stream.Gaps, loadgen.MaxGaps)
	assert.Equal(t, 10, r.Stream.GapsCut)
}

func TestStreamIsShapedByThePlan(t *testing.T) {
	g := startTarget(t, echo)
	a := g.attack("Both")
	a.GRPC.Stream = loadgen.StreamLoad{Messages: 3, Interval: 20 * time.Millisecond}
	r := g.run(t, a, 1)[0]
	assert.Equal(t, 3, r.Stream.Sent)
	assert.GreaterOrEqual(t, r.ServiceTime(), 40*time.Millisecond)

	a.GRPC.Stream = loadgen.StreamLoad{Messages: 1000, Interval: 20 * time.Millisecond, Duration: 70 * time.Millisecond}
	r = g.run(t, a, 1)[0]
	assert.True(t, r.OK(), r.ErrorText)
	assert.Greater(t, r.Stream.Sent, 1)
	assert.Less(t, r.Stream.Sent, 5)
}

func TestServerStreamThatThePlanClosesIsNoFailure(t *testing.T) {
	g := startTarget(t, func(s grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error {
		note, _ := recv()
		_ = s.SendMsg(note)
		<-s.Context().Done()
		return status.FromContextError(s.Context().Err()).Err()
	})
	a := g.attack("Server")
	a.GRPC.Stream.Duration = 60 * time.Millisecond
	r := g.run(t, a, 1)[0]
	assert.True(t, r.OK(), "%s %s", r.Error, r.ErrorText)
	assert.Equal(t, 1, r.Stream.Received)
	assert.GreaterOrEqual(t, r.ServiceTime(), 60*time.Millisecond)
}

func TestMessagesAndMetadataComeFromTemplates(t *testing.T) {
	var mu sync.Mutex
	got := map[string]bool{}
	g := startTarget(t, func(s grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error {
		note, err := recv()
		mu.Lock()
		defer mu.Unlock()
		fields := note.Descriptor().Fields()
		got[fmt.Sprintln(note.Get(fields.ByName("text")), note.Get(fields.ByName("number")),
			header(s.Context(), "x-call"), header(s.Context(), "x-raw-bin"), strings.Contains(header(s.Context(), "baggage"), "loadgen.run.id="))] = true
		_ = s.SendMsg(note)
		return err
	})
	a := g.attack("Unary")
	a.Baggage = true
	a.GRPC.Data = `[{"text": "even {{.InputName}}", "number": "{{.RequestNumber}}"}, {"text": "odd"}]`
	a.GRPC.Metadata = map[string]string{"X-Call": "{{.RequestNumber}}-{{upper .MethodName}}", "x-raw-bin": "AAE="}
	g.run(t, a, 4)
	assert.Equal(t, map[string]bool{
		"even Note 0 0-UNARY \x00\x01 true\n": true, "odd 0 1-UNARY \x00\x01 true\n": true,
		"even Note 2 2-UNARY \x00\x01 true\n": true, "odd 0 3-UNARY \x00\x01 true\n": true,
	}, got)
}

func TestCompressedCallsAreUnderstood(t *testing.T) {
	g := startTarget(t, echo)
	a := g.attack("Unary")
	a.GRPC.Compression = "gzip"
	for _, r := range g.run(t, a, 3) {
		assert.True(t, r.OK(), r.ErrorText)
		assert.EqualValues(t, 7, r.BytesReceived, "bytes of the message itself")
	}
}

func TestStatusOfTheTargetIsAnAnswer(t *testing.T) {
	g := startTarget(t, func(grpc.ServerStream, func() (*dynamicpb.Message, error)) error {
		return status.Error(codes.PermissionDenied, "not you")
	})
	for _, r := range g.run(t, g.attack("Unary"), 5) {
		assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
		assert.EqualValues(t, codes.PermissionDenied, r.Status)
		assert.False(t, r.OK())
	}
}

func TestRecordNamesItsConnection(t *testing.T) {
	g := startTarget(t, echo)
	dialed, locals := 0, map[string]bool{}
	for _, r := range g.run(t, g.attack("Unary"), 40) {
		dialed += r.Dialed
		assert.Equal(t, r.Dialed == 0, r.Reused)
		assert.Equal(t, g.addr, r.Peer.String())
		locals[r.Local.String()] = true
		assert.Equal(t, r.ServiceTime(), r.Phases.Sum())
	}
	assert.Equal(t, 2, dialed)
	assert.Len(t, locals, 2)
}

// ghz's list of results grows by 64 bytes a call, and its channel by more.
func TestMemoryStaysFlatOverManyCalls(t *testing.T) {
	g := startTarget(t, echo)
	a := g.attack("Unary")
	a.Load = []pace.Stage{{Max: &pace.Max{Workers: 20}, Count: 40000}}
	var calls int
	var early, late uint64
	attackEach(t, a, func(*loadgen.Record) {
		switch calls++; calls {
		case 10000:
			early = heap()
		case 40000:
			late = heap()
		}
	})
	require.Equal(t, 40000, calls)
	assert.Less(t, int64(late)-int64(early), int64(1<<20), "bytes kept by 30,000 calls")
}

// ghz keeps no more than a million results, and its percentiles are of those: a
// tail that comes later is not in them. That is nothing to us as long as ghz has
// no results at all, and every call is a record.
func TestGHZKeepsNoResultWhichOursCouldComeFrom(t *testing.T) {
	g := startTarget(t, echo)
	a := g.attack("Unary")
	a.Load = []pace.Stage{{Max: &pace.Max{Workers: 10}, Count: 3000}}
	schedule, err := pace.New(a.Load)
	require.NoError(t, err)
	e, err := Open(setupOf(a))
	require.NoError(t, err)
	var ok atomic.Int64
	report, err := e.(*engine).drive(t.Context(), pace.NewPacer(t.Context(), schedule, pace.Options{}), func(r *loadgen.Record) {
		if r.OK() {
			ok.Add(1)
		}
	})
	require.NoError(t, err)
	assert.EqualValues(t, 3000, ok.Load())
	assert.Empty(t, report.Details)
	assert.LessOrEqual(t, cap(report.Details), 1, "nor is there room for them")
	assert.Zero(t, report.Count, "calls that ghz did not skip")
	assert.Empty(t, report.LatencyDistribution)
	assert.Empty(t, report.StatusCodeDist)
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// attackEach tells each record, one at a time.
func attackEach(t *testing.T, a loadgen.Attack, each func(*loadgen.Record)) {
	schedule, err := pace.New(a.Load)
	require.NoError(t, err)
	e, err := Open(setupOf(a))
	require.NoError(t, err)
	var mu sync.Mutex
	p := pace.NewPacer(t.Context(), schedule, pace.Options{})
	require.NoError(t, e.Run(t.Context(), p, func(r *loadgen.Record) {
		mu.Lock()
		defer mu.Unlock()
		each(r)
	}))
	require.NoError(t, e.Close())
}

// carryOut runs an engine on its attack.
func carryOut(t *testing.T, e loadgen.Engine, a loadgen.Attack) (records []loadgen.Record, err error) {
	schedule, err := pace.New(a.Load)
	require.NoError(t, err)
	var mu sync.Mutex
	err = e.Run(t.Context(), pace.NewPacer(t.Context(), schedule, pace.Options{}), func(r *loadgen.Record) {
		mu.Lock()
		defer mu.Unlock()
		records = append(records, *r)
	})
	return records, err
}
