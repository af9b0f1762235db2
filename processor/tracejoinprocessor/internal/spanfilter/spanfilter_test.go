package spanfilter_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"pgregory.net/rapid"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/spanfilter"
)

func encoded(t require.TestingT, td ptrace.Traces) []byte {
	b, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
	require.NoError(t, err)
	return b
}

// some traces, with spans numbered in order.
func some(t *rapid.T) (td ptrace.Traces, n int) {
	td = ptrace.NewTraces()
	for range rapid.IntRange(0, 3).Draw(t, "resources") {
		rs := td.ResourceSpans().AppendEmpty()
		rs.SetSchemaUrl("https://opentelemetry.io/schemas/1.41.0")
		rs.Resource().Attributes().PutStr("service.name", rapid.String().Draw(t, "service"))
		for range rapid.IntRange(0, 3).Draw(t, "scopes") {
			ss := rs.ScopeSpans().AppendEmpty()
			ss.Scope().SetName("scope")
			for range rapid.IntRange(0, 4).Draw(t, "spans") {
				s := ss.Spans().AppendEmpty()
				s.SetSpanID(pcommon.SpanID{byte(n), 1})
				s.SetName(rapid.String().Draw(t, "name"))
				s.Attributes().PutInt("n", int64(n))
				s.Events().AppendEmpty().SetName("event")
				n++
			}
		}
	}
	return td, n
}

// What is chosen of the bytes is what is left when the others are removed.
func TestChoosingIsRemovingTheOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		td, n := some(t)
		wanted := rapid.SliceOfN(rapid.Bool(), n, n).Draw(t, "wanted")
		asked := 0
		chosen, err := spanfilter.Select(encoded(t, td), func(i int) bool {
			assert.Equal(t, asked, i)
			asked++
			return wanted[i]
		})
		require.NoError(t, err)
		assert.Equal(t, n, asked)
		got, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(chosen)
		require.NoError(t, err)
		i := 0
		td.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
			rs.ScopeSpans().RemoveIf(func(ss ptrace.ScopeSpans) bool {
				ss.Spans().RemoveIf(func(ptrace.Span) bool { i++; return !wanted[i-1] })
				return ss.Spans().Len() == 0
			})
			return rs.ScopeSpans().Len() == 0
		})
		assert.Equal(t, encoded(t, td), encoded(t, got))
	})
}

func FuzzSelectNeedsNoTrust(f *testing.F) {
	td := ptrace.NewTraces()
	td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty().SetName("x")
	f.Add(encoded(f, td))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		if _, err := spanfilter.Select(b, func(int) bool { n++; return n%2 == 0 }); err != nil {
			assert.NotEmpty(t, b)
		}
	})
}
