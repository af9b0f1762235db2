package ladderrun

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/internal/ladder"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Variants of 1.5 s and of 140 ms, 64 requests at a time, as a stage of 3 s sees them.
// The slow one was once 164 times as fast.
func TestASlowVariantRanksBelowAQuickOne(t *testing.T) {
	const workers = 64
	variant := func(name string, takes time.Duration) ladder.Variant {
		g := ladder.Variant{Name: name}
		for round := range 3 {
			rounds := int(3 * time.Second / takes)
			var f summary.Figures
			f.Requests.Finished = uint64(workers * rounds)
			f.Requests.OK = f.Requests.Finished
			f.RateAchieved = workers/takes.Seconds() + float64(round)/10
			g.Samples = append(g.Samples, sampleOf(&summary.Summary{}, f))
		}
		return g
	}
	r := ladder.New([]ladder.Variant{variant("slow", 1500*time.Millisecond), variant("quick", 140*time.Millisecond)})
	assert.InDelta(t, 43, r.Variants[0].Rate, 1)
	assert.InDelta(t, 457, r.Variants[1].Rate, 1)
	assert.InDelta(t, 10.7, r.Whole.Ratio, 0.1)
	assert.Equal(t, ladder.Gained, r.Whole.Finding())
	assert.Empty(t, r.Undecided)
}

func TestAVariantThatAnswersNothingHasNoRate(t *testing.T) {
	for name, f := range map[string]summary.Figures{
		"nothing ended in time": {},
		"all were refused":      {Requests: summary.Requests{Failed: 5000}, RateAchieved: 25_000},
		"all were errors":       {Requests: summary.Requests{Finished: 5000}, RateAchieved: 25_000},
	} {
		assert.Zero(t, sampleOf(&summary.Summary{}, f).Rate, name)
	}
}
