package span_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/internal/goldentest"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/resource"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/span"
)

var (
	run   = loadgen.RunID{1, 2, 3, 4, 5, 6, 7, 8}
	from  = resource.Attributes{Version: "0.1.0", Instance: "5d0c2f60-0000-4000-8000-000000000001"}
	began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	plan  = &loadgen.Plan{Name: "checkout", Attacks: []loadgen.Attack{
		{Name: "browse", Load: []pace.Stage{{Name: "warm-up"}, {Name: "peak"}, {}}},
	}}
	target = &loadgen.Target{Method: "GET", URL: "http://shop.test:8080/cart?id=1", Scheme: "http", Host: "shop.test", Port: 8080}
)

func finished(seq uint64) loadgen.Record {
	return loadgen.Record{
		Stage: 1, Seq: seq, TraceID: run.TraceID(0, seq), SpanID: run.SpanID(0, seq),
		Open: true, Intended: began, Sent: began.Add(time.Millisecond), Done: began.Add(31 * time.Millisecond),
		Target: target, Status: 200, Proto: 11, Dialed: 1,
		Phases: loadgen.Phases{
			DNS: time.Millisecond, Connect: 2 * time.Millisecond, TLS: 3 * time.Millisecond,
			Write: 4 * time.Millisecond, Wait: 15 * time.Millisecond, Read: 5 * time.Millisecond,
		},
		BytesSent: 12, BytesReceived: 3456,
		Peer: netip.MustParseAddrPort("192.0.2.7:8080"),
	}
}

func badStatus(seq uint64) loadgen.Record {
	r := finished(seq)
	r.Status, r.Reused, r.Redirects, r.Open, r.Stage = 503, true, 2, false, 2
	r.Intended = r.Sent
	return r
}

func refused(seq uint64) loadgen.Record {
	r := finished(seq)
	r.Outcome, r.Error, r.ErrorText = loadgen.Failed, loadgen.ErrorRefused, "dial tcp 192.0.2.7:8080: connection refused"
	r.Status, r.Proto, r.Peer, r.BytesSent, r.BytesReceived = 0, 0, netip.AddrPort{}, 0, 0
	r.Phases = loadgen.Phases{Connect: 30 * time.Millisecond}
	r.Target = &loadgen.Target{Method: "BREW", URL: "http://shop.test:8080/pot", Scheme: "http", Host: "shop.test", Port: 8080}
	return r
}

var method = &loadgen.Target{
	Method: "shop.v1.Cart/Watch", URL: "grpc://shop.test:9090/shop.v1.Cart/Watch", Scheme: "grpc", Host: "shop.test", Port: 9090, RPC: true,
}

// called is a unary call that ended with a code.
func called(seq uint64, code int) loadgen.Record {
	r := finished(seq)
	r.Target, r.Status, r.Proto = method, code, 0
	r.Phases = loadgen.Phases{Wait: 30 * time.Millisecond}
	return r
}

// streamed is a call that received n messages, a millisecond apart, the first
// after 2 ms.
func streamed(seq uint64, n int) loadgen.Record {
	r := called(seq, 0)
	r.Stream = &loadgen.Stream{Sent: 2, Received: n, First: 2 * time.Millisecond}
	for range min(n-1, loadgen.MaxGaps) {
		r.Stream.Gaps = append(r.Stream.Gaps, time.Millisecond)
	}
	r.Stream.GapsCut = max(n-1-loadgen.MaxGaps, 0)
	return r
}

func deadline(seq uint64) loadgen.Record {
	r := streamed(seq, 0)
	r.Outcome, r.Error, r.ErrorText = loadgen.Failed, loadgen.ErrorTimeout, "context deadline exceeded"
	r.Status, r.Stream.First = 4, 0
	return r
}

func unreached(seq uint64) loadgen.Record {
	r := refused(seq)
	r.Target = method
	return r
}

func notSent(seq uint64) loadgen.Record {
	return loadgen.Record{Seq: seq, Outcome: loadgen.NotSent, NotSent: loadgen.NotSentLate, Target: target}
}

func TestEverySentRequestHasASpanAndNoOtherDoes(t *testing.T) {
	traces := span.New(from, run, plan).Requests([]loadgen.Record{finished(0), badStatus(1), notSent(2), refused(3)})
	require.Equal(t, 3, traces.SpanCount())
	json, err := (&ptrace.JSONMarshaler{}).MarshalTraces(traces)
	require.NoError(t, err)
	goldentest.Equal(t, "requests.json", json)
}

