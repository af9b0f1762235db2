package calibrate

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// An instrument that reports service time as response time must not pass.
func TestAnInstrumentThatOmitsTheStallIsNotTrusted(t *testing.T) {
	c := stalled("stall", 500, 1000, 16, false)
	exact, err := truth(&c)
	require.NoError(t, err)
	honest := points(exact)
	sum := summary.Summary{Total: summary.Figures{
		Requests:     summary.Requests{Planned: 1000, Finished: 1000},
		ResponseTime: summary.Quantiles{P95: summary.Seconds(honest.P95), P99: summary.Seconds(honest.P99), P999: summary.Seconds(honest.P999)},
	}}
	r := Result{Stalls: true, Truth: honest}
	r.read(&c, &sum)
	assert.Empty(t, r.Faults)

	sum.Total.ResponseTime.P99 *= 0.97
	r = Result{Stalls: true, Truth: honest}
	r.read(&c, &sum)
	require.Len(t, r.Faults, 1)
	assert.Contains(t, r.Faults[0], "off by 3.0 %")
	assert.InDelta(t, 0.03, r.Error, 1e-9)
}

func TestLostSpansAndUnfinishedRequestsAreFaults(t *testing.T) {
	c := Case{Count: 10}
	sum := summary.Summary{
		Total:     summary.Figures{Requests: summary.Requests{Planned: 10, Finished: 9}},
		Telemetry: summary.Telemetry{SpansMade: 11, SpansDelivered: 8},
	}
	var r Result
	r.read(&c, &sum)
	assert.Equal(t, []string{"3 of 11 spans were lost", "9 of 10 requests finished"}, r.Faults)
}

// A busy machine shows in the verdict on the run, also where there is no stall.
func TestARunThatIsNotTrustedIsAFault(t *testing.T) {
	c := Case{Count: 10}
	sum := summary.Summary{
		Total:   summary.Figures{Requests: summary.Requests{Planned: 10, Finished: 10}},
		Faults:  []string{"telemetry was lost"},
		Verdict: verdict.Report{Verdict: verdict.Undecided, Reasons: []string{"the schedule was not kept", "telemetry was lost"}},
	}
	var r Result
	r.read(&c, &sum)
	assert.Equal(t, []string{"telemetry was lost", "the schedule was not kept"}, r.Faults)
}

func TestThePlanOfEachCaseIsAPlan(t *testing.T) {
	cases := append(Cases(500, 2*time.Second), Late(500, 1000))
	for _, c := range cases {
		c.Latency = fixed(0)
		var got *loadgen.Plan
		_, err := Do(t.Context(), c, func(_ context.Context, p *loadgen.Plan) (summary.Summary, error) {
			got = p
			return summary.Summary{}, nil
		})
		require.NoError(t, err, c.Name)
		assert.Equal(t, c.GRPC, got.Attacks[0].GRPC != nil)
	}
}
