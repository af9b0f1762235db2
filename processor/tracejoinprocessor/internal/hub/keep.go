package hub

import (
	"math"
	"strings"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
)

// wants reports whether a trace is kept for what one client span is.
func (k Keep) wants(response time.Duration, failed bool) bool {
	return k.All || k.Failed && failed || k.Slow > 0 && response >= k.Slow
}

// samples reports whether a client span's trace is one of the share.
func (k Keep) samples(s ptrace.Span) bool {
	threshold, err := sampling.ProbabilityToThreshold(k.Share)
	return err == nil && threshold.ShouldSample(randomness(s)) // a share of 0 has none
}

// mark has each span of an entry that goes on as one of the share alone say so in its
// tracestate: a back end counts each span for as many as its own threshold says.
func (k Keep) mark(left *join.Released) {
	threshold, err := sampling.ProbabilityToThreshold(k.Share)
	if k.All || k.Share >= 1 || err != nil {
		return
	}
	left.Sampled(func(s ptrace.Span) { note(s.TraceState(), threshold) })
}

// randomness decides alike wherever a trace is sampled (OpenTelemetry's consistent
// probability sampling): it is in the tracestate, or the last 56 bits of the trace
// id, which the W3C trace context (level 2) wants to be random.
func randomness(s ptrace.Span) sampling.Randomness {
	if raw := s.TraceState().AsRaw(); strings.Contains(raw, "rv:") {
		if state, err := sampling.NewW3CTraceState(raw); err == nil {
			if r, ok := state.OTelValue().RValueRandomness(); ok {
				return r
			}
		}
	}
	return sampling.TraceIDToRandomness(s.TraceID())
}

// note puts the threshold into a tracestate, for those who count how many a span
// stands for, unless it was sampled by a higher one before.
func note(to interface {
	AsRaw() string
	FromRaw(string)
}, threshold sampling.Threshold) {
	state, err := sampling.NewW3CTraceState(to.AsRaw())
	if err != nil || state.OTelValue().UpdateTValueWithSampling(threshold) != nil {
		return
	}
	var out strings.Builder
	if state.Serialize(&out) == nil {
		to.FromRaw(out.String())
	}
}

// remembered is how many traces each shard remembers, so that all together know
// the last Remember of them: ids do not spread evenly, and of so many a shard has
// more than its part and six standard deviations once in a thousand million.
func (k Keep) remembered(shards int) int {
	part := math.Ceil(float64(k.Remember) / float64(shards))
	return min(k.Remember, int(part+6*math.Ceil(math.Sqrt(part))))
}
