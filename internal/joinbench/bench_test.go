package joinbench

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/groupbytraceprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/tailsamplingprocessor"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor"
)

// rival is a processor and its configuration for a wait, which lets a share of the
// traces through.
type rival struct {
	name    string
	share   float64
	factory processor.Factory
	config  func(wait string, traces int) map[string]any
}

var rivals = []rival{
	{"trace_join", 1, tracejoinprocessor.NewFactory(), func(wait string, _ int) map[string]any {
		return map[string]any{"wait": wait, "max_bytes": "4GiB", "shards": 1}
	}},
	{"trace_join_keep_all", 1, tracejoinprocessor.NewFactory(), keeping(1)},
	{"tail_sampling_all", 1, tailsamplingprocessor.NewFactory(), sampling(map[string]any{"name": "all", "type": "always_sample"})},
	{"trace_join_keep_tenth", 0.1, tracejoinprocessor.NewFactory(), keeping(0.1)},
	{"tail_sampling_tenth", 0.1, tailsamplingprocessor.NewFactory(), sampling(map[string]any{
		"name": "share", "type": "probabilistic", "probabilistic": map[string]any{"sampling_percentage": 10},
	})},
	{"groupbytrace", 1, groupbytraceprocessor.NewFactory(), func(wait string, traces int) map[string]any {
		return map[string]any{"wait_duration": wait, "num_traces": 2 * traces, "num_workers": 1}
	}},
}

// keeping has all spans wait, as its rivals do, and keeps a share of the traces.
func keeping(share float64) func(string, int) map[string]any {
	return func(wait string, _ int) map[string]any {
		return map[string]any{
			"wait": wait, "max_bytes": "4GiB", "shards": 1,
			"keep": map[string]any{"all": false, "share": share},
		}
	}
}

func sampling(policy map[string]any) func(string, int) map[string]any {
	return func(wait string, traces int) map[string]any {
		return map[string]any{
			"decision_wait": wait, "num_traces": 2 * traces, "expected_new_traces_per_sec": traces, "policies": []any{policy},
		}
	}
}

// sink counts spans, and asks when each client span came.
type sink struct {
	spans   atomic.Int64
	mu      sync.Mutex // guards clients
	clients []time.Duration
	timed   bool
}

func (s *sink) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (s *sink) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	s.spans.Add(int64(td.SpanCount()))
	if !s.timed {
		return nil
	}
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if span.Kind() == ptrace.SpanKindClient && span.ParentSpanID().IsEmpty() {
					s.clients = append(s.clients, now.Sub(span.EndTimestamp().AsTime()))
				}
			}
		}
	}
	return nil
}

func (r *rival) start(b *testing.B, wait string, traces int, next consumer.Traces) processor.Traces {
	cfg := r.factory.CreateDefaultConfig()
	require.NoError(b, confmap.NewFromStringMap(r.config(wait, traces)).Unmarshal(cfg))
	p, err := r.factory.CreateTraces(b.Context(), processortest.NewNopSettings(r.factory.Type()), cfg, next)
	require.NoError(b, err)
	require.NoError(b, p.Start(b.Context(), componenttest.NewNopHost()))
	return p
}

const (
	spansOfTrace = 4 // client, server, and two within the server
	batch        = 512
)

func traceID(n int) (id pcommon.TraceID) {
	id[0] = 1
	binary.BigEndian.PutUint64(id[8:], uint64(n)*0x9e3779b97f4a7c15|1)
	return id
}

func spanID(n, k int) (id pcommon.SpanID) {
	binary.BigEndian.PutUint64(id[:], uint64(n)*8+uint64(k)+1)
	return id
}

// payloads of some traces, as two exporters send them: the generator's client
// spans, then the target's. They are decoded, as a receiver does.
func payloads(from, n int, at time.Time) []ptrace.Traces {
	clients, target := ptrace.NewTraces(), ptrace.NewTraces()
	c, s := scope(clients, "loadtrace"), scope(target, "auth")
	for i := from; i < from+n; i++ {
		clientSpan(c.AppendEmpty(), i, at)
		for k := 1; k < spansOfTrace; k++ {
			targetSpan(s.AppendEmpty(), i, k, at)
		}
	}
	var out []ptrace.Traces
	for _, td := range []ptrace.Traces{clients, target} {
		wire, _ := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
		decoded, _ := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(wire)
		out = append(out, decoded)
	}
	return out
}

func scope(td ptrace.Traces, service string) ptrace.SpanSlice {
	rs := td.ResourceSpans().AppendEmpty()
	a := rs.Resource().Attributes()
	a.PutStr("service.name", service)
	a.PutStr("service.instance.id", "5d0c2f60-0000-4000-8000-000000000001")
	a.PutStr("service.version", "1.2.3")
	a.PutStr("host.name", "node-17")
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName("github.com/loadtrace/loadtrace")
	return ss.Spans()
}

func clientSpan(s ptrace.Span, n int, at time.Time) {
	s.SetTraceID(traceID(n))
	s.SetSpanID(spanID(n, 0))
	s.SetKind(ptrace.SpanKindClient)
	s.SetName("GET")
	s.SetStartTimestamp(pcommon.NewTimestampFromTime(at.Add(-20 * time.Millisecond)))
	s.SetEndTimestamp(pcommon.NewTimestampFromTime(at))
	a := s.Attributes()
	for k, v := range map[string]string{
		"http.request.method": "GET", "url.full": "http://shop.test:8080/cart?id=1", "server.address": "shop.test",
		"network.peer.address": "192.0.2.7", "network.protocol.version": "1.1", "loadgen.run.id": "0102030405060708",
		"loadgen.attack.name": "browse", "loadgen.stage.name": "peak",
	} {
		a.PutStr(k, v)
	}
	for _, k := range []string{"server.port", "network.peer.port", "http.response.body.size", "http.response.status_code", "loadgen.stage.index", "loadgen.seq", "loadgen.intended"} {
		a.PutInt(k, int64(n))
	}
	for k, v := range map[string]float64{
		"loadgen.schedule_lag": 0.001, "loadgen.response_time": 0.021, "loadgen.phase.connection": 0.0005,
		"loadgen.phase.write": 0.0005, "loadgen.phase.wait": 0.017, "loadgen.phase.read": 0.002,
	} {
		a.PutDouble(k, v)
	}
}

