package planfile

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

const twoPoisson = `
attacks:
  - name: one
    http: {url: "http://127.0.0.1:1/"}
    load: [{poisson: {rate: 50/s}, duration: 2s}, {poisson: {rate: 50/s}, duration: 2s}]
  - name: two
    http: {url: "http://127.0.0.1:1/"}
    load: [{poisson: {rate: 50/s}, duration: 2s}, {poisson: {rate: 50/s, seed: 7}, duration: 2s}, {poisson: {rate: 50/s, seed: 7}, duration: 2s}]
`

// timesOf is when the requests of a stage are due, from its own beginning.
func timesOf(t *testing.T, plan *loadgen.Plan, attack, stage int) string {
	s, err := pace.New(plan.Attacks[attack].Load[stage : stage+1])
	require.NoError(t, err)
	s = s.Shard(plan.Shard)
	planned, _ := s.Planned()
	var times []any
	for n := range planned {
		at, _ := s.At(n)
		times = append(times, at)
	}
	return fmt.Sprint(times...)
}

// Two Poisson stages without a seed sent at the same moments, 93 of 93 times.
func TestPoissonStagesWithoutASeedAreIndependentAndReproducible(t *testing.T) {
	plan, err := Parse("plan.yaml", []byte(twoPoisson))
	require.NoError(t, err)
	again, err := Parse("plan.yaml", []byte(twoPoisson))
	require.NoError(t, err)
	assert.Equal(t, plan, again, "the same plan sends at the same times")

	seen := map[string]bool{}
	for _, at := range [][2]int{{0, 0}, {0, 1}, {1, 0}, {1, 1}} {
		times := timesOf(t, plan, at[0], at[1])
		assert.False(t, seen[times], "%v", at)
		seen[times] = true
	}
	assert.Equal(t, timesOf(t, plan, 1, 1), timesOf(t, plan, 1, 2), "a seed that is given is kept")
	assert.EqualValues(t, 7, plan.Attacks[1].Load[1].Poisson.Seed)

	written, err := Write(plan)
	require.NoError(t, err)
	read, err := Parse("plan.yaml", written)
	require.NoError(t, err)
	assert.Equal(t, plan.Attacks, read.Attacks, "the plan kept with a run has its seeds")

	for index := range 3 {
		shard, err := again.Split(pace.Shard{Index: index, Count: 3})
		require.NoError(t, err)
		assert.Equal(t, plan.Attacks[0].Load, shard.Attacks[0].Load, "shards share them")
	}
}

func TestASeedOfZeroIsNoSeed(t *testing.T) {
	_, err := Parse("plan.yaml", []byte(`attacks: [{http: {url: "http://127.0.0.1:1/"}, load: [{poisson: {rate: 50/s, seed: 0}, duration: 2s}]}]`))
	assert.ErrorContains(t, err, "attacks[0].load[0].poisson.seed: 0")
}
