package diagnosis

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// line is a straight line through points, by least squares.
type line struct {
	slope     float64
	low, high float64 // the 95 % interval of the slope, by Student's t
	r2        float64 // the part of the variance that it explains
	n         int
}

// fewPoints is the least of which a line says anything.
const fewPoints = 5

// fit returns the line y = a + b·x; ok is false with too few points, or all at one x.
func fit(x, y []float64) (l line, ok bool) {
	n := len(x)
	if n < fewPoints {
		return l, false
	}
	mx, my := mean(x), mean(y)
	var sxx, sxy, syy float64
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		sxx += dx * dx
		sxy += dx * dy
		syy += dy * dy
	}
	if sxx == 0 {
		return l, false
	}
	l.n, l.slope = n, sxy/sxx
	rest := max(syy-l.slope*sxy, 0)
	if syy > 0 {
		l.r2 = 1 - rest/syy
	}
	err := math.Sqrt(rest / float64(n-2) / sxx)
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 2)}.Quantile(0.975)
	l.low, l.high = l.slope-t*err, l.slope+t*err
	return l, true
}

func mean(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	var sum float64
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
