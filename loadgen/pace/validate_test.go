package pace_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

func TestFaultsNameTheKeyWhatIsWrongAndTheFix(t *testing.T) {
	const (
		someRate  = "; give a rate above 0/s, or use max for a closed loop"
		number    = "; give a number of requests per second"
		share     = "; give at most that, or share the load among several generators"
		oneOfTwo  = "; give one of the two, for instance duration: 30s"
		atLeast0  = "; give a rate of 0/s or above"
		noShape   = "load[0]: no shape, or a constant rate of 0, which sends nothing; give one of constant (above 0/s), ramp, steps, sine, poisson and max"
		oneMinute = time.Minute
	)
	nan, inf := pace.Rate(math.NaN()), pace.Rate(math.Inf(1))
	ramp := func(from, to pace.Rate) pace.Stage {
		return pace.Stage{Ramp: &pace.Ramp{From: from, To: to}, Duration: oneMinute}
	}
	steps := func(from, to, by pace.Rate) pace.Stage {
		return pace.Stage{Steps: &pace.Steps{From: from, To: to, By: by}, Duration: oneMinute}
	}
	sine := func(mean, amplitude pace.Rate, period time.Duration, phase float64) pace.Stage {
		return pace.Stage{Sine: &pace.Sine{Mean: mean, Amplitude: amplitude, Period: period, Phase: phase}, Duration: oneMinute}
	}
	poisson := func(r pace.Rate) pace.Stage {
		return pace.Stage{Poisson: &pace.Poisson{Rate: r}, Duration: oneMinute}
	}
	for _, c := range []struct {
		want  string
		stage pace.Stage
	}{
		{noShape, pace.Stage{Duration: oneMinute}},
		{"load[0]: more than one shape: constant, max; give one, and the others in stages of their own",
			pace.Stage{Constant: 1, Max: &pace.Max{Workers: 1}, Duration: oneMinute}},

		{"load[0]: neither a duration nor a count" + oneOfTwo, pace.Stage{Constant: 1}},
		{"load[0]: both a duration and a count" + oneOfTwo, pace.Stage{Constant: 1, Count: 1, Duration: 1}},
		{"load[0].duration: -1s is negative; give a duration above 0", pace.Stage{Constant: 1, Duration: -time.Second}},

		{"load[0].constant: -5/s is negative; give a rate above 0/s", pace.Stage{Constant: -5, Count: 1}},
		{"load[0].constant: NaN is not a rate" + number, pace.Stage{Constant: nan, Count: 1}},
		{"load[0].constant: +Inf is not a rate" + number, pace.Stage{Constant: inf, Count: 1}},
		{"load[0].constant: 10000001/s is above 10000000/s" + share, pace.Stage{Constant: 10_000_001, Count: 1}},

		{"load[0].ramp: from 0/s to 0/s sends nothing; give one end a rate above 0/s", ramp(0, 0)},
		{"load[0].ramp.from: -1/s is negative" + atLeast0, ramp(-1, 1)},
		{"load[0].ramp.to: -0.5/s is negative" + atLeast0, ramp(1, -0.5)},
		{"load[0].ramp.to: NaN is not a rate" + number, ramp(1, nan)},
		{"load[0].ramp.to: 20000000/s is above 10000000/s" + share, ramp(1, 20e6)},
		{"load[0].ramp.from: -1/s is negative" + atLeast0 + "\nload[0].ramp.to: -2/s is negative" + atLeast0, ramp(-1, -2)},

		{"load[0].steps: from and to are the same rate; use constant, or let them differ", steps(5, 5, 1)},
		{"load[0].steps.by: steps of 0/s lead nowhere; give the difference from one step to the next, for instance 25/s", steps(100, 200, 0)},
		{"load[0].steps.by: -10/s leads away from 100/s to 200/s; give 10/s", steps(100, 200, -10)},
		{"load[0].steps.by: 10/s leads away from 200/s to 100/s; give -10/s", steps(200, 100, 10)},
		{"load[0].steps.by: NaN is not a rate" + number, steps(100, 200, nan)},
		{"load[0].steps.by: 0.01/s makes more than 10000 steps; give larger steps, or use ramp", steps(100, 200, 0.01)},
		{"load[0].steps.by: 0.000000000000000000001/s makes more than 10000 steps; give larger steps, or use ramp", steps(1, 2, 1e-21)},
		{"load[0].steps.from: -1/s is negative" + atLeast0, steps(-1, 1, 1)},
		{"load[0].steps.to: -1/s is negative" + atLeast0, steps(1, -1, -1)},

		{"load[0].sine.mean: a rate of 0 sends nothing" + someRate, sine(0, 1, time.Second, 0)},
		{"load[0].sine.amplitude: a rate of 0 sends nothing" + someRate, sine(1, 0, time.Second, 0)},
		{"load[0].sine.amplitude: -1/s is negative; give a rate above 0/s", sine(1, -1, time.Second, 0)},
		{"load[0].sine.amplitude: 11/s is above the mean of 10/s: the rate would be negative; give at most the mean", sine(10, 11, time.Second, 0)},
		{"load[0].sine.period: 0s is not above 0; give the time of one whole swing, for instance 1m", sine(2, 1, 0, 0)},
		{"load[0].sine.period: -1s is not above 0; give the time of one whole swing, for instance 1m", sine(2, 1, -time.Second, 0)},
		{"load[0].sine.phase: NaN is not an angle; give degrees, for instance 90", sine(2, 1, time.Second, math.NaN())},

		{"load[0].poisson.rate: a rate of 0 sends nothing" + someRate, poisson(0)},
		{"load[0].poisson.rate: -1/s is negative; give a rate above 0/s", poisson(-1)},

		{"load[0].max.workers: 0 workers send nothing; give at least 1", pace.Stage{Max: &pace.Max{}, Count: 1}},
		{"load[0].max.workers: -1 workers send nothing; give at least 1", pace.Stage{Max: &pace.Max{Workers: -1}, Count: 1}},

		{"load: the stages send 1.5e+14 requests, more than 1.41e+14; make them shorter, or their rates lower",
			pace.Stage{Max: &pace.Max{Workers: 1}, Count: 150e12}},
		{"load: the stages take longer than 10 years; make them shorter, or the rates of those with a count higher",
			pace.Stage{Constant: 1e-300, Count: 2}},
		{"load: the stages take longer than 10 years; make them shorter, or the rates of those with a count higher",
			pace.Stage{Constant: 1, Duration: math.MaxInt64}},
	} {
		s, err := pace.New([]pace.Stage{c.stage})
		assert.Nil(t, s)
		assert.EqualError(t, err, c.want)
		var key *pace.KeyError
		assert.ErrorAs(t, err, &key)
	}
}