func TestEveryCallHasASpanInTheWordsOfRPC(t *testing.T) {
	records := []loadgen.Record{called(0, 0), called(1, 14), streamed(2, 3), deadline(3), unreached(4)}
	traces := span.New(from, run, plan).Requests(records)
	require.Equal(t, 5, traces.SpanCount())
	json, err := (&ptrace.JSONMarshaler{}).MarshalTraces(traces)
	require.NoError(t, err)
	goldentest.Equal(t, "calls.json", json)
}

// A span shows the first messages and counts the others, whatever was received,
// and whether or not it had to wait.
func TestTheMessagesOfAStreamAreEventsUpToALimit(t *testing.T) {
	for _, n := range []int{1, span.MaxMessages, span.MaxMessages + 1, loadgen.MaxGaps + 500} {
		rec := streamed(0, n)
		held := span.Hold(&rec)
		for i := range rec.Stream.Gaps {
			rec.Stream.Gaps[i] = time.Hour // the engine uses it again
		}
		assert.Equal(t, n-1, len(held.Stream.Gaps)+held.Stream.GapsCut)
		s := first(span.New(from, run, plan).Requests([]loadgen.Record{held}))
		require.Equal(t, min(n, span.MaxMessages), s.Events().Len())
		assert.EqualValues(t, n-s.Events().Len(), s.DroppedEventsCount())
		last := s.Events().At(s.Events().Len() - 1)
		assert.Equal(t, rec.Sent.Add(time.Duration(s.Events().Len()+1)*time.Millisecond), last.Timestamp().AsTime())
	}
}

func TestTheRunHasASpanThatItsRequestsLinkTo(t *testing.T) {
	r := span.New(from, run, plan)
	sum := &summary.Summary{Began: began, Elapsed: 1.5, End: "failed", Error: "attack browse: no more files"}
	sum.Total.Requests = summary.Requests{
		Planned: 10, Finished: 5, Failed: 2,
		NotSent: map[loadgen.NotSentReason]uint64{loadgen.NotSentError: 2, loadgen.NotSentLate: 1},
	}
	traces := r.Run(sum)
	json, err := (&ptrace.JSONMarshaler{}).MarshalTraces(traces)
	require.NoError(t, err)
	goldentest.Equal(t, "run.json", json)

	own, request := first(traces), first(r.Requests([]loadgen.Record{finished(0)}))
	require.Equal(t, 1, request.Links().Len())
	assert.Equal(t, own.TraceID(), request.Links().At(0).TraceID())
	assert.Equal(t, own.SpanID(), request.Links().At(0).SpanID())
	assert.NotEqual(t, own.TraceID(), request.TraceID())
	assert.True(t, request.ParentSpanID().IsEmpty())
}

// A span's duration is the service time and its attributes add up to the
// response time: a reader who takes the one for the other must be able to tell.
func TestDurationPlusLagIsTheResponseTime(t *testing.T) {
	s := first(span.New(from, run, plan).Requests([]loadgen.Record{finished(0)}))
	took := s.EndTimestamp().AsTime().Sub(s.StartTimestamp().AsTime()).Seconds()
	assert.InDelta(t, double(t, s.Attributes(), attr.ResponseTime), took+double(t, s.Attributes(), attr.ScheduleLag), 1e-9)
}

func double(t *testing.T, a pcommon.Map, key string) float64 {
	v, ok := a.Get(key)
	require.True(t, ok, key)
	return v.Double()
}

func TestAnUnnamedStageHasNoName(t *testing.T) {
	s := first(span.New(from, run, plan).Requests([]loadgen.Record{badStatus(0)}))
	_, named := s.Attributes().Get(attr.StageName)
	assert.False(t, named)
}

func first(traces ptrace.Traces) ptrace.Span {
	return traces.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
}

// BenchmarkRequests reports time and allocations per span.
func BenchmarkRequests(b *testing.B) {
	r := span.New(from, run, plan)
	records := make([]loadgen.Record, 512)
	for i := range records {
		records[i] = finished(uint64(i))
	}
	b.ReportAllocs()
	for n := 0; n < b.N; n += len(records) {
		if got := r.Requests(records[:min(len(records), b.N-n)]).SpanCount(); got == 0 {
			b.Fatal("no spans")
		}
	}
}

func TestACallThatWasSentAgainSaysSo(t *testing.T) {
	again := called(1, 0)
	again.Resent = 1
	traces := span.New(from, run, plan).Requests([]loadgen.Record{called(0, 0), again})
	spans := traces.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	_, ok := spans.At(0).Attributes().Get(attr.Resent)
	assert.False(t, ok)
	n, ok := spans.At(1).Attributes().Get(attr.Resent)
	require.True(t, ok)
	assert.EqualValues(t, 1, n.Int())
}
