package trend

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Options of a search for changes.
type Options struct {
	// Level is the share of histories without a change in which one is reported; 0.05 if 0.
	Level float64
	// Tolerance is the change that does not matter, as a share.
	Tolerance float64
	// Permutations per test; 499 if 0.
	Permutations int
}

const (
	// Shortest is the fewest runs before and after a change.
	Shortest = 3
	// FewestRuns is where a change can be shown at 5 %: fewer runs have too few orders.
	FewestRuns = 8
	// MostRuns bounds the work, which grows with the square of their number.
	MostRuns = 500
)

// Change is a point at which the figure changed.
type Change struct {
	At     int     `json:"at"`     // index of the first run after it
	Before float64 `json:"before"` // geometric mean of the runs since the change before
	After  float64 `json:"after"`  // geometric mean of the runs until the next change
	P      float64 `json:"p"`      // probability of as clear a change among as many runs by chance
}

// Trend is the changes of a history, in the order of time.
type Trend struct {
	Runs    int      `json:"runs"`
	Changes []Change `json:"changes"`
	// Why is why none could be found, without a full stop; empty if the search was possible.
	Why string `json:"why,omitempty"`
}

// Of returns the changes of a figure, given by run in the order of time. All values must
// be positive.
//
// The history is divided where the energy distance of the two sides, of the logarithms of
// their values, is largest. The division counts if at most a share Level of random orders
// of the same values has one as clear; then both sides are divided in the same way. At last
// each change is tested again between its neighbours, and what is not clear there, or within
// the tolerance, is left out. It supposes that runs without a change could have come in any
// order: a slow drift, or noise that lasts for several runs, is reported as changes.
//
// It differs from Hunter in the test. Hunter takes Student's at the clearest point, for its
// speed; its level does not account for the choice among many points.
//
// Sources: D. S. Matteson and N. A. James, A nonparametric approach for multiple change
// point analysis of multivariate data, Journal of the American Statistical Association 109
// (2014), for E-divisive; M. Fleming, P. Kołaczkowski, I. Kumar, S. Das, S. McCarthy,
// P. Pattabhi and H. Ingo, Hunter: using change point detection to hunt for performance
// regressions, ICPE 2023 (now Apache Otava), for its use on benchmarks and the second test.
func Of(values []float64, r *rand.Rand, o Options) (Trend, error) {
	t := Trend{Runs: len(values)}
	switch {
	case o.Level != 0 && !(o.Level > 0 && o.Level < 0.5):
		return t, fmt.Errorf("level is %v: it must be above 0 and below 0.5", o.Level)
	case len(values) > MostRuns:
		return t, fmt.Errorf("the history has %d runs: give the last %d at most", len(values), MostRuns)
	case len(values) < FewestRuns:
		t.Why = fmt.Sprintf("%d of at least %d runs", len(values), FewestRuns)
		return t, nil
	}
	s := search{rand: r, level: cmp.Or(o.Level, 0.05), permutations: cmp.Or(o.Permutations, 499)}
	for i, v := range values {
		if !(v > 0) || math.IsInf(v, 1) {
			return t, fmt.Errorf("run %d has the value %v: it must be positive", i+1, v)
		}
		s.logs = append(s.logs, math.Log(v))
	}
	s.divide(0, len(values))
	t.Changes = s.confirmed(math.Log1p(o.Tolerance))
	return t, nil
}

// search holds the points found so far.
type search struct {
	logs         []float64
	rand         *rand.Rand
	level        float64
	permutations int
	points       []int
}

// divide finds the changes from a run to before another.
func (s *search) divide(from, to int) {
	if to-from < 2*Shortest {
		return
	}
	part := s.logs[from:to]
	at, distance := clearest(part)
	p := s.chance(part, func(order []float64) bool {
		_, d := clearest(order)
		return d >= distance
	})
	if p > s.level {
		return
	}
	s.divide(from, from+at)
	s.points = append(s.points, from+at)
	s.divide(from+at, to)
}

// chance returns the share of random orders of values that are as clear; the order that was
// observed is one of them.
func (s *search) chance(values []float64, asClear func([]float64) bool) float64 {
	order, count := slices.Clone(values), 1
	for range s.permutations {
		s.rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		if asClear(order) {
			count++
		}
	}
	return float64(count) / float64(s.permutations+1)
}

// confirmed tests the points again, each between its neighbours, until all are clear.
func (s *search) confirmed(tolerance float64) []Change {
	for {
		changes, worst := s.changes(), -1
		for i, c := range changes {
			if worst < 0 || c.P > changes[worst].P {
				worst = i
			}
		}
		if worst < 0 || changes[worst].P <= s.level {
			return slices.DeleteFunc(changes, func(c Change) bool {
				return math.Abs(math.Log(c.After/c.Before)) <= tolerance
			})
		}
		s.points = slices.Delete(s.points, worst, worst+1)
	}
}

func (s *search) changes() []Change {
	var out []Change
	for i, at := range s.points {
		from, to := 0, len(s.logs)
		if i > 0 {
			from = s.points[i-1]
		}
		if i+1 < len(s.points) {
			to = s.points[i+1]
		}
		part, cut := s.logs[from:to], at-from
		distance := energy(part, cut)
		p := s.chance(part, func(order []float64) bool { return energy(order, cut) >= distance })
		out = append(out, Change{At: at, Before: geometric(part[:cut]), After: geometric(part[cut:]), P: p})
	}
	return out
}

func geometric(logs []float64) float64 {
	sum := 0.0
	for _, l := range logs {
		sum += l
	}
	return math.Exp(sum / float64(len(logs)))
}
