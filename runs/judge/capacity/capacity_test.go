package capacity

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/runs/judge"
)

// probes have an error of 0.1 and come in pairs of rate and margin.
func probes(of ...float64) (out []Probe) {
	for i := 0; i < len(of); i += 2 {
		out = append(out, Probe{Rate: of[i], Margin: of[i+1], Error: 0.1})
	}
	return out
}

func TestNeighboursInTheWrongOrderArePooled(t *testing.T) {
	blocks := isotonic(probes(1, 5, 2, 1, 3, 3, 4, 2, 5, -1), []float64{1, 1, 1, 2, 1})
	require.Len(t, blocks, 3)
	assert.Equal(t, []float64{5, 2, -1}, []float64{blocks[0].margin, blocks[1].margin, blocks[2].margin})
	assert.Equal(t, 3.25, blocks[1].rate)
	assert.Equal(t, 4.0, blocks[1].weight)
}

func TestTheCapacityIsWhereTheMarginCrossesZero(t *testing.T) {
	e := Of(probes(400, -1, 100, 0.9, 300, -0.5, 200, 0.5))
	assert.Equal(t, 250.0, e.Rate)
	assert.Equal(t, 200.0, e.Low)
	assert.Equal(t, 300.0, e.High)
	assert.Equal(t, "250/s (200 … 300 with 95 % confidence)", e.String())
}

func TestAProbeThatMayBeChanceDoesNotBoundTheInterval(t *testing.T) {
	e := Of(probes(100, 0.9, 190, 0.8, 200, 0.05, 210, -0.08, 220, -0.9, 300, -2))
	assert.Equal(t, 190.0, e.Low)
	assert.Equal(t, 220.0, e.High)
	assert.InDelta(t, 203.8, e.Rate, 0.1)
}

// Probes of one rate that differ by far more than their errors show that runs differ, and
// then the errors within a run are too small.
func TestProbesThatContradictEachOtherWidenTheInterval(t *testing.T) {
	agree := Of(probes(100, 0.9, 200, 0.4, 200, 0.5, 200, 0.3, 210, -0.4, 210, -0.5, 210, -0.3))
	contradict := Of(probes(100, 0.9, 200, 0.9, 200, 0.4, 200, -0.7, 210, 0.7, 210, -0.4, 210, -0.9, 400, -9))
	assert.Equal(t, 200.0, agree.Low)
	assert.Equal(t, 210.0, agree.High)
	assert.Greater(t, contradict.High-contradict.Low, 10.0)
}

func TestACliffIsReportedAsARange(t *testing.T) {
	e := Of(probes(500, 0.95, 600, 0.9, 610, -99, 700, -99))
	assert.True(t, e.Cliff)
	assert.Equal(t, 600.0, e.Rate)
	assert.Equal(t, "between 600/s, which holds, and 610/s, where 100 times the allowed share exceed the limit: a cliff, so no rate just holds", e.String())
	assert.False(t, Of(probes(500, 0.95, 600, 0.9, 700, -99)).Cliff, "the rates are far apart")
	assert.False(t, Of(probes(500, 0.95, 600, 0.3, 610, -0.6)).Cliff)
}

func TestAProbeInWhichTheGeneratorWasTheLimitSaysNothingOfTheTarget(t *testing.T) {
	done := append(probes(100, 0.9, 200, 0.8), Probe{Rate: 400, Margin: -50, Error: 0.1, Limited: true})
	e := Of(done)
	assert.Zero(t, e.High)
	assert.Equal(t, "at least 200/s: no higher rate was shown to fail; 1 probes are not counted, as the generator was the limit", e.String())

	rate, end := Search{Start: 100}.Next(done)
	assert.Empty(t, end)
	assert.Less(t, rate, 400.0)
	_, end = Search{Start: 100}.Next(append(done, probes(rate, 0.8)...))
	assert.Equal(t, Generator, end)
}

func TestWhatIsNotKnownIsSaid(t *testing.T) {
	for want, done := range map[string][]Probe{
		"no probe says anything":                             {{Rate: 100, Margin: math.NaN(), Error: 1}, {Rate: 0, Margin: 1, Error: 1}, {Rate: 1, Margin: 1}},
		"1 probes do not show whether the objective is held": probes(100, 0.01),
		"below 100/s: no rate was shown to hold":             probes(100, -5, 200, -9),
	} {
		assert.Equal(t, want, Of(done).String())
	}
}

