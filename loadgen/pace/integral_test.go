package pace_test

import (
	"math"
	"sort"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// slivers of a stage, for the numeric integration.
const slivers = 4000

// rate is what stage.go says of a stage's rate, at t of length seconds. It shares
// nothing with the package's own closed forms.
func rate(st pace.Stage, t, length float64) float64 {
	switch {
	case st.Ramp != nil:
		return float64(st.Ramp.From)*(1-t/length) + float64(st.Ramp.To)*t/length
	case st.Sine != nil:
		swing := math.Sin(2*math.Pi*t/st.Sine.Period.Seconds() + st.Sine.Phase*math.Pi/180)
		return float64(st.Sine.Mean) + float64(st.Sine.Amplitude)*swing
	}
	return float64(st.Constant)
}

// integral of the rate from 0 to t, by the midpoint rule, which does not suit the
// jumps of steps.
func integral(st pace.Stage, t, length float64) (sum float64) {
	if st.Steps != nil {
		levels := levels(st.Steps)
		hold := length / float64(len(levels))
		for i, level := range levels {
			sum += level * max(0, min(hold, t-float64(i)*hold))
		}
		return sum
	}
	step := t / slivers
	for i := range slivers {
		sum += rate(st, (float64(i)+0.5)*step, length) * step
	}
	return sum
}

func levels(s *pace.Steps) (levels []float64) {
	way := math.Abs(float64(s.To - s.From))
	for r := s.From; math.Abs(float64(r-s.From)) < way; r += s.By {
		levels = append(levels, float64(r))
	}
	return append(levels, float64(s.To))
}

func anyRate(t *rapid.T, label string) pace.Rate {
	return pace.Rate(rapid.IntRange(1, 4000).Draw(t, label)) / 20
}

func anyStage(t *rapid.T) pace.Stage {
	var st pace.Stage
	switch rapid.SampledFrom([]string{"constant", "ramp", "steps", "sine"}).Draw(t, "shape") {
	case "constant":
		st.Constant = anyRate(t, "constant")
	case "ramp":
		st.Ramp = &pace.Ramp{From: anyRate(t, "from"), To: anyRate(t, "to")}
		switch rapid.IntRange(0, 3).Draw(t, "foot") {
		case 0:
			st.Ramp.From = 0
		case 1:
			st.Ramp.To = 0
		}
	case "steps":
		st.Steps = anySteps(t)
	case "sine":
		mean := anyRate(t, "mean")
		st.Sine = &pace.Sine{
			Mean:      mean,
			Amplitude: mean * pace.Rate(rapid.IntRange(1, 4).Draw(t, "amplitude")) / 4,
			Phase:     float64(rapid.IntRange(-360, 360).Draw(t, "phase")),
		}
	}
	if rapid.Bool().Draw(t, "counted") {
		st.Count = uint64(rapid.IntRange(1, 1000).Draw(t, "count"))
	} else {
		st.Duration = time.Duration(rapid.IntRange(1, 8_000).Draw(t, "duration")) * time.Millisecond
	}
	if st.Sine != nil { // few enough periods to integrate them in slivers
		long := max(st.Duration.Seconds(), float64(st.Count)/float64(st.Sine.Mean))
		periods := float64(rapid.IntRange(1, 40).Draw(t, "fifths of a period")) / 5
		st.Sine.Period = time.Duration(long / periods * 1e9)
	}
	return st
}

func anySteps(t *rapid.T) *pace.Steps {
	from := rapid.IntRange(0, 200).Draw(t, "from")
	way := rapid.IntRange(1, 200).Draw(t, "way")
	by := rapid.IntRange(1, way).Draw(t, "by")
	if way <= from && rapid.Bool().Draw(t, "down") {
		way, by = -way, -by
	}
	return &pace.Steps{From: pace.Rate(from), To: pace.Rate(from + way), By: pace.Rate(by)}
}

func TestRequestsSentByAnyTimeAreTheIntegralOfTheRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stages := rapid.SliceOfN(rapid.Custom(anyStage), 1, 5).Draw(t, "stages")
		s := schedule(t, stages...)
		at := times(t, s)
		grown, before, got, begin := 0.0, 0.0, 0.0, time.Duration(0)
		for i, st := range stages {
			end, exact := schedule(t, stages[:i+1]...).Duration()
			require.True(t, exact)
			length := (end - begin).Seconds()
			if st.Count > 0 {
				require.InDelta(t, st.Count, integral(st, length, length), 0.01, "the length of stage %d", i)
			} else {
				require.Equal(t, st.Duration, end-begin)
			}
			for _, u := range []float64{rapid.Float64Range(0, 1).Draw(t, "u"), 1} {
				want := grown + integral(st, u*length, length)
				moment := begin + time.Duration(u*float64(end-begin))
				got = float64(sort.Search(len(at), func(n int) bool { return at[n] >= moment }))
				// Between the integral and the next request; the rest is the slivers'.
				least, most := want, want+1
				if fades(st, length) {
					least = want - 1
					if u == 1 {
						most = max(want, before)
					}
				}
				require.GreaterOrEqual(t, got, least-0.01, "stage %d at %g of it", i, u)
				require.LessOrEqual(t, got, most+0.01, "stage %d at %g of it", i, u)
			}
			grown += integral(st, length, length)
			if fades(st, length) {
				grown = min(grown, got) // a fraction is gone, and the next stage begins with a request
			}
			before = got
			begin = end
		}
	})
}

