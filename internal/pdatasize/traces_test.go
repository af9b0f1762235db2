package pdatasize

import (
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

var text = strings.Repeat("x", 2000)

// The estimate is held against the heap: a budget that is off by more than a factor of
// two protects nobody. 7ed9d53 counted texts of attributes alone.
func TestEveryFieldCountsAsWhatItTakes(t *testing.T) {
	for name, fill := range map[string]func(rs ptrace.ResourceSpans, s ptrace.Span, i int){
		"nothing":       func(ptrace.ResourceSpans, ptrace.Span, int) {},
		"a name":        func(_ ptrace.ResourceSpans, s ptrace.Span, i int) { s.SetName(own(i)) },
		"a status":      func(_ ptrace.ResourceSpans, s ptrace.Span, i int) { s.Status().SetMessage(own(i)) },
		"a trace state": func(_ ptrace.ResourceSpans, s ptrace.Span, i int) { s.TraceState().FromRaw(own(i)) },
		"a text":        func(_ ptrace.ResourceSpans, s ptrace.Span, i int) { s.Attributes().PutStr("k", own(i)) },
		"a key":         func(_ ptrace.ResourceSpans, s ptrace.Span, i int) { s.Attributes().PutBool(own(i), true) },
		"bytes": func(_ ptrace.ResourceSpans, s ptrace.Span, i int) {
			s.Attributes().PutEmptyBytes("k").FromRaw([]byte(own(i)))
		},
		"a list": func(_ ptrace.ResourceSpans, s ptrace.Span, i int) {
			s.Attributes().PutEmptySlice("k").AppendEmpty().SetStr(own(i))
		},
		"a list of numbers": func(_ ptrace.ResourceSpans, s ptrace.Span, i int) { list(s.Attributes().PutEmptySlice("k")) },
		"a map": func(_ ptrace.ResourceSpans, s ptrace.Span, i int) {
			s.Attributes().PutEmptyMap("k").PutStr("l", own(i))
		},
		"many attributes": func(_ ptrace.ResourceSpans, s ptrace.Span, i int) { many(s.Attributes()) },
		"an event's name": func(_ ptrace.ResourceSpans, s ptrace.Span, i int) { s.Events().AppendEmpty().SetName(own(i)) },
		"an event's text": func(_ ptrace.ResourceSpans, s ptrace.Span, i int) {
			s.Events().AppendEmpty().Attributes().PutStr("k", own(i))
		},
		"many events": func(_ ptrace.ResourceSpans, s ptrace.Span, i int) { events(s) },
		"a link's text": func(_ ptrace.ResourceSpans, s ptrace.Span, i int) {
			s.Links().AppendEmpty().Attributes().PutStr("k", own(i))
		},
		"many links": func(_ ptrace.ResourceSpans, s ptrace.Span, i int) { links(s) },
		"a resource": func(rs ptrace.ResourceSpans, _ ptrace.Span, i int) { rs.Resource().Attributes().PutStr("k", own(i)) },
		"a schema":   func(rs ptrace.ResourceSpans, _ ptrace.Span, i int) { rs.SetSchemaUrl(own(i)) },
		"a scope":    func(rs ptrace.ResourceSpans, _ ptrace.Span, i int) { rs.ScopeSpans().At(0).Scope().SetName(own(i)) },
		"a scope's text": func(rs ptrace.ResourceSpans, _ ptrace.Span, i int) {
			rs.ScopeSpans().At(0).Scope().Attributes().PutStr("k", own(i))
		},
	} {
		t.Run(name, func(t *testing.T) {
			isAsEstimated(t, func(i int) (any, int) {
				td := ptrace.NewTraces()
				rs := td.ResourceSpans().AppendEmpty()
				s := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
				fill(rs, s, i)
				return td, Traces(td)
			})
		})
	}
}

// own text: nothing is shared.
func own(i int) string { return text + strconv.Itoa(i) }

// isAsEstimated makes many payloads, and compares their estimates with the heap.
func isAsEstimated(t *testing.T, make func(i int) (payload any, estimate int)) {
	held := [500]any{}
	before := heap()
	estimate := 0
	for i := range held {
		payload, size := make(i)
		held[i] = payload
		estimate += size
	}
	taken := heap() - before
	runtime.KeepAlive(held)
	assert.Greater(t, 2*estimate, taken, "the estimate is below a half")
	assert.Less(t, estimate, 3*taken, "the estimate is above three times")
}

func list(s pcommon.Slice) {
	for i := range 100 {
		s.AppendEmpty().SetInt(int64(i))
	}
}

func many(m pcommon.Map) {
	for i := range 100 {
		m.PutInt("key-"+strconv.Itoa(i), int64(i))
	}
}

func events(s ptrace.Span) {
	for range 50 {
		s.Events().AppendEmpty()
	}
}

func links(s ptrace.Span) {
	for range 50 {
		s.Links().AppendEmpty()
	}
}

// heap in use, in bytes.
func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func TestWhatIsAddedToASpanIsTheDifference(t *testing.T) {
	s := ptrace.NewSpan()
	many(s.Attributes())
	events(s)
	before, attributes, n := Span(s), s.Attributes().Len(), s.Events().Len()
	assert.Zero(t, Added(s, attributes, n))
	s.Attributes().PutStr("text", "some")
	list(s.Attributes().PutEmptySlice("list"))
	e := s.Events().AppendEmpty()
	e.SetName("event")
	e.Attributes().PutStr("text", "some")
	assert.Equal(t, Span(s)-before, Added(s, attributes, n))
}
