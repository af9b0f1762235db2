package ladder

import (
	"fmt"
	"slices"

	"github.com/loadtrace/loadtrace/internal/figure"
)

// Sample is one run on one variant. Times are in seconds.
type Sample struct {
	Rate float64 `json:"requests_per_second"` // 0: it answered no request, and has none
	P50  float64 `json:"p50"`
	P99  float64 `json:"p99"`
	// Goroutines of the service: the most that were seen.
	Goroutines int    `json:"goroutines_peak"`
	Sent       uint64 `json:"requests"`
	Errors     uint64 `json:"errors"` // failed, or answered with an error status
	// Doubts are reasons not to trust the generator in this run.
	Doubts []string `json:"doubts,omitempty"`
}

// Variant is a variant of the service. Samples are one of each round, in their order.
type Variant struct {
	Name    string   `json:"name"`
	Mistake string   `json:"mistake,omitempty"` // what the step to this variant fixes
	Fix     string   `json:"fix,omitempty"`
	Samples []Sample `json:"samples"`

	// Rate is the geometric mean of the samples; 0 if one of them has none.
	Rate float64 `json:"requests_per_second"`
	// Gain is that of the step to this variant. The lowest has none, nor has a step from
	// or to a variant without a rate.
	Gain       *Gain   `json:"gain,omitempty"`
	P50        float64 `json:"p50"` // medians of the samples
	P99        float64 `json:"p99"`
	Goroutines int     `json:"goroutines_peak"` // the most of all samples
	Sent       uint64  `json:"requests"`        // of all samples
	Errors     uint64  `json:"errors"`
}

// Result is the result of a ladder.
type Result struct {
	Rounds   int       `json:"rounds"`
	Variants []Variant `json:"variants"`
	Whole    *Gain     `json:"gain,omitempty"` // of the highest variant over the lowest
	Claims   int       `json:"claims"`         // intervals that hold at once with Confidence
	Runs     int       `json:"runs"`
	Doubts   []Doubt   `json:"doubts,omitempty"`
	// Undecided is why the ladder decides nothing, a sentence each; empty if it does.
	Undecided []string `json:"undecided,omitempty"`
}

// Doubt is a reason not to trust the generator, and the number of runs that had
// it.
type Doubt struct {
	Reason string `json:"reason"`
	Runs   int    `json:"runs"`
}

// New computes a result from variants that have their samples: as many on each, and
// at least two.
func New(variants []Variant) Result {
	r := Result{Rounds: len(variants[0].Samples), Variants: variants, Claims: claims(len(variants))}
	for i := range variants {
		variants[i].sum()
		r.Runs += len(variants[i].Samples)
		if i > 0 {
			variants[i].Gain = Compare(variants[i-1].rates(), variants[i].rates(), r.Claims)
		}
	}
	r.Whole = Compare(variants[0].rates(), variants[len(variants)-1].rates(), r.Claims)
	r.Doubts = doubts(variants)
	r.Undecided = r.undecided()
	return r
}

// claims of a ladder: each step, and the whole where it is not the only step.
func claims(variants int) int {
	if variants <= 2 {
		return 1
	}
	return variants
}

// mostErrors is the share of a variant's requests that may fail. Failed ones may
// be quick ones.
const mostErrors = 0.01

func (r *Result) undecided() (why []string) {
	add := func(format string, args ...any) { why = append(why, fmt.Sprintf(format, args...)) }
	for i := range r.Variants {
		g := &r.Variants[i]
		switch {
		case g.Errors > 0 && g.Errors == g.Sent:
			add("all %d requests of %s failed", g.Sent, g.Name)
		case g.Rate == 0:
			add("%s answered no request in the time of a measurement; give a longer --duration", g.Name)
		case float64(g.Errors) > mostErrors*float64(g.Sent):
			add("%d of %d requests of %s failed", g.Errors, g.Sent, g.Name)
		}
	}
	if len(r.Doubts) > 0 && 2*r.Doubts[0].Runs > r.Runs {
		add("most runs are not to be trusted: %s", r.Doubts[0].Reason)
	}
	switch {
	case r.Rounds < MinRounds:
		add("%d rounds are too few for an interval; measure at least %d", r.Rounds, MinRounds)
	case r.Whole != nil && r.Whole.Finding() == Undecided:
		add("the interval is too wide, from %.2g to %.2g times; measure more or longer rounds", r.Whole.Low, r.Whole.High)
	}
	return why
}

func (v *Variant) rates() []float64 { return each(v.Samples, func(s Sample) float64 { return s.Rate }) }

func (v *Variant) sum() {
	v.Rate = figure.Round(geometricMean(v.rates()))
	v.P50 = figure.Round(median(each(v.Samples, func(s Sample) float64 { return s.P50 })))
	v.P99 = figure.Round(median(each(v.Samples, func(s Sample) float64 { return s.P99 })))
	for _, s := range v.Samples {
		v.Goroutines = max(v.Goroutines, s.Goroutines)
		v.Sent += s.Sent
		v.Errors += s.Errors
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
func doubts(variants []Variant) (list []Doubt) {
	for _, g := range variants {
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

// Order is the order in which a round visits n variants: up, then down, so that a
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
