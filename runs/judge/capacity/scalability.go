package capacity

import (
	"errors"
	"fmt"
	"math"
)

// Load is a point of a run: how many requests were under way on average, and how many
// ended a second. By Little's law the first is the second times the response time.
type Load struct{ Concurrency, Throughput float64 }

// Law is the Universal Scalability Law of a service:
//
//	throughput = Alone · n / (1 + Contention·(n−1) + Coherency·n·(n−1))
//
// It explains a curve and does not locate a capacity: it knows no latency and no cliff.
type Law struct {
	Alone      float64 `json:"alone"`      // throughput of one request at a time
	Contention float64 `json:"contention"` // share of the work that waits in line
	Coherency  float64 `json:"coherency"`  // cost of each pair of requests
	Residual   float64 `json:"residual"`   // root mean square of the relative errors
}

// loosest is the residual from which on the law does not fit.
const loosest = 0.1

// Fit returns the law that is nearest to loads, in relative errors of the throughput's
// inverse; both coefficients at least 0. It errs if there are fewer than four loads or if
// the law does not fit.
//
// Source: N. J. Gunther, Guerrilla Capacity Planning (2007): n/throughput
// is a polynomial of second degree in n, which linear least squares fit.
func Fit(loads []Load) (Law, error) {
	if len(loads) < 4 {
		return Law{}, fmt.Errorf("%d loads: it takes at least 4 to fit three coefficients", len(loads))
	}
	for _, l := range loads {
		if !positive(l.Concurrency) || !positive(l.Throughput) {
			return Law{}, errors.New("a load has no concurrency or no throughput: leave it out")
		}
	}
	best := Law{Residual: math.Inf(1)}
	for _, terms := range [][]int{{0, 1, 2}, {0, 1}, {0, 2}, {0}} { // bounds by leaving out
		if law, ok := fitTerms(loads, terms); ok && law.Residual < best.Residual {
			best = law
		}
	}
	if best.Residual > loosest {
		return best, fmt.Errorf("the law does not fit: it is %.0f %% off", 100*best.Residual)
	}
	return best, nil
}

// row holds the terms of n/throughput, divided by it.
func row(l Load) [3]float64 {
	inverse := l.Throughput / l.Concurrency
	return [3]float64{inverse, (l.Concurrency - 1) * inverse, l.Concurrency * (l.Concurrency - 1) * inverse}
}

// fitTerms fits some of the terms to 1. ok is false if a coefficient is negative.
func fitTerms(loads []Load, terms []int) (Law, bool) {
	n := len(terms)
	system := make([][]float64, n)
	for i := range system {
		system[i] = make([]float64, n+1)
		for _, l := range loads {
			r := row(l)
			for j, term := range terms {
				system[i][j] += r[terms[i]] * r[term]
			}
			system[i][n] += r[terms[i]]
		}
	}
	var coefficients [3]float64
	for i, c := range solve(system) {
		coefficients[terms[i]] = c
	}
	if !positive(coefficients[0]) || !(coefficients[1] >= 0) || !(coefficients[2] >= 0) {
		return Law{}, false
	}
	sum := 0.0
	for _, l := range loads {
		r := row(l)
		d := 1 - r[0]*coefficients[0] - r[1]*coefficients[1] - r[2]*coefficients[2]
		sum += d * d
	}
	return Law{1 / coefficients[0], coefficients[1] / coefficients[0], coefficients[2] / coefficients[0], math.Sqrt(sum / float64(len(loads)))}, true
}

// solve returns the solution of a positive definite system by Gauss, its last column the
// right side; not numbers if it is singular.
func solve(system [][]float64) []float64 {
	n := len(system)
	for i := range n {
		for j := i + 1; j < n; j++ {
			factor := system[j][i] / system[i][i]
			for k := i; k <= n; k++ {
				system[j][k] -= factor * system[i][k]
			}
		}
	}
	out := make([]float64, n)
	for i := n - 1; i >= 0; i-- {
		out[i] = system[i][n]
		for j := i + 1; j < n; j++ {
			out[i] -= system[i][j] * out[j]
		}
		out[i] /= system[i][i]
	}
	return out
}

// Throughput returns the throughput at a concurrency.
func (l Law) Throughput(n float64) float64 {
	return l.Alone * n / (1 + l.Contention*(n-1) + l.Coherency*n*(n-1))
}

// Peak returns the concurrency at which the throughput is highest. ok is false if it grows
// without end.
func (l Law) Peak() (n float64, ok bool) {
	if l.Coherency <= 0 {
		return 0, false
	}
	return math.Sqrt(max(1-l.Contention, 0) / l.Coherency), true
}

// String returns the law in words.
func (l Law) String() string {
	text := fmt.Sprintf("%.4g/s for one request at a time, %.2g %% of the work waits in line", l.Alone, 100*l.Contention)
	if n, ok := l.Peak(); ok {
		return text + fmt.Sprintf(", highest at %.0f requests at once: %.4g/s", n, l.Throughput(n))
	}
	return text
}
