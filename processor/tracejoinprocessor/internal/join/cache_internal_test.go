package join

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func ids(n int) (trace pcommon.TraceID, span pcommon.SpanID) {
	binary.BigEndian.PutUint64(trace[8:], uint64(n)+1)
	binary.BigEndian.PutUint64(span[:], uint64(n)+1)
	return trace, span
}

func TestMemoryForClientSpansIsBoundedAndOfTheLatest(t *testing.T) {
	const came, latest = 1 << 20, 1 << 16
	m := newSpanCache()
	for n := range came {
		m.before(ids(n))
	}
	assert.Zero(t, m.duplicates, "all are different")
	assert.Len(t, m.sets, sets)
	for n := came - latest; n < came; n++ {
		m.before(ids(n))
	}
	assert.Greater(t, m.duplicates, latest*999/1000, "the latest are known")
	known := m.duplicates
	for n := range latest {
		m.before(ids(n))
	}
	assert.Equal(t, known, m.duplicates, "the first had to make room")
	assert.False(t, m.before(pcommon.TraceID{1}, pcommon.SpanID{}), "a span without an id")
	assert.False(t, m.before(pcommon.TraceID{1}, pcommon.SpanID{}), "without an id")
}

// It is asked about each client span, and must cost next to nothing.
func BenchmarkMemoryForClientSpans(b *testing.B) {
	m := newSpanCache()
	for n := 0; b.Loop(); n++ {
		m.before(ids(n))
	}
}
