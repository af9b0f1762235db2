package runfilter

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen"
)

// names of the spans that pass, of all kinds and owners.
func passed(t *testing.T, run *Run, only bool) (names []string) {
	td := ptrace.NewTraces()
	for _, s := range []struct {
		service, name string
		kind          ptrace.SpanKind
		trace         pcommon.TraceID
	}{
		{attr.ServiceLoadtrace, "own request", ptrace.SpanKindClient, pcommon.TraceID{7, 15: 1}},
		{attr.ServiceLoadtrace, "other request", ptrace.SpanKindClient, pcommon.TraceID{8, 15: 1}},
		{attr.ServiceLoadtrace, "other run", ptrace.SpanKindInternal, pcommon.TraceID{8, 15: 2}},
		{"shop", "answer to own", ptrace.SpanKindServer, pcommon.TraceID{7, 15: 1}},
		{"shop", "answer to other", ptrace.SpanKindServer, pcommon.TraceID{8, 15: 1}},
		{"shop", "call of its own", ptrace.SpanKindClient, pcommon.TraceID{9, 15: 1}},
	} {
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr(attr.ServiceName, s.service)
		span := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		span.SetName(s.name)
		span.SetKind(s.kind)
		span.SetTraceID(s.trace)
	}
	td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty().SetName("of no service")

	sink := new(consumertest.TracesSink)
	p, err := NewFactory(run).CreateTraces(t.Context(), processortest.NewNopSettings(Type), &Config{Only: only}, sink)
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, p.ConsumeTraces(t.Context(), td))
	require.NoError(t, p.Shutdown(t.Context()))
	for _, td := range sink.AllTraces() {
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					names = append(names, span.Name())
				}
			}
		}
	}
	return names
}

func TestRequestsOfOtherRunsArePartedFromAllElse(t *testing.T) {
	run := &Run{}
	run.Follow(loadgen.RunID{7})
	assert.Equal(t, []string{"own request", "other run", "answer to own", "answer to other", "call of its own", "of no service"}, passed(t, run, false))
	assert.Equal(t, []string{"other request"}, passed(t, run, true))
	run.Follow(loadgen.RunID{1})
	assert.Equal(t, []string{"own request", "other request"}, passed(t, run, true))
}
