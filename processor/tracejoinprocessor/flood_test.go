//go:build linux

package tracejoinprocessor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

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

	"github.com/loadtrace/loadtrace/internal/memorytest"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/metadata"
)

const (
	floodBudget = 16 << 20 // max_bytes
	floodBytes  = 1 << 20  // of the field, in each payload
)

// floodPayloads is far more than the memory that is allowed.
func floodPayloads() int {
	if memorytest.Raced {
		return 100
	}
	return 250
}

// Memory is bounded whatever comes: each field of each signal is flooded. Names and texts of
// any length once were kept whole, by instance caches, clocks, and spans that had left.
func TestMemoryIsBoundedWhateverFieldIsFlooded(t *testing.T) {
	memorytest.EachCase(t, floodBudget, slices.Sorted(maps.Keys(floods)), func(t *testing.T, field string, look func()) {
		f := newFlooded(t, floods[field])
		for i := range floodPayloads() {
			f.of.send(f, i)
			look()
		}
		f.next.shut.Store(false)
		f.shutdown()
	})
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