func targetSpan(s ptrace.Span, n, k int, at time.Time) {
	s.SetTraceID(traceID(n))
	s.SetSpanID(spanID(n, k))
	s.SetParentSpanID(spanID(n, k-1))
	s.SetKind(ptrace.SpanKindInternal)
	if k == 1 {
		s.SetKind(ptrace.SpanKindServer)
	}
	s.SetName("GET /cart")
	s.SetStartTimestamp(pcommon.NewTimestampFromTime(at.Add(-15 * time.Millisecond)))
	s.SetEndTimestamp(pcommon.NewTimestampFromTime(at.Add(-3 * time.Millisecond)))
	for _, key := range []string{"http.request.method", "http.route", "url.path", "url.scheme", "client.address", "user_agent.original", "server.address"} {
		s.Attributes().PutStr(key, "value of "+strconv.Itoa(k))
	}
	s.Attributes().PutInt("http.response.status_code", 200)
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// done waits until what the share of some spans is has come out.
func (r *rival) done(b *testing.B, out *sink, spans int) {
	least := int64(r.share * float64(spans))
	if r.share < 1 {
		least = least * 8 / 10 // by chance, which the ids are
	}
	for deadline := time.Now().Add(time.Minute); out.spans.Load() < least; {
		require.True(b, time.Now().Before(deadline), "%d of %d spans came out", out.spans.Load(), spans)
		time.Sleep(10 * time.Millisecond)
	}
	for last := int64(0); r.share < 1 && last < out.spans.Load(); time.Sleep(300 * time.Millisecond) {
		last = out.spans.Load()
	}
	require.LessOrEqual(b, out.spans.Load(), int64(spans))
}

// BenchmarkSpansPerCore is spans in for each second of processor time,
// until the last one is out.
func BenchmarkSpansPerCore(b *testing.B) {
	const traces = 20 * batch
	for _, r := range rivals {
		b.Run(r.name, func(b *testing.B) {
			var spent time.Duration
			spans := 0
			for range b.N {
				var in []ptrace.Traces
				for i := 0; i < traces; i += batch {
					in = append(in, payloads(i, batch, time.Now())...)
				}
				var out sink
				p := r.start(b, "1s", traces, &out)
				runtime.GC()
				before := cpu()
				for i := range in {
					require.NoError(b, p.ConsumeTraces(b.Context(), in[i]))
					in[i] = ptrace.Traces{}
				}
				r.done(b, &out, traces*spansOfTrace)
				spent += cpu() - before
				spans += traces * spansOfTrace
				require.NoError(b, p.Shutdown(b.Context()))
			}
			b.ReportMetric(float64(spans)/spent.Seconds(), "spans/cpu-s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkBytesPerWaitingTrace is the heap that a trace takes while it waits.
func BenchmarkBytesPerWaitingTrace(b *testing.B) {
	const traces = 40 * batch
	for _, r := range rivals {
		b.Run(r.name, func(b *testing.B) {
			var total uint64
			for range b.N {
				var out sink
				p := r.start(b, "10m", traces, &out)
				before := heap()
				for i := 0; i < traces; i += batch {
					for _, td := range payloads(i, batch, time.Now()) {
						require.NoError(b, p.ConsumeTraces(b.Context(), td))
					}
				}
				time.Sleep(200 * time.Millisecond) // until its loops have taken everything
				total += heap() - before
				require.NoError(b, p.Shutdown(b.Context()))
			}
			b.ReportMetric(float64(total)/float64(b.N)/traces, "B/trace")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkAddedLatency is how long client spans are under way beyond the wait of
// 1 s, at 10,000 spans per second for 5 s. It is an open loop: each payload has the
// time at which it was to be sent, and counts from there.
func BenchmarkAddedLatency(b *testing.B) {
	const rate, tick, seconds = 10_000, 20 * time.Millisecond, 5
	each := int(rate*tick/time.Second) / spansOfTrace
	for _, r := range rivals {
		if r.share < 1 {
			continue
		}
		b.Run(r.name, func(b *testing.B) {
			var late []time.Duration
			for range b.N {
				out := sink{timed: true}
				p := r.start(b, "1s", seconds*rate, &out)
				began := time.Now()
				traces := 0
				for n := range int(seconds * time.Second / tick) {
					at := began.Add(time.Duration(n) * tick)
					time.Sleep(time.Until(at))
					for _, td := range payloads(traces, each, at) {
						require.NoError(b, p.ConsumeTraces(b.Context(), td))
					}
					traces += each
				}
				took := time.Since(began)
				require.Less(b, took, (seconds+1)*time.Second, "the machine is too busy to send at this rate")
				r.done(b, &out, traces*spansOfTrace)
				require.NoError(b, p.Shutdown(b.Context()))
				require.Len(b, out.clients, traces)
				late = append(late, out.clients...)
			}
			slices.Sort(late)
			for _, percentile := range []int{50, 99} {
				b.ReportMetric(float64(late[(len(late)-1)*percentile/100]-time.Second)/1e6, fmt.Sprintf("p%d-wait-ms", percentile))
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}
