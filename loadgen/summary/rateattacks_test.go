package summary

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

func TestRatesOfSeveralAttacks(t *testing.T) {
	two := func(order loadgen.Order, one, other pace.Stage) *loadgen.Plan {
		p := plan("auth", "browse")
		p.Order = order
		p.Attacks[0].Load, p.Attacks[1].Load = []pace.Stage{one}, []pace.Stage{other}
		return p
	}
	for name, c := range map[string]struct {
		plan              *loadgen.Plan
		one, other, total float64
		wanted            float64
	}{
		"side by side":    {two(loadgen.Parallel, openFor(100, 10*time.Second), openFor(50, 5*time.Second)), 100, 50, 125, 125},
		"in sequence":     {two(loadgen.Sequence, openFor(100, 10*time.Second), openFor(50, 5*time.Second)), 100, 50, 1250. / 15, 1250. / 15},
		"closed and open": {two(loadgen.Parallel, closedFor(5, 10*time.Second), openFor(50, 10*time.Second)), 50, 50, 100, 0},
		"closed loops":    {two(loadgen.Sequence, closedFor(5, 10*time.Second), closedCount(10, 500)), 50, 100, 1000. / 15, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := simulate(t, simulation{plan: c.plan, targets: []simTarget{takes(100 * time.Millisecond)}})
			assert.InEpsilon(t, c.one, s.Attacks[0].RateAchieved, 0.02)
			assert.InEpsilon(t, c.other, s.Attacks[1].RateAchieved, 0.02)
			assert.InEpsilon(t, c.total, s.Total.RateAchieved, 0.02)
			assert.InDelta(t, c.wanted, s.Total.RateWanted, 0.01)
		})
	}
}

func TestIntervalsCountOnceAndWithoutPauses(t *testing.T) {
	i := func(a, b int) pace.Interval {
		return pace.Interval{Begin: began.Add(time.Duration(a) * time.Second), End: began.Add(time.Duration(b) * time.Second)}
	}
	for _, c := range []struct {
		of     pace.Interval
		pauses []pace.Interval
		after  time.Duration
		want   []pace.Interval
	}{
		{i(0, 10), nil, 0, []pace.Interval{i(0, 10)}},
		{i(0, 10), []pace.Interval{i(2, 4), i(6, 7)}, 0, []pace.Interval{i(0, 2), i(4, 6), i(7, 10)}},
		{i(0, 10), []pace.Interval{i(2, 4), i(6, 7)}, time.Second, []pace.Interval{i(0, 3), i(4, 10)}},
		{i(3, 10), []pace.Interval{i(2, 4), i(9, 12)}, 0, []pace.Interval{i(4, 9)}},
		{i(3, 10), []pace.Interval{i(2, 11)}, 0, nil},
		{i(3, 10), []pace.Interval{i(0, 3), i(10, 11)}, 0, []pace.Interval{i(3, 10)}},
	} {
		assert.Equal(t, c.want, appendWithout(nil, c.of, c.pauses, c.after))
	}
	assert.Equal(t, 8*time.Second, union([]pace.Interval{i(5, 6), i(0, 4), i(2, 3), i(3, 5), i(8, 10), i(9, 10)}))
	assert.Zero(t, union(nil))
}

// beside is a plan of attacks that go on at the same time.
func beside(stages ...pace.Stage) *loadgen.Plan {
	names := make([]string, len(stages))
	for i := range names {
		names[i] = fmt.Sprint("attack", i)
	}
	p := plan(names...)
	p.Order = loadgen.Parallel
	for i := range stages {
		p.Attacks[i].Load = []pace.Stage{stages[i]}
	}
	return p
}

// The total rate was of the time until the next request of the slowest attack: 100/s
// beside 1/m had 25.5/s after a second.
func TestASlowAttackDoesNotStretchTheTimeOfTheOthers(t *testing.T) {
	poisson := pace.Stage{Poisson: &pace.Poisson{Rate: 5, Seed: 4}, Duration: 4 * time.Second}
	for name, c := range map[string]struct {
		stages    []pace.Stage
		low, high float64
	}{
		"twice a second": {[]pace.Stage{openFor(50, 4*time.Second), openFor(2, 4*time.Second)}, 51.9, 52.1},
		"once a minute":  {[]pace.Stage{openFor(100, 4*time.Second), openFor(1./60, 4*time.Second)}, 100.2, 100.3},
		"a minute of it": {[]pace.Stage{openFor(100, 4*time.Second), openFor(1./60, time.Minute)}, 1, 100.1},
		"two slow ones":  {[]pace.Stage{openFor(0.25, 20*time.Second), openFor(0.1, 20*time.Second)}, 0.349, 0.351},
		"three":          {[]pace.Stage{openFor(3, 4*time.Second), openFor(7, 4*time.Second), openFor(0.25, 4*time.Second)}, 10.24, 10.26},
		"poisson":        {[]pace.Stage{openFor(50, 4*time.Second), poisson}, 50, 60},
		// Ten of the closed loop end at once.
		"beside closed loop": {[]pace.Stage{closedFor(10, 4*time.Second), openFor(1./60, 4*time.Second)}, 70, 115},
	} {
		for _, stage := range []string{"", "shared"} {
			t.Run(name+stage, func(t *testing.T) {
				p := beside(c.stages...)
				for i := range p.Attacks {
					p.Attacks[i].Load[0].Name = stage
				}
				p.Thresholds = []loadgen.Threshold{
					{Metric: loadgen.MetricRate, AtLeast: "1/m", Window: time.Second, Stage: stage},
					{Metric: loadgen.MetricRate, AtLeast: "1/m", Stage: stage},
				}
				looks := 0
				s := simulate(t, simulation{plan: p, targets: []simTarget{takes(100 * time.Millisecond)}, look: func(now time.Duration, a *seen) {
					if now < 200*time.Millisecond || now > 4*time.Second {
						return
					}
					for i, r := range a.readings {
						if r.Samples == 0 {
							continue
						}
						looks++
						low, high := c.low, c.high
						if name == "beside closed loop" && now < time.Second {
							low, high = 1, 200 // its workers end at once
						}
						if name == "poisson" && now < time.Second {
							low = 45
						}
						if name == "poisson" && i == 0 {
							low, high = 46, 70
						}
						assert.GreaterOrEqual(t, r.Value, low, "%d after %s", i, now)
						assert.LessOrEqual(t, r.Value, high, "%d after %s", i, now)
					}
				}})
				assert.Greater(t, looks, 50)
				if name != "a minute of it" {
					assert.GreaterOrEqual(t, s.Total.RateAchieved, c.low)
					assert.LessOrEqual(t, s.Total.RateAchieved, c.high)
				}
			})
		}
	}
}
