package hub

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func spanOf(random uint64, state string) ptrace.Span {
	s := ptrace.NewSpan()
	var id pcommon.TraceID
	id[0] = 1
	binary.BigEndian.PutUint64(id[8:], random)
	s.SetTraceID(id)
	s.TraceState().FromRaw(state)
	return s
}

// The plan keeps the traces whose randomness is at its threshold or above (ot=th),
// and the share once kept those below: of 0.1 it kept none.
func TestTheShareKeepsWhatEveryConsistentSamplerKeeps(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ sampling, share, kept float64 }{
		{1, 1, 1}, {1, 0.5, 0.5}, {1, 0.1, 0.1}, {1, 0, 0}, {0.1, 1, 0.1}, {0.1, 0.5, 0.1}, {0.1, 0.1, 0.1}, {0.1, 0.05, 0.05}, {0.5, 0.1, 0.1},
	} {
		before, err := sampling.ProbabilityToThreshold(c.sampling)
		require.NoError(t, err)
		kept := 0
		const n = 20_000
		for range n {
			s := spanOf(random.Uint64(), "")
			r := sampling.TraceIDToRandomness(s.TraceID())
			if !before.ShouldSample(r) {
				continue
			}
			wants := Keep{Share: c.share}.samples(s)
			share, err := sampling.ProbabilityToThreshold(c.share)
			assert.Equal(t, err == nil && share.ShouldSample(r), wants, "%v %v", c, r)
			if wants {
				kept++
			}
		}
		assert.InDelta(t, c.kept, float64(kept)/n, 0.01, "%+v", c)
	}
}

// Server spans of the share had no threshold: a back end that extrapolates counted each
// for one, and the client span that it answered for several.
func TestAllSpansOfTheShareSayHowManyTheyStandFor(t *testing.T) {
	server := func(state string) ptrace.Span {
		s := spanOf(1<<56-1, state)
		s.SetKind(ptrace.SpanKindServer)
		s.SetSpanID(pcommon.SpanID{2})
		return s
	}
	for _, c := range []struct {
		keep        Keep
		state, want string
	}{
		{Keep{Share: 0.5}, "", "ot=th:8"},
		{Keep{Share: 0.5}, "loadtrace=0011223344556677", "ot=th:8,loadtrace=0011223344556677"},
		{Keep{Share: 0.5}, "loadtrace=1,ot=th:4", "ot=th:8,loadtrace=1"},
		{Keep{Share: 0.5}, "loadtrace=1,ot=th:c", "loadtrace=1,ot=th:c"}, // sampled harder before
		{Keep{Share: 0.5}, "ot=th:4;rv:90000000000000", "ot=rv:90000000000000;th:8"},
		{Keep{Share: 1}, "loadtrace=1", "loadtrace=1"},
		{Keep{All: true, Share: 0.5}, "loadtrace=1", "loadtrace=1"},
		{Keep{Slow: 1, Share: 0.5}, "loadtrace=1", "loadtrace=1"}, // it is kept for what it is
		{Keep{Share: 0.5}, "not a tracestate", "not a tracestate"},
	} {
		synctest.Test(t, func(t *testing.T) {
			o := options()
			o.Keep = c.keep
			o.Keep.Remember = 10
			next, got := states(t)
			h := New(o, Consumers{Traces: next})
			h.Start()
			send := func(service string, s ptrace.Span) {
				td := ptrace.NewTraces()
				rs := td.ResourceSpans().AppendEmpty()
				rs.Resource().Attributes().PutStr("service.name", service)
				s.CopyTo(rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty())
				require.NoError(t, h.Traces(t.Context(), td))
			}
			client := spanOf(1<<56-1, c.state)
			client.SetKind(ptrace.SpanKindClient)
			client.SetSpanID(pcommon.SpanID{1})
			client.SetStartTimestamp(pcommon.NewTimestampFromTime(time.Now().Add(-time.Second)))
			client.SetEndTimestamp(pcommon.NewTimestampFromTime(time.Now()))
			send("loadtrace", client)
			send("auth", server(c.state))
			time.Sleep(2 * o.Wait)
			late := server(c.state) // when the others have left
			late.SetSpanID(pcommon.SpanID{3})
			send("auth", late)
			require.NoError(t, h.Shutdown(t.Context()))
			require.Len(t, got, 3)
			for id, raw := range got {
				sameState(t, c.want, raw, fmt.Sprintf("%v of %q", id, c.state))
			}
		})
	}
	// Whose tracestate has its randomness is judged by that.
	assert.False(t, Keep{Share: 0.5}.samples(spanOf(1<<56-1, "ot=rv:00000000000001")))
}

// states is a pipeline, and the tracestates of the spans that it got.
func states(t *testing.T) (consumer.Traces, map[pcommon.SpanID]string) {
	got := map[pcommon.SpanID]string{}
	next, err := consumer.NewTraces(func(_ context.Context, td ptrace.Traces) error {
		for _, rs := range td.ResourceSpans().All() {
			for _, s := range rs.ScopeSpans().At(0).Spans().All() {
				got[s.SpanID()] = s.TraceState().AsRaw()
			}
		}
		return nil
	})
	require.NoError(t, err)
	return next, got
}

// sameState compares tracestates, whatever the order of their keys; what is none is to be the same text.
func sameState(t *testing.T, want, got, of string) {
	g, err := sampling.NewW3CTraceState(got)
	if err != nil {
		assert.Equal(t, want, got)
		return
	}
	w, err := sampling.NewW3CTraceState(want)
	require.NoError(t, err)
	assert.Equal(t, w.OTelValue().TValue(), g.OTelValue().TValue(), "%s: %q", of, got)
	assert.Equal(t, w.OTelValue().RValue(), g.OTelValue().RValue(), of)
	assert.Equal(t, w.ExtraValues(), g.ExtraValues(), of)
}

func TestTheLastTracesAreRememberedWhateverTheShards(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, shards := range []int{1, 2, 3, 4, 8, 64} {
		for _, remember := range []int{0, 1, 2, 3, 5, 10, 100, 1000, 100_000} {
			room := Keep{Remember: remember}.remembered(shards)
			assert.LessOrEqual(t, room, remember)
			fullest := make([]int, shards)
			for range remember {
				fullest[random.IntN(shards)]++
			}
			for _, n := range fullest {
				assert.GreaterOrEqual(t, room, n, "%d traces over %d shards", remember, shards)
			}
		}
	}
}
