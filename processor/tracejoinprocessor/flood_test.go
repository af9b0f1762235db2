//go:build linux

package tracejoinprocessor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/metadata"
)

const (
	floodEnv    = "LOADTRACE_TEST_FLOOD" // has a child flood one field
	floodBudget = 16 << 20               // max_bytes
	floodBytes  = 1 << 20                // of the field, in each payload
	// floodMost is the most resident memory: twice the budget and 150 MB for all else.
	floodMost = 2*floodBudget + 150_000_000
	// floodHeap is the most heap that is left after a collection, where the race detector's
	// own memory hides the rest: twice the budget, and 25 MB for clocks and instance caches.
	floodHeap = 2*floodBudget + 25_000_000
)

// floodPayloads is far more than the memory that is allowed.
func floodPayloads() int {
	if raced {
		return 100
	}
	return 250
}

// Memory is bounded whatever comes: each field of each signal is flooded in a process of
// its own, whose resident memory is looked at. Names and texts of any length once were kept
// whole, by instance caches, clocks, and spans that had left.
func TestMemoryIsBoundedWhateverFieldIsFlooded(t *testing.T) {
	if field := os.Getenv(floodEnv); field != "" {
		flood(t, field)
		return
	}
	for _, field := range slices.Sorted(maps.Keys(floods)) {
		t.Run(field, func(t *testing.T) {
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+"TestMemoryIsBoundedWhateverFieldIsFlooded"+"$", "-test.v")
			child.Env = append(os.Environ(), floodEnv+"="+field, "GOGC=100", "GOMEMLIMIT=off")
			out, err := child.CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Contains(t, string(out), "flooded with", "it ran")
			for line := range bytes.Lines(out) {
				if bytes.Contains(line, []byte("flooded with")) {
					t.Logf("%s", bytes.TrimSpace(line))
				}
			}
		})
	}
}

// flood one field, as the child.
func flood(t *testing.T, field string) {
	f := newFlooded(t, floods[field])
	most := uint64(0)
	began := time.Now()
	for i := range floodPayloads() {
		f.of.send(f, i)
		if raced && i%10 == 9 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	if raced {
		assert.Less(t, most, uint64(floodHeap), "bytes of heap in use")
	} else {
		most = peak(t)
		assert.Less(t, most, uint64(floodMost), "bytes of resident memory, at most")
	}
	t.Logf("flooded with %d payloads in %v: %d MB", floodPayloads(), time.Since(began).Round(time.Millisecond), most/1_000_000)
	f.next.shut.Store(false)
	f.shutdown()
}

// peak of resident memory, in bytes. It is not getrusage's, which has that of the parent.
func peak(t *testing.T) uint64 {
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	for line := range bytes.Lines(status) {
		if kb, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			n, err := strconv.ParseUint(string(bytes.TrimSuffix(bytes.TrimSpace(kb), []byte(" kB"))), 10, 64)
			require.NoError(t, err)
			return n << 10
		}
	}
	t.Fatal("no VmHWM")
	return 0
}

// flooding is how a join is flooded.
type flooding struct {
	config string // over the default
	shut   bool   // the pipeline behind takes no client spans
	send   func(f *flooded, i int)
}

// flooded is a join with little memory, in which spans wait for longer than the test takes.
type flooded struct {
	t       *testing.T
	of      flooding
	next    *gate
	traces  processor.Traces
	metrics processor.Metrics
	logs    processor.Logs
}

// gate takes no client spans while it is shut.
type gate struct {
	consumertest.Consumer
	shut atomic.Bool
}

func (*gate) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (g *gate) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	if g.shut.Load() && td.SpanCount() > 0 && td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Kind() == ptrace.SpanKindClient {
		return errors.New("busy")
	}
	return nil
}

func newFlooded(t *testing.T, of flooding) *flooded {
	f := &flooded{t: t, of: of, next: &gate{Consumer: consumertest.NewNop()}}
	f.next.shut.Store(of.shut)
	cfg := configured(t, fmt.Sprintf("wait: 9m\nmax_bytes: %dB\nshards: 2\n%s", floodBudget, of.config))
	factory, set := NewFactory(), processortest.NewNopSettings(metadata.Type)
	var err error
	f.traces, err = factory.CreateTraces(t.Context(), set, cfg, f.next)
	require.NoError(t, err)
	f.metrics, err = factory.CreateMetrics(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	f.logs, err = factory.CreateLogs(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, f.traces.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, f.metrics.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, f.logs.Start(t.Context(), componenttest.NewNopHost()))
	return f
}

func (f *flooded) shutdown() {
	require.NoError(f.t, f.logs.Shutdown(f.t.Context()))
	require.NoError(f.t, f.traces.Shutdown(f.t.Context()))
	require.NoError(f.t, f.metrics.Shutdown(f.t.Context()))
}

// spans sends a request's client span and then its server span. What is refused is let go.
func (f *flooded) spans(i int, fill func(client, server ptrace.ResourceSpans)) {
	client, server := ptrace.NewTraces(), ptrace.NewTraces()
	for k, td := range []ptrace.Traces{client, server} {
		rs := td.ResourceSpans().AppendEmpty()
		s := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		floodIDs(s, i, k)
	}
	fill(client.ResourceSpans().At(0), server.ResourceSpans().At(0))
	_ = f.traces.ConsumeTraces(f.t.Context(), client)
	_ = f.traces.ConsumeTraces(f.t.Context(), server)
}

// floodIDs of a client span (0) or of its server span (1).
func floodIDs(s ptrace.Span, i, kind int) {
	now := time.Now()
	s.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-time.Second)))
	s.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
	s.SetTraceID(floodTrace(i))
	s.SetSpanID(pcommon.SpanID{1, byte(i), byte(i >> 8), byte(i >> 16), byte(i >> 24), byte(kind)})
	s.SetKind(ptrace.SpanKindClient)
	if kind == 1 {
		s.SetKind(ptrace.SpanKindServer)
		s.SetParentSpanID(pcommon.SpanID{1, byte(i), byte(i >> 8), byte(i >> 16), byte(i >> 24)})
	}
}

func floodTrace(i int) pcommon.TraceID {
	return pcommon.TraceID{1, 8: byte(i * 37), 9: byte(i), 10: byte(i >> 8), 11: byte(i >> 16), 12: byte(i >> 24)}
}

// text of a megabyte, another one each time.
func floodText(i int) string {
	b := bytes.Repeat([]byte{'x'}, floodBytes)
	return string(strconv.AppendInt(b[:floodBytes-8], int64(i), 10))
}

func theSpan(rs ptrace.ResourceSpans) ptrace.Span { return rs.ScopeSpans().At(0).Spans().At(0) }

func (f *flooded) records(fill func(rl plog.ResourceLogs, r plog.LogRecordSlice)) {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	fill(rl, rl.ScopeLogs().AppendEmpty().LogRecords())
	_ = f.logs.ConsumeLogs(f.t.Context(), ld)
}

func (f *flooded) points(name string, fill func(rm pmetric.ResourceMetrics, ps pmetric.NumberDataPointSlice)) {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName(name)
	fill(rm, m.SetEmptyGauge().DataPoints())
	_ = f.metrics.ConsumeMetrics(f.t.Context(), md)
}
