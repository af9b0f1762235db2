package trend

import "math"

// table holds sums of the distances of all pairs of values, so that those of any two
// stretches are at hand: prefix[i][j] is of the pairs of the first i and the first j.
type table [][]float64

func tableOf(values []float64) table {
	n := len(values)
	prefix, cells := make(table, n+1), make([]float64, (n+1)*(n+1))
	for i := range prefix {
		prefix[i] = cells[i*(n+1) : (i+1)*(n+1)]
	}
	for i := range n {
		row := 0.0
		for j := range n {
			row += math.Abs(values[i] - values[j])
			prefix[i+1][j+1] = prefix[i][j+1] + row
		}
	}
	return prefix
}

// within is the sum over the pairs of a stretch, each pair once.
func (t table) within(from, to int) float64 { return t.across(from, to, from, to) / 2 }

// across is the sum over the pairs of two stretches.
func (t table) across(from, to, from2, to2 int) float64 {
	return t[to][to2] - t[from][to2] - t[to][from2] + t[from][from2]
}

// distance is Q of E-divisive with α = 1, of the stretch before cut and that from cut to an
// end: the mean distance across, twice, less the mean distances within each, times
// mn/(m+n).
func (t table) distance(cut, end int) float64 {
	m, n := float64(cut), float64(end-cut)
	return m * n / (m + n) * (2*t.across(0, cut, cut, end)/(m*n) - t.within(0, cut)/(m*(m-1)/2) - t.within(cut, end)/(n*(n-1)/2))
}

// fewestToEndEarly is how many runs it takes until the second stretch may end before the
// last run. With fewer it would cost more changes than it finds.
const fewestToEndEarly = 16

// clearest returns the division at which the distance is largest, and the distance. The
// second stretch may end early, so that a change which is taken back later is not lost in
// what follows.
func clearest(values []float64) (at int, distance float64) {
	t, n := tableOf(values), len(values)
	distance = math.Inf(-1)
	for cut := Shortest; cut <= n-Shortest; cut++ {
		end := cut + Shortest
		if n < fewestToEndEarly {
			end = n
		}
		for ; end <= n; end++ {
			if d := t.distance(cut, end); d > distance {
				at, distance = cut, d
			}
		}
	}
	return at, distance
}

// energy returns the distance of the two sides of a division.
func energy(values []float64, cut int) float64 { return tableOf(values).distance(cut, len(values)) }
