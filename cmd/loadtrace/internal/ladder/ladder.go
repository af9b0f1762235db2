package ladder

import (
	"slices"
)

// Sample is one run on one rung. Times are in seconds.
type Sample struct {
	Rate float64 `json:"requests_per_second"`
	P50  float64 `json:"p50"`
	P99  float64 `json:"p99"`
	// Goroutines of the service: the most that were seen.
	Goroutines int    `json:"goroutines_peak"`
	Sent       uint64 `json:"requests"`
	Errors     uint64 `json:"errors"` // failed, or answered with an error status
	// Doubts are reasons not to trust the generator in this run.
	Doubts []string `json:"doubts,omitempty"`
}

// Rung is a variant of the service. Samples are one of each round, in their order.
type Rung struct {
	Name    string   `json:"name"`
	Mistake string   `json:"mistake,omitempty"` // what the step to this rung mends
	Mend    string   `json:"mend,omitempty"`
	Samples []Sample `json:"samples"`

	Rate       float64 `json:"requests_per_second"` // geometric mean of the samples
	Gain       *Gain   `json:"gain,omitempty"`      // of the step to this rung; the lowest has none
	P50        float64 `json:"p50"`                 // medians of the samples
	P99        float64 `json:"p99"`
	Goroutines int     `json:"goroutines_peak"` // the most of all samples
	Sent       uint64  `json:"requests"`        // of all samples
	Errors     uint64  `json:"errors"`
}

// Result is a ladder that was climbed.
type Result struct {
	Rounds int     `json:"rounds"`
	Rungs  []Rung  `json:"rungs"`
	Whole  Gain    `json:"gain"` // of the highest rung over the lowest
	Runs   int     `json:"runs"`
	Doubts []Doubt `json:"doubts,omitempty"`
}

// Doubt is a reason not to trust the generator, and the number of runs that had
// it.
type Doubt struct {
	Reason string `json:"reason"`
	Runs   int    `json:"runs"`
}

// New computes a result from rungs that have their samples: as many on each, and
// at least two.
func New(rungs []Rung) Result {
	r := Result{Rounds: len(rungs[0].Samples), Rungs: rungs}
	for i := range rungs {
		rungs[i].sum()
		r.Runs += len(rungs[i].Samples)
		if i > 0 {
			rungs[i].Gain = new(Compare(rungs[i-1].rates(), rungs[i].rates()))
		}
	}
	r.Whole = Compare(rungs[0].rates(), rungs[len(rungs)-1].rates())
	r.Doubts = doubts(rungs)
	return r
}

func (g *Rung) rates() []float64 { return each(g.Samples, func(s Sample) float64 { return s.Rate }) }

func (g *Rung) sum() {
	g.Rate = geometricMean(g.rates())
	g.P50 = median(each(g.Samples, func(s Sample) float64 { return s.P50 }))
	g.P99 = median(each(g.Samples, func(s Sample) float64 { return s.P99 }))
	for _, s := range g.Samples {
		g.Goroutines = max(g.Goroutines, s.Goroutines)
		g.Sent += s.Sent
		g.Errors += s.Errors
	}
}

func each(samples []Sample, value func(Sample) float64) []float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = value(s)
	}
	return values
}

// doubts of all runs, those of most runs first. A reason is told by its words up
// to the first figure: each run has figures of its own.
func doubts(rungs []Rung) (list []Doubt) {
	for _, g := range rungs {
		for _, s := range g.Samples {
			for _, reason := range s.Doubts {
				i := slices.IndexFunc(list, func(d Doubt) bool { return words(d.Reason) == words(reason) })
				if i < 0 {
					list = append(list, Doubt{reason, 0})
					i = len(list) - 1
				}
				list[i].Runs++
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Doubt) int { return b.Runs - a.Runs })
	return list
}

func words(reason string) string {
	for i, c := range reason {
		if '0' <= c && c <= '9' {
			return reason[:i]
		}
	}
	return reason
}

// Order is the order in which a round visits n rungs: up, then down, so that a
// machine that gets faster or slower with time favours neither end.
func Order(round, n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	if round%2 == 1 {
		slices.Reverse(order)
	}
	return order
}
