package summary

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// livePair are two shards of a run, of which each makes a request every 10 ms, bad ones from
// 5 s on: all of shard 1, and none of shard 0.
type livePair struct {
	t      *testing.T
	shards [2]*process
	now    time.Duration
}

func newLivePair(t *testing.T, threshold loadgen.Threshold) *livePair {
	p := dividedPlan()
	p.Attacks, p.Thresholds = p.Attacks[:1], []loadgen.Threshold{threshold}
	pair := &livePair{t: t}
	for i := range pair.shards {
		pair.shards[i] = newProcess(t, p, pace.Shard{Index: i, Count: 2})
	}
	return pair
}

// run goes on until a time, and reports each second those shards that are heard.
func (p *livePair) run(l *Live, until time.Duration, heard ...int) *WholeStop {
	for p.now < until {
		p.now += 100 * time.Millisecond
		for i, s := range p.shards {
			for n := range 10 {
				r := sent(0, uint64(p.now/time.Millisecond)+uint64(n), p.now-50*time.Millisecond, 0, time.Millisecond)
				if i == 1 && p.now > 5*time.Second {
					r.Status = 500
				}
				s.add(&r, s.plan.Attacks[0].Load)
			}
			s.look(p.now)
		}
		if p.now%time.Second != 0 {
			continue
		}
		for _, i := range heard {
			require.NoError(p.t, l.Take(i, readBack(p.t, p.shards[i].figures.Until(at(p.now), p.shards[i].accounts)), at(p.now)))
		}
		if stop := l.Look(at(p.now)); stop != nil {
			return stop
		}
	}
	return nil
}

func TestARunIsEndedWhenAllShardsTogetherBreachAThreshold(t *testing.T) {
	for what, c := range map[string]struct {
		threshold loadgen.Threshold
		at        time.Duration
		value     float64
	}{
		// Half of the requests of 10 s are bad when 20 of all 100 are.
		"over the run":  {loadgen.Threshold{Metric: loadgen.MetricErrorRatio, AtMost: "20%", Abort: &loadgen.Abort{After: time.Second}}, 10 * time.Second, 0.25},
		"over a window": {loadgen.Threshold{Metric: loadgen.MetricErrorRatio, AtMost: "40%", Window: 2 * time.Second, Abort: &loadgen.Abort{}}, 7 * time.Second, 0.5},
	} {
		t.Run(what, func(t *testing.T) {
			pair, l := newLivePair(t, c.threshold), NewLive(2)
			stop := pair.run(l, 20*time.Second, 0, 1)
			require.NotNil(t, stop)
			assert.InDelta(t, c.at.Seconds(), pair.now.Seconds(), 1)
			assert.InDelta(t, c.value, stop.Value, 0.05)
			assert.Contains(t, stop.Reason, "in the whole run, the threshold error ratio")

			var inputs []Input
			for _, s := range pair.shards {
				sum := s.summary()
				sum.End, sum.StopReason = Stopped, stop.Reason
				sum.Shard.Ended = stop
				sum.Judge(s.plan, nil, sum.Verdict.Machine)
				sum.Verdict.Thresholds = s.watch.Results()
				inputs = append(inputs, Input{"", readBack(t, sum)})
			}
			s := merged(t, inputs)
			assert.Equal(t, verdict.Fail, s.Verdict.Verdict, "%v", s.Verdict.Reasons)
			assert.True(t, s.Verdict.Aborted())
			assert.Equal(t, stop.Reason, s.StopReason)
		})
	}
}

func TestARunThatIsNotKnownAsAWholeIsNotEnded(t *testing.T) {
	all := loadgen.Threshold{Metric: loadgen.MetricErrorRatio, AtMost: "1%", Abort: &loadgen.Abort{}}
	pair, l := newLivePair(t, all), NewLive(2)
	assert.Nil(t, pair.run(l, 8*time.Second, 1), "shard 0 was never heard")
	assert.False(t, l.Watching(at(pair.now)))
	l.Leave(0)
	assert.True(t, l.Watching(at(pair.now)))
	assert.NotNil(t, pair.run(l, 9*time.Second, 1), "shard 0 was given up")

	pair, l = newLivePair(t, all), NewLive(2)
	assert.Nil(t, pair.run(l, 3*time.Second, 0, 1))
	assert.True(t, l.Watching(at(8*time.Second)))
	assert.False(t, l.Watching(at(9*time.Second)), "for 5 s nobody was heard")
}

func TestAShardOfAnotherRunDoesNotCountForTheWhole(t *testing.T) {
	pair, l := newLivePair(t, loadgen.Threshold{Metric: loadgen.MetricErrorRatio, AtMost: "1%"}), NewLive(2)
	s := pair.shards[0].figures.Until(at(time.Second), pair.shards[0].accounts)
	require.NoError(t, l.Take(0, s, at(0)))
	other := readBack(t, s)
	other.RunID = "ffff"
	assert.Error(t, l.Take(1, other, at(0)))
	other.Addends = nil
	assert.Error(t, l.Take(1, other, at(0)))
	other.Shard = nil
	assert.Error(t, l.Take(1, other, at(0)))
}
