package loadgen

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
)

// randomBits of a trace id, its last, decide on sampling.
const randomBits = 56

// Sampler decides which requests get a span, by their trace id alone, so that
// every part of a trace may decide alike: "consistent probability sampling" of the
// OpenTelemetry specification (trace/tracestate-probability-sampling). The zero
// value keeps all.
type Sampler struct {
	threshold uint64 // ids whose random bits are at least this are kept
}

// NewSampler keeps about the given part of all traces, from 0 to 1, to within
// 2^-56.
func NewSampler(part float64) Sampler {
	kept := math.Round(min(max(part, 0), 1) * (1 << randomBits))
	return Sampler{1<<randomBits - uint64(kept)}
}

// Keeps reports whether the trace is kept.
func (s Sampler) Keeps(id TraceID) bool {
	return binary.BigEndian.Uint64(id[8:])&(1<<randomBits-1) >= s.threshold
}

// All reports whether every trace is kept.
func (s Sampler) All() bool { return s.threshold == 0 }

// State is the entry of a tracestate header that tells others the decision, ot=th
// with the threshold in hex without trailing zeros. There is none of a sampler that
// keeps none.
func (s Sampler) State() string {
	if s.threshold > 1<<randomBits-1 {
		return ""
	}
	hex := strconv.FormatUint(1<<randomBits|s.threshold, 16)[1:] // with leading zeros
	if hex = strings.TrimRight(hex, "0"); hex == "" {
		hex = "0"
	}
	return "ot=th:" + hex
}
