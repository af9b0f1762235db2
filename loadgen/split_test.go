package loadgen

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

func divisible() *Plan {
	return &Plan{
		Name: "p", Order: Parallel,
		Attacks: []Attack{
			{
				Name: "web", Workers: 10, MaxWorkers: 1001, HTTP: &HTTP{Connections: 2, MaxConnections: 50},
				Load: []pace.Stage{{Constant: 100, Duration: time.Second}, {Max: &pace.Max{Workers: 22}, Count: 90}},
			},
			{Name: "calls", Workers: 1, MaxWorkers: 100, GRPC: &GRPC{Connections: 1}, Load: []pace.Stage{{Constant: 1, Count: 1}}},
		},
		Thresholds: []Threshold{
			{Metric: MetricRate, AtLeast: "600/m"}, {Metric: MetricRate, AtLeast: "95%"},
			{Metric: MetricResponseTime, Percentile: 99, AtMost: "200ms"},
		},
	}
}

func TestWhatBoundsTheLoadIsDividedAndAddsUp(t *testing.T) {
	const count = 8
	whole := divisible()
	workers, most, conns, idle := 0, 0, 0, 0
	for index := range count {
		shard, err := whole.Split(pace.Shard{Index: index, Count: count})
		require.NoError(t, err)
		web, calls := shard.Attacks[0], shard.Attacks[1]
		workers += web.Load[1].Max.Workers
		most += web.MaxWorkers
		conns += web.HTTP.MaxConnections
		idle += web.HTTP.Connections
		assert.Equal(t, 1, calls.GRPC.Connections, "each shard needs one")
		assert.Equal(t, 1, calls.Workers)
		assert.Equal(t, whole.Attacks[0].Load[0], web.Load[0], "the load is the whole's")
		assert.EqualValues(t, 90, web.Load[1].Count)
		assert.Equal(t, []Limit{"1.25/s", "95%"}, []Limit{shard.Thresholds[0].AtLeast, shard.Thresholds[1].AtLeast})
		assert.EqualValues(t, "200ms", shard.Thresholds[2].AtMost)
		assert.Equal(t, pace.Shard{Index: index, Count: count}, shard.Shard)
	}
	assert.Equal(t, []int{22, 1001, 50, count}, []int{workers, most, conns, idle})
	assert.Equal(t, divisible(), whole, "the plan itself stays")
}

func TestAPlanThatShardsCannotKeepToIsNotSplit(t *testing.T) {
	p := divisible()
	p.Order = Sequence
	p.Attacks[0].HTTP.MaxConnections = 7
	p.Attacks[0].Load = []pace.Stage{{Max: &pace.Max{Workers: 3}, Count: 5}, {Max: &pace.Max{Workers: 8}, Count: 5}}
	_, err := p.Split(pace.Shard{Index: 0, Count: 8})
	for _, want := range []string{
		"order: a sequence cannot be split",
		"attacks[0].http.max_connections: 7 cannot be divided among 8 shards; raise it to 8, or make at most 7 shards",
		"attacks[0].load[0].max.workers: 3 cannot be divided among 8 shards",
		"attacks[0].load[0].count: a closed loop with a count ends in each shard",
		"attacks[0].load[1].count: 5 requests are fewer than the 8 shards",
	} {
		assert.ErrorContains(t, err, want)
	}
	_, err = p.Split(pace.Shard{Index: 8, Count: 8})
	assert.ErrorContains(t, err, "the index counts from 0")
}

func TestAPlanOfOneShardIsThePlan(t *testing.T) {
	p := divisible()
	p.Order = Sequence
	for _, shard := range []pace.Shard{{}, {Index: 0, Count: 1}} {
		one, err := p.Split(shard)
		require.NoError(t, err)
		assert.Equal(t, p.Attacks, one.Attacks)
		assert.Equal(t, shard, one.Shard)
	}
}
