package summary

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

func TestShardsShareARate(t *testing.T) {
	whole := load(openFor(100, 10*time.Second), closedFor(9, 10*time.Second))
	whole.Attacks[0].MaxWorkers, whole.Attacks[0].Workers = 3000, 3
	whole.Thresholds = []loadgen.Threshold{{Metric: loadgen.MetricRate, AtLeast: "98/s", Stage: loadgen.EachStage}}
	for index := range 3 {
		p, err := whole.Split(pace.Shard{Index: index, Count: 3})
		require.NoError(t, err)
		s := simulate(t, simulation{plan: p, targets: []simTarget{takes(90 * time.Millisecond)}})
		for i, want := range []float64{100. / 3, 100. / 3} {
			assert.InEpsilon(t, want, *s.Verdict.Thresholds[i].Value, 0.02)
			assert.Equal(t, verdict.Passed, s.Verdict.Thresholds[i].Outcome)
		}
	}
}

// Of a shard, the time before its first request counted in full: 1/2 of 4/s had 1.6/s
// of 2/s.
func TestAShardThatIsOnTimeHasItsShareOfTheRateAtAnyMoment(t *testing.T) {
	for _, shard := range []pace.Shard{{Index: 0, Count: 2}, {Index: 1, Count: 2}, {Index: 2, Count: 3}, {Index: 7, Count: 8}} {
		for _, several := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, several: %t", shard, several), func(t *testing.T) {
				rate := pace.Rate(2 * shard.Count)
				whole := load(openFor(rate, 6*time.Second))
				want := 2.0
				if several {
					whole, want = beside(openFor(rate, 6*time.Second), openFor(rate, 6*time.Second)), 4
				}
				for i := range whole.Attacks {
					whole.Attacks[i].MaxWorkers = 100
				}
				for _, window := range []time.Duration{0, time.Second, 2 * time.Second} {
					whole.Thresholds = append(whole.Thresholds,
						loadgen.Threshold{Metric: loadgen.MetricRate, AtLeast: loadgen.Limit(fmt.Sprint(0.99*want*float64(shard.Count)) + "/s"), Window: window, Abort: &loadgen.Abort{}},
						loadgen.Threshold{Metric: loadgen.MetricRate, AtMost: loadgen.Limit(fmt.Sprint(1.01*want*float64(shard.Count)) + "/s"), Window: window, Abort: &loadgen.Abort{}},
						loadgen.Threshold{Metric: loadgen.MetricRate, AtLeast: "100%", Window: window, Abort: &loadgen.Abort{}})
				}
				p, err := whole.Split(shard)
				require.NoError(t, err)
				s := simulate(t, simulation{plan: p, targets: []simTarget{takes(10 * time.Millisecond)}})
				assert.Equal(t, Completed, s.End, s.StopReason)
				for _, r := range s.Verdict.Thresholds {
					assert.Equal(t, verdict.Passed, r.Outcome, "%s: %s", r.Threshold, r.Measured())
				}
				assert.InEpsilon(t, want, s.Total.RateAchieved, 0.001)
			})
		}
	}
}
