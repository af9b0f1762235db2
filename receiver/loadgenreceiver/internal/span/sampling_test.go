package span

import (
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/resource"
)

// The collector's own library for it reads what the plan's sampling writes, and
// decides alike.
func TestAClientSpanHasTheThresholdThatItWasSampledBy(t *testing.T) {
	run := loadgen.NewRunID()
	for _, part := range []float64{1, 0.9, 0.5, 0.25, 0.1, 1. / 3, 0.01, 1e-6} {
		plan := &loadgen.Plan{Sampling: &part, Attacks: []loadgen.Attack{{Load: []pace.Stage{{}}}}}
		sampler := plan.Sampler()
		threshold, err := sampling.ProbabilityToThreshold(part)
		require.NoError(t, err)
		for n := range uint64(5_000) {
			id := run.TraceID(0, n)
			require.Equal(t, threshold.ShouldSample(sampling.TraceIDToRandomness(pcommon.TraceID(id))), sampler.Keeps(id), part)
		}
		record := loadgen.Record{Outcome: loadgen.Finished, TraceID: run.TraceID(0, 1), Sent: time.Now(), Done: time.Now()}
		span := New(resource.Attributes{}, run, plan).Requests([]loadgen.Record{record}).ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
		state, err := sampling.NewW3CTraceState(span.TraceState().AsRaw())
		require.NoError(t, err)
		assert.Contains(t, span.TraceState().AsRaw(), run.TraceState())
		_, there := state.OTelValue().TValueThreshold()
		assert.Equal(t, part < 1, there, "where every request has a span there is nothing to say")
		if there {
			assert.Equal(t, threshold.TValue(), state.OTelValue().TValue())
			assert.InEpsilon(t, 1/part, state.OTelValue().AdjustedCount(), 1e-9)
		}
		assert.Equal(t, run.TraceState(), span.Links().At(0).TraceState().AsRaw(), "the run's own span is always made")
		assert.Equal(t, run.SampledState(sampler), span.TraceState().AsRaw(), "as in the request's header")
	}
}
