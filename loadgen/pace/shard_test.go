package pace_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// every shape, with fractions of requests that carry over from stage to stage.
func everyShape() []pace.Stage {
	return []pace.Stage{
		{Constant: 7.3, Duration: 3 * time.Second},
		{Ramp: &pace.Ramp{From: 3, To: 90}, Duration: 1700 * time.Millisecond},
		{Poisson: &pace.Poisson{Rate: 50, Seed: 9}, Count: 37},
		{Constant: 0.4, Duration: time.Second}, // one request or none
		{Poisson: &pace.Poisson{Rate: 20, Seed: 10}, Duration: 2 * time.Second},
		{Steps: &pace.Steps{From: 5, To: 45, By: 10}, Count: 101},
		{Sine: &pace.Sine{Mean: 60, Amplitude: 50, Period: time.Second}, Duration: 2500 * time.Millisecond},
	}
}

func TestShardsAreTogetherExactlyTheSchedule(t *testing.T) {
	for count := 1; count <= 17; count++ {
		whole := schedule(t, everyShape()...)
		planned, _ := whole.Planned()
		require.Greater(t, planned, uint64(400))
		seen := make([]int, planned)
		for index := range count {
			shard := whole.Shard(pace.Shard{Index: index, Count: count})
			share, exact := shard.Planned()
			require.True(t, exact)
			before := time.Duration(-1)
			for n := range share {
				number := shard.Number(n)
				require.Less(t, number, planned)
				seen[number]++
				want, _ := whole.At(number)
				at, ok := shard.At(n)
				require.True(t, ok)
				assert.Equal(t, want, at, "request %d", number)
				assert.GreaterOrEqual(t, at, before)
				before = at
				stage, _ := shard.StageOf(n)
				wantStage, _ := whole.StageOf(number)
				assert.Equal(t, wantStage, stage)
			}
			_, ok := shard.At(share)
			assert.False(t, ok)
			length, _ := shard.Duration()
			wantLength, _ := whole.Duration()
			assert.Equal(t, wantLength, length)
			assert.InDelta(t, whole.Rate(4*time.Second)/float64(count), shard.Rate(4*time.Second), 1e-9)
		}
		for n, times := range seen {
			require.Equal(t, 1, times, "request %d of %d shards", n, count)
		}
	}
}

// What comes behind a closed loop with a duration has numbers that nobody knows
// beforehand, but times that everybody does.
func TestShardsGoOnTogetherBehindAClosedLoop(t *testing.T) {
	const count = 3
	stages := []pace.Stage{
		{Constant: 10, Count: 4},
		{Max: &pace.Max{Workers: 1}, Duration: time.Second},
		{Constant: 100, Duration: time.Second},
	}
	behind, numbers := map[time.Duration]int{}, map[uint64]int{}
	for index := range count {
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			shard := schedule(t, stages...).Shard(pace.Shard{Index: index, Count: count})
			p := pace.NewPacer(t.Context(), shard, pace.Options{Begin: begin})
			for n := uint64(0); ; n++ {
				if _, stop := p.Pace(0, n); stop {
					break
				}
				iteration := p.Iteration(n)
				numbers[iteration.Number]++
				if iteration.Stage == 1 {
					time.Sleep(time.Duration(index+1) * 10 * time.Millisecond) // each shard is as fast as it is
				}
				if iteration.Stage == 2 {
					behind[iteration.Intended.Sub(begin)]++
				}
				p.Done()
			}
			planned, exact := p.Planned()
			assert.Equal(t, p.Given(), planned)
			assert.True(t, exact)
		})
	}
	require.Len(t, behind, 100)
	for n := range 100 {
		assert.Equal(t, 1, behind[1400*time.Millisecond+time.Duration(n)*10*time.Millisecond], "request %d of the last stage", n)
	}
	for number, times := range numbers {
		assert.Equal(t, 1, times, "number %d", number)
	}
}

func TestSharesAddUp(t *testing.T) {
	for n := range 40 {
		sum := 0
		for index := range 7 {
			sum += pace.Shard{Index: index, Count: 7}.Share(n)
		}
		assert.Equal(t, n, sum)
	}
	assert.Equal(t, 5, pace.Shard{}.Share(5))
}

func TestShardsAreReadAsTheyAreWritten(t *testing.T) {
	p, err := pace.ParseShard("2/8")
	require.NoError(t, err)
	assert.Equal(t, pace.Shard{Index: 2, Count: 8}, p)
	assert.Equal(t, "2/8", p.String())
	for text, want := range map[string]string{
		"8/8":     "the index counts from 0; write 0 to 7",
		"-1/8":    "the index counts from 0; write 0 to 7",
		"2":       "write INDEX/COUNT",
		"a/8":     "write INDEX/COUNT",
		"0/0":     "write INDEX/COUNT",
		"1/2/3":   "write INDEX/COUNT",
		"0/99999": "write 1 to 10000",
		"0/-3":    "write 1 to 10000",
	} {
		_, err := pace.ParseShard(text)
		assert.ErrorContains(t, err, want, text)
	}
}
