package pace_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

func TestAWholeNumberOfRequestsIsNotRoundedUp(t *testing.T) {
	for n := range uint64(3000) {
		perMinute := schedule(t, pace.Stage{Constant: pace.Rate(n+1) / 60, Duration: time.Minute})
		planned, exact := perMinute.Planned()
		require.True(t, exact)
		require.Equal(t, n+1, planned, "%d/m for a minute", n+1)
		perHour := schedule(t, pace.Stage{Constant: pace.Rate(n+1) / 3600, Duration: time.Hour})
		planned, _ = perHour.Planned()
		require.Equal(t, n+1, planned, "%d/h for an hour", n+1)
	}
}

func TestRequestsOfEachShape(t *testing.T) {
	ms := func(v ...float64) (d []time.Duration) {
		for _, x := range v {
			d = append(d, time.Duration(x*1e6))
		}
		return d
	}
	for name, c := range map[string]struct {
		stages []pace.Stage
		want   []time.Duration
	}{
		"constant": {
			[]pace.Stage{{Constant: 5, Duration: time.Second}},
			ms(0, 200, 400, 600, 800),
		},
		"ramp from 0: the integral is t²": {
			[]pace.Stage{{Ramp: &pace.Ramp{From: 0, To: 4}, Duration: 2 * time.Second}},
			ms(0, 1000, 1414.213562, 1732.050808),
		},
		"ramp to 0, with a count: it takes 2 s": {
			[]pace.Stage{{Ramp: &pace.Ramp{From: 4, To: 0}, Count: 4}},
			ms(0, 267.949192, 585.786438, 1000),
		},
		"steps of 1/s, 2/s, 3/s": {
			[]pace.Stage{{Steps: &pace.Steps{From: 1, To: 3, By: 1}, Duration: 3 * time.Second}},
			ms(0, 1000, 1500, 2000, 2000+1000./3, 2000+2000./3),
		},
		"steps that do not divide the way, with a count: 1/s, 3/s, 4/s": {
			[]pace.Stage{{Steps: &pace.Steps{From: 1, To: 4, By: 2}, Count: 8}},
			ms(0, 1000, 1000+1000./3, 1000+2000./3, 2000, 2250, 2500, 2750),
		},
		"sine at its mean after each half period": {
			[]pace.Stage{{Sine: &pace.Sine{Mean: 2, Amplitude: 2, Period: time.Second, Phase: -90}, Count: 4}},
			ms(0, 500, 1000, 1500),
		},
		"fractions carry over": {
			[]pace.Stage{{Constant: 2, Duration: 750 * time.Millisecond}, {Constant: 1, Duration: 2 * time.Second}},
			ms(0, 500, 1250, 2250),
		},
		"a request on the border begins the next stage": {
			[]pace.Stage{{Constant: 2, Duration: time.Second}, {Constant: 1, Count: 1}},
			ms(0, 500, 1000),
		},
		"a count goes on from a fraction too": {
			[]pace.Stage{{Constant: 2, Duration: 750 * time.Millisecond}, {Constant: 1, Count: 2}, {Constant: 4, Count: 1}},
			ms(0, 500, 1250, 2250, 2875),
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := times(t, schedule(t, c.stages...))
			require.Len(t, got, len(c.want))
			for n := range got {
				assert.InDelta(t, c.want[n], got[n], 2, "request %d, in ns", n)
			}
		})
	}
}

func TestTheWantedRateFollowsTheStages(t *testing.T) {
	s := schedule(t,
		pace.Stage{Constant: 5, Duration: 2 * time.Second},
		pace.Stage{Ramp: &pace.Ramp{From: 10, To: 20}, Duration: 10 * time.Second},
		pace.Stage{Steps: &pace.Steps{From: 30, To: 10, By: -20}, Duration: 2 * time.Second},
		pace.Stage{Max: &pace.Max{Workers: 1}, Duration: time.Second},
		pace.Stage{Sine: &pace.Sine{Mean: 4, Amplitude: 3, Period: 4 * time.Second}, Duration: 4 * time.Second},
		pace.Stage{Poisson: &pace.Poisson{Rate: 7}, Duration: time.Second},
		pace.Stage{Max: &pace.Max{Workers: 1}, Count: 5},
		pace.Stage{Constant: 9, Duration: time.Second},
	)
	for at, want := range map[time.Duration]float64{
		-1: 0, 0: 5, 2*time.Second - 1: 5, 2 * time.Second: 10, 7 * time.Second: 15,
		12500 * time.Millisecond: 30, 13500 * time.Millisecond: 10,
		14500 * time.Millisecond: 0, // closed loop
		16 * time.Second:         7, 18 * time.Second: 1,
		19500 * time.Millisecond: 7,
		20 * time.Second:         0, time.Hour: 0, // a closed loop of unknown length, and what is behind it
	} {
		assert.InDelta(t, want, s.Rate(at), 1e-6, "at %s", at)
	}
}

func TestWhatAClosedLoopMakesUnknowable(t *testing.T) {
	s := schedule(t,
		pace.Stage{Constant: 10, Duration: time.Second},
		pace.Stage{Max: &pace.Max{Workers: 2}, Duration: 3 * time.Second},
		pace.Stage{Constant: 10, Count: 20},
		pace.Stage{Max: &pace.Max{Workers: 2}, Count: 7},
	)
	planned, exact := s.Planned()
	assert.EqualValues(t, 10+20+7, planned)
	assert.False(t, exact)
	duration, exact := s.Duration()
	assert.Equal(t, 6*time.Second, duration)
	assert.False(t, exact)

	offset, ok := s.At(9)
	assert.True(t, ok)
	assert.Equal(t, 900*time.Millisecond, offset)
	_, ok = s.At(10)
	assert.False(t, ok, "a request of or behind a closed loop")
	stage, ok := s.StageAt(5 * time.Second)
	assert.True(t, ok)
	assert.Equal(t, 2, stage)
	stage, ok = s.StageAt(time.Hour)
	assert.True(t, ok)
	assert.Equal(t, 3, stage, "a closed loop with a count ends nobody knows when")

	_, exact = schedule(t, pace.Stage{Max: &pace.Max{Workers: 2}, Count: 7}).Planned()
	assert.True(t, exact)
	_, exact = schedule(t, pace.Stage{Max: &pace.Max{Workers: 2}, Duration: 7}).Duration()
	assert.True(t, exact)
}

func TestTimesAreFoundWithoutAllocating(t *testing.T) {
	s := schedule(t,
		pace.Stage{Constant: 10, Duration: time.Second},
		pace.Stage{Ramp: &pace.Ramp{From: 10, To: 30}, Duration: time.Second},
		pace.Stage{Steps: &pace.Steps{From: 10, To: 30, By: 2}, Duration: time.Second},
		pace.Stage{Sine: &pace.Sine{Mean: 20, Amplitude: 20, Period: time.Second}, Duration: time.Second},
		pace.Stage{Poisson: &pace.Poisson{Rate: 20}, Count: 20},
	)
	planned, _ := s.Planned()
	assert.Zero(t, testing.AllocsPerRun(10, func() {
		for n := range planned {
			s.At(n)
		}
	}))
}
