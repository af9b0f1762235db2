package hub

import (
	"math"
	"strings"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// wants reports whether a trace is kept for what one client span says. A span
// that goes on as one of the share says so in its tracestate.
func (k Keep) wants(s ptrace.Span, response time.Duration, failed bool) bool {
	if k.All || k.Failed && failed || k.Slow > 0 && response >= k.Slow {
		return true
	}
	threshold, err := sampling.ProbabilityToThreshold(k.Share)
	if err != nil || !threshold.ShouldSample(randomness(s)) { // a share of 0 has none
		return false
	}
	if k.Share < 1 {
		note(s.TraceState(), threshold)
	}
	return true
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