// fades reports whether the rate of a stage with a duration ends at 0.
func fades(st pace.Stage, length float64) bool {
	if st.Steps != nil {
		return st.Count == 0 && st.Steps.To == 0
	}
	return st.Count == 0 && rate(st, length, length) < 1e-6
}

// A ramp to 0 sent one request more than its integral if that was no whole number,
// the last of them long before the ramp was over.
func TestAStageWhoseRateFallsToNothingSendsItsIntegralAndNoMore(t *testing.T) {
	for name, c := range map[string]struct {
		stages []pace.Stage
		want   int
		last   float64 // seconds; when the last request is due
	}{
		"a whole number":                    {[]pace.Stage{{Ramp: &pace.Ramp{From: 100, To: 0}, Duration: time.Second}}, 50, 1 - math.Sqrt(0.02)},
		"a half more":                       {[]pace.Stage{{Ramp: &pace.Ramp{From: 7, To: 0}, Duration: 3 * time.Second}}, 10, 3 - math.Sqrt(6*1.5/7)},
		"next to nothing more":              {[]pace.Stage{{Ramp: &pace.Ramp{From: 7, To: 0}, Duration: 15143 * time.Millisecond}}, 53, 15.143 - math.Sqrt(2*15.143*1.0005/7)},
		"less than one":                     {[]pace.Stage{{Ramp: &pace.Ramp{From: 1, To: 0}, Duration: time.Second}}, 0, 0},
		"with a count it has its own":       {[]pace.Stage{{Ramp: &pace.Ramp{From: 7, To: 0}, Count: 11}}, 11, 22./7 - math.Sqrt(2*(22./7)/7)},
		"steps":                             {[]pace.Stage{{Steps: &pace.Steps{From: 10, To: 0, By: -5}, Duration: 2400 * time.Millisecond}}, 12, 1.4},
		"steps and a bit":                   {[]pace.Stage{{Steps: &pace.Steps{From: 10, To: 0, By: -5}, Duration: 2500 * time.Millisecond}}, 12, 2.5/3 + (11-25./3)/5},
		"sine":                              {[]pace.Stage{{Sine: &pace.Sine{Mean: 5, Amplitude: 5, Period: time.Second, Phase: -90}, Duration: 3 * time.Second}}, 15, 0},
		"a constant rate is another matter": {[]pace.Stage{{Constant: 1, Duration: 1500 * time.Millisecond}}, 2, 1},
		"the fraction before it counts": {[]pace.Stage{
			{Constant: 2, Duration: 750 * time.Millisecond}, {Ramp: &pace.Ramp{From: 7, To: 0}, Duration: 3 * time.Second}}, 12, 3.75 - math.Sqrt(6*1/7.)},
		"the next stage begins with a request": {[]pace.Stage{
			{Ramp: &pace.Ramp{From: 7, To: 0}, Duration: 3 * time.Second}, {Constant: 10, Duration: time.Second}}, 20, 3.9},
	} {
		t.Run(name, func(t *testing.T) {
			at := times(t, schedule(t, c.stages...))
			require.Len(t, at, c.want)
			if c.last > 0 {
				require.InDelta(t, c.last, at[len(at)-1].Seconds(), 1e-3)
			}
		})
	}
}

func TestTimesNeverGoBackAndEndBeforeTheScheduleDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := schedule(t, rapid.SliceOfN(rapid.Custom(anyStage), 1, 5).Draw(t, "stages")...)
		last := time.Duration(0)
		stage := 0
		for n, offset := range times(t, s) {
			byNumber, ok1 := s.StageOf(uint64(n))
			byTime, ok2 := s.StageAt(offset)
			if !ok1 || !ok2 || offset < last || byNumber < stage || byNumber != byTime {
				t.Fatalf("request %d at %s in stage %d (%d by time), after one at %s in stage %d", n, offset, byNumber, byTime, last, stage)
			}
			last, stage = offset, byNumber
		}
		duration, _ := s.Duration()
		require.Less(t, last, duration)
	})
}

func TestARateInTwoStagesIsTheSameAsInOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRate(t, "rate")
		whole := time.Duration(rapid.IntRange(2, 10_000).Draw(t, "ms")) * time.Millisecond
		cut := time.Duration(rapid.Int64Range(1, int64(whole)-1).Draw(t, "cut"))
		one := times(t, schedule(t, pace.Stage{Constant: r, Duration: whole}))
		two := times(t, schedule(t, pace.Stage{Constant: r, Duration: cut}, pace.Stage{Constant: r, Duration: whole - cut}))
		requireSameTimes(t, one, two)
	})
}

func TestARampInTwoStagesIsTheSameAsInOne(t *testing.T) {
	one := times(t, schedule(t, pace.Stage{Ramp: &pace.Ramp{From: 0, To: 100}, Duration: 10 * time.Second}))
	two := times(t, schedule(t,
		pace.Stage{Ramp: &pace.Ramp{From: 0, To: 37}, Duration: 3700 * time.Millisecond},
		pace.Stage{Ramp: &pace.Ramp{From: 37, To: 100}, Duration: 6300 * time.Millisecond}))
	require.Len(t, one, 500)
	requireSameTimes(t, one, two)
}

// requireSameTimes allows a millionth of a request of rounding at a border.
func requireSameTimes(t require.TestingT, one, two []time.Duration) {
	require.Len(t, two, len(one))
	for n := range one {
		require.InDelta(t, one[n], two[n], float64(21*time.Microsecond), "request %d", n)
	}
}
