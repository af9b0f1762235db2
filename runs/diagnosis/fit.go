package diagnosis

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// line is a straight line through points, by least squares.
type line struct {
	slope     float64
	low, high float64 // the 95 % interval of the slope, by Student's t
	r2        float64 // the part of the variance that it explains
	n         int
}

// fitBeside is fit with the part of x and y taken out that follows z (Frisch and Waugh:
// the slope is that of x in y = a + b·x + c·z). It needs a point more; with fewer, or where
// z hardly changes, it is fit.
func fitBeside(x, y, z []float64) (l line, ok bool) {
	if len(x) <= fewPoints || spread(z) < leastSpread {
		return fit(x, y)
	}
	rx, ry := residue(x, z), residue(y, z)
	l, ok = fit(rx, ry)
	if !ok {
		return l, false
	}
	var rest, all float64
	my := mean(y)
	for i := range y {
		rest += (ry[i] - l.slope*rx[i]) * (ry[i] - l.slope*rx[i])
		all += (y[i] - my) * (y[i] - my)
	}
	if all > 0 {
		l.r2 = 1 - rest/all
	}
	return l, true
}

// leastSpread is how much the requests under way differ, at least, to be heeded.
const leastSpread = 20

func spread(z []float64) float64 {
	if len(z) == 0 {
		return 0
	}
	return slices.Max(z) - slices.Min(z)
}

// residue is v without what a line over z explains.
func residue(v, z []float64) []float64 {
	l, _ := fit(z, v)
	mv, mz := mean(v), mean(z)
	out := make([]float64, len(v))
	for i := range v {
		out[i] = v[i] - mv - l.slope*(z[i]-mz)
	}
	return out
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
