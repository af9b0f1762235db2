package join

import (
	"encoding/binary"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// remembered is how many client spans a shard knows when they come again: its memory
// for them is about 4 MB.
const remembered = 1 << 17

// spanMemory knows the latest client spans that came, by a hash of their ids: two
// among so many have the same one once in 10^9 shards.
type spanMemory struct {
	ring     []uint64
	next     int
	known    map[uint64]struct{}
	repeated int
}

// before reports whether a span came before, and remembers it. One without an id is
// told from no other.
func (m *spanMemory) before(trace pcommon.TraceID, span pcommon.SpanID) bool {
	if span.IsEmpty() {
		return false
	}
	key := spanKey(trace, span)
	if _, ok := m.known[key]; ok {
		m.repeated++
		return true
	}
	if m.known == nil {
		m.known = map[uint64]struct{}{}
	}
	m.known[key] = struct{}{}
	if len(m.ring) < remembered {
		m.ring = append(m.ring, key)
		return false
	}
	delete(m.known, m.ring[m.next])
	m.ring[m.next] = key
	m.next = (m.next + 1) % remembered
	return false
}

// spanKey mixes the three words of the ids (the finalizer of SplitMix64 after each).
func spanKey(trace pcommon.TraceID, span pcommon.SpanID) (key uint64) {
	for _, word := range [...]uint64{
		binary.LittleEndian.Uint64(trace[:8]), binary.LittleEndian.Uint64(trace[8:]), binary.LittleEndian.Uint64(span[:]),
	} {
		key ^= word
		key = (key ^ key>>30) * 0xbf58476d1ce4e5b9
		key = (key ^ key>>27) * 0x94d049bb133111eb
		key ^= key >> 31
	}
	return key
}
