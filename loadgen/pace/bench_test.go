package pace_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

func BenchmarkAt(b *testing.B) {
	for name, stage := range map[string]pace.Stage{
		"constant": {Constant: 5000},
		"ramp":     {Ramp: &pace.Ramp{From: 0, To: 10_000}},
		"steps":    {Steps: &pace.Steps{From: 1000, To: 10_000, By: 9}},
		"sine":     {Sine: &pace.Sine{Mean: 5000, Amplitude: 5000, Period: time.Minute}},
		"poisson":  {Poisson: &pace.Poisson{Rate: 5000}},
	} {
		b.Run(name, func(b *testing.B) {
			stage.Duration = time.Hour
			s, err := pace.New([]pace.Stage{stage})
			require.NoError(b, err)
			planned, _ := s.Planned()
			b.ReportAllocs()
			n := uint64(0)
			for b.Loop() {
				s.At(n % planned)
				n++
			}
		})
	}
}

// BenchmarkAtAnywhere shows the price of a Poisson request far from those before it.
func BenchmarkAtAnywhere(b *testing.B) {
	s, err := pace.New([]pace.Stage{{Poisson: &pace.Poisson{Rate: 1e6}, Duration: 24 * time.Hour}})
	require.NoError(b, err)
	n := uint64(0)
	for b.Loop() {
		s.At(n % 86_000_000_000)
		n += 7_654_321_987
	}
}

// BenchmarkPaceBehind is Pace without a wait: the requests were due long ago.
func BenchmarkPaceBehind(b *testing.B) {
	s, err := pace.New([]pace.Stage{{Constant: 1e6, Duration: time.Hour}})
	require.NoError(b, err)
	p := pace.NewPacer(b.Context(), s, pace.Options{Begin: time.Now().Add(-time.Hour), Overrun: time.Hour})
	b.ReportAllocs()
	n := uint64(0)
	for b.Loop() {
		p.Pace(0, n)
		n++
	}
}

func BenchmarkHit(b *testing.B) {
	s, err := pace.New([]pace.Stage{{Constant: 1e6, Duration: time.Hour}})
	require.NoError(b, err)
	p := pace.NewPacer(b.Context(), s, pace.Options{Begin: time.Now().Add(-time.Hour)})
	p.Pace(0, 0)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			p.Iteration(0)
		}
	})
}

// BenchmarkLateness reports how late requests are given out, on a machine that is
// otherwise idle.
func BenchmarkLateness(b *testing.B) {
	for _, rate := range []pace.Rate{100, 5000} {
		b.Run(time.Duration(float64(time.Second)/float64(rate)).String()+"/precise", func(b *testing.B) {
			lateness(b, rate, nil)
		})
		b.Run(time.Duration(float64(time.Second)/float64(rate)).String()+"/runtime", func(b *testing.B) {
			lateness(b, rate, time.Sleep)
		})
	}
}

func lateness(b *testing.B, rate pace.Rate, sleep func(time.Duration)) {
	s, err := pace.New([]pace.Stage{{Constant: rate, Count: 10_000_000}})
	require.NoError(b, err)
	p := pace.NewPacer(b.Context(), s, pace.Options{Sleep: sleep})
	var late []time.Duration
	for b.Loop() {
		n := uint64(len(late))
		p.Pace(0, n)
		late = append(late, time.Since(p.Iteration(n).Intended))
	}
	slices.Sort(late)
	b.ReportMetric(float64(late[len(late)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(late[len(late)*99/100].Microseconds()), "p99-µs")
}
