package pace

import (
	"math"
	"sort"
)

// levels are the rates of the steps, in order.
func (s *Steps) levels() []float64 {
	last := s.changes()
	levels := make([]float64, int(last)+1)
	for i := range levels {
		levels[i] = float64(s.From) + float64(i)*float64(s.By)
	}
	levels[len(levels)-1] = float64(s.To)
	return levels
}

// changes is how many times the rate changes. A quotient that is a whole number
// but for rounding does not get a sliver of a step more.
func (s *Steps) changes() float64 {
	return math.Ceil(float64(s.To-s.From)/float64(s.By) - 1e-9)
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

// stairs is Steps: rates that each hold for the same time.
type stairs struct {
	levels []float64
	grown  []float64 // growth at the end of each level
	hold   float64   // seconds per level
}

func newStairs(levels []float64, hold float64) *stairs {
	grown := make([]float64, len(levels))
	sum := 0.0
	for i, r := range levels {
		sum += r
		grown[i] = sum * hold
	}
	return &stairs{levels: levels, grown: grown, hold: hold}
}

func (s *stairs) rate(t float64) float64 { return s.levels[s.level(t)] }

func (s *stairs) growth(t float64) float64 {
	i := s.level(t)
	return s.before(i) + s.levels[i]*(t-float64(i)*s.hold)
}

// when relies on the first or the last level being the only one that may be 0:
// below the first there is no n but 0, above the last there is none.
func (s *stairs) when(n float64) float64 {
	if n <= 0 {
		return 0
	}
	i := min(sort.SearchFloat64s(s.grown, n), len(s.levels)-1)
	return float64(i)*s.hold + (n-s.before(i))/s.levels[i]
}

func (s *stairs) level(t float64) int {
	return max(0, min(int(t/s.hold), len(s.levels)-1))
}

// before is the growth before level i.
func (s *stairs) before(i int) float64 {
	if i == 0 {
		return 0
	}
	return s.grown[i-1]
}