func TestNoStagesAreAFault(t *testing.T) {
	_, err := pace.New(nil)
	assert.EqualError(t, err, "load: no stages; give at least one, for instance constant: 10/s with duration: 1m")
}

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	_, err := pace.New([]pace.Stage{
		{Constant: 1},
		{Constant: 1, Count: 1},
		{Ramp: &pace.Ramp{From: -1, To: 1}, Duration: -1},
	})
	joined, ok := err.(interface{ Unwrap() []error })
	require.True(t, ok)
	var keys []string
	for _, e := range joined.Unwrap() {
		var key *pace.KeyError
		require.ErrorAs(t, e, &key)
		assert.NotEmpty(t, key.Fix)
		keys = append(keys, key.Key)
	}
	assert.Equal(t, []string{"load[0]", "load[2].duration", "load[2].ramp.from"}, keys)
}

func TestRatesAtTheBordersAreAllowed(t *testing.T) {
	for _, stage := range []pace.Stage{
		{Constant: 10_000_000, Duration: time.Second},
		{Constant: 0.001, Count: 1},
		{Ramp: &pace.Ramp{To: 10}, Duration: time.Second},
		{Ramp: &pace.Ramp{From: 10}, Duration: time.Second},
		{Steps: &pace.Steps{To: 10, By: 3}, Count: 5},
		{Steps: &pace.Steps{From: 10, By: -3}, Count: 5},
		{Steps: &pace.Steps{From: 1, To: 10_000, By: 1}, Duration: time.Second},
		{Sine: &pace.Sine{Mean: 5, Amplitude: 5, Period: 1}, Duration: time.Millisecond},
		{Max: &pace.Max{Workers: 1}, Duration: 1},
		{Poisson: &pace.Poisson{Rate: 10_000_000}, Count: 1},
	} {
		s, err := pace.New([]pace.Stage{stage})
		if assert.NoError(t, err) {
			_, ok := s.Duration()
			assert.True(t, ok)
		}
	}
}
