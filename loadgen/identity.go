package loadgen

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/loadtrace/loadtrace/internal/splitmix64"
)

// TraceID is a W3C trace id, SpanID a W3C span id.
type (
	TraceID [16]byte
	SpanID  [8]byte
)

func (t TraceID) String() string { return hex.EncodeToString(t[:]) }
func (s SpanID) String() string  { return hex.EncodeToString(s[:]) }

// RunID names a run. Its traces all begin with these eight bytes.
type RunID [8]byte

// NewRunID draws a run id from the system's randomness. It is never zero.
func NewRunID() RunID {
	var id RunID
	for id == (RunID{}) {
		rand.Read(id[:]) // never fails, by its contract
	}
	return id
}

// ParseRunID reads what RunID.String wrote.
func ParseRunID(s string) (RunID, error) {
	var id RunID
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(id) {
		return id, fmt.Errorf("run id %q: want 16 hexadecimal digits", s)
	}
	copy(id[:], b)
	if id == (RunID{}) {
		return id, fmt.Errorf("run id %q: must not be zero", s)
	}
	return id, nil
}

func (id RunID) String() string { return hex.EncodeToString(id[:]) }

// maxSeq bounds sequence numbers: 48 bits beside 16 bits of attack index.
const maxSeq = 1 << 48

// TraceID of request seq (below 2^48) of an attack (below 2^16): the run's eight
// bytes, then a bijective mix of attack and seq. So no two requests of a run
// share a trace, and a trace is found from a record without a table.
func (id RunID) TraceID(attack int, seq uint64) TraceID {
	var t TraceID
	copy(t[:8], id[:])
	binary.BigEndian.PutUint64(t[8:], splitmix64.Mix(id.word()^index(attack, seq)))
	return t
}

// SpanID of the client span of the same request. It is never zero.
func (id RunID) SpanID(attack int, seq uint64) SpanID {
	w := splitmix64.Mix(^id.word() ^ index(attack, seq))
	if w == 0 {
		w = 1
	}
	var s SpanID
	binary.BigEndian.PutUint64(s[:], w)
	return s
}

// Request is the inverse of TraceID: which request of the run a trace is of. ok is false
// for traces that begin otherwise than the run's.
func (id RunID) Request(t TraceID) (attack int, seq uint64, ok bool) {
	if RunID(t[:8]) != id {
		return 0, 0, false
	}
	i := splitmix64.Unmix(binary.BigEndian.Uint64(t[8:])) ^ id.word()
	return int(i >> 48), i & (maxSeq - 1), true
}

// RunSpan is the trace and span id of the run's own span; of the spans of the shards
// of a run, which share a trace, that of the shard with an index. They are those of
// requests that cannot occur.
func (id RunID) RunSpan(shard int) (TraceID, SpanID) {
	return id.TraceID(1<<16-1, maxSeq-1), id.SpanID(1<<16-1, maxSeq-1-uint64(shard))
}

// TraceState is the W3C tracestate of every request of the run, so that the
// target's own spans name the run too.
func (id RunID) TraceState() string { return "loadtrace=" + id.String() }

// SampledState is the tracestate of a request that has a span: where not all have
// one, it says how many.
func (id RunID) SampledState(s Sampler) string {
	if s.All() {
		return id.TraceState()
	}
	return id.TraceState() + "," + s.State()
}

func (id RunID) word() uint64 { return binary.BigEndian.Uint64(id[:]) }

func index(attack int, seq uint64) uint64 { return uint64(attack)<<48 | seq&(maxSeq-1) }