func TestASearchDoublesHalvesAndThenStaysWithin(t *testing.T) {
	s := Search{Start: 100, Most: 1000}
	for _, c := range []struct {
		done []Probe
		want float64
	}{
		{nil, 100},
		{probes(100, 0.9), 200},
		{probes(100, 0.9, 600, 0.9), 1000},
		{probes(100, -5), 50},
		{probes(100, 0.9, 400, -5), 200},
		{probes(100, 0.01), 100},
	} {
		rate, end := s.Next(c.done)
		assert.Empty(t, end)
		assert.InDelta(t, c.want, rate, 1e-9)
	}
}

func TestASearchEndsWithAReason(t *testing.T) {
	for want, c := range map[Reason]struct {
		s    Search
		done []Probe
	}{
		Precise:  {Search{Start: 100}, probes(100, 0.9, 200, 0.5, 204, -0.5)},
		Spent:    {Search{Start: 100, Probes: 2}, probes(100, 0.9, 200, 0.5)},
		Unbroken: {Search{Start: 100, Most: 200}, probes(100, 0.9, 200, 0.5)},
		Hopeless: {Search{Start: 100}, probes(100, -5, 1, -5)},
	} {
		_, end := c.s.Next(c.done)
		assert.Equal(t, want, end)
	}
}

func TestTheMarginIsThatOfTheObjectiveWhichIsHeldLeast(t *testing.T) {
	batches := make([]judge.Batch, 20)
	for i := range batches {
		batches[i] = judge.Batch{{Value: 0.01, Count: 980}, {Value: 0.1, Count: 15}, {Value: 1, Count: 5}}
	}
	p, ok := ProbeOf(100, batches, Objective{0.05, 0.05}, Objective{0.5, 0.01}, Objective{2, 0.001})
	require.True(t, ok)
	assert.InDelta(t, 0.5, p.Margin, 1e-9)
	assert.InDelta(t, 1/math.Sqrt(200), p.Error, 1e-9, "no probe is surer than one of independent requests")

	_, ok = ProbeOf(100, batches[:9], Objective{0.05, 0.05})
	assert.False(t, ok, "there are too few batches")
	_, ok = ProbeOf(100, batches)
	assert.False(t, ok, "there is no objective")
}

func TestTheScalabilityLawIsFoundFromItsOwnCurve(t *testing.T) {
	for _, law := range []Law{{Alone: 100, Contention: 0.05, Coherency: 0.0005}, {Alone: 100, Contention: 0.2}, {Alone: 100}} {
		var loads []Load
		for _, n := range []float64{1, 2, 4, 8, 16, 32, 64} {
			loads = append(loads, Load{n, law.Throughput(n)})
		}
		got, err := Fit(loads)
		require.NoError(t, err)
		assert.InDelta(t, law.Alone, got.Alone, 1e-6)
		assert.InDelta(t, law.Contention, got.Contention, 1e-6)
		assert.InDelta(t, law.Coherency, got.Coherency, 1e-6)
	}
	law := Law{Alone: 100, Contention: 0.05, Coherency: 0.0005}
	n, ok := law.Peak()
	assert.True(t, ok)
	assert.InDelta(t, math.Sqrt(0.95/0.0005), n, 1e-9)
	assert.Greater(t, law.Throughput(n), law.Throughput(n+1))
	assert.Equal(t, "100/s for one request at a time, 5 % of the work waits in line, highest at 44 requests at once: 1074/s", law.String())
}

func TestALawThatDoesNotFitIsRefused(t *testing.T) {
	_, err := Fit([]Load{{1, 100}, {2, 20}, {4, 400}, {8, 100}, {16, 900}})
	assert.ErrorContains(t, err, "the law does not fit")
	_, err = Fit([]Load{{1, 100}, {2, 200}})
	assert.EqualError(t, err, "2 loads: it takes at least 4 to fit three coefficients")
	_, err = Fit([]Load{{1, 100}, {2, 200}, {3, 0}, {4, 400}})
	assert.ErrorContains(t, err, "leave it out")
	_, err = Fit([]Load{{5, 100}, {5, 100}, {5, 100}, {5, 100}})
	assert.NoError(t, err, "one point four times is a line through it")
}
