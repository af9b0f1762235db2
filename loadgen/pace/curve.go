package pace

import "math"

// curve is the rate of an open stage as a function of time. Times are in seconds
// from the stage's beginning, rates in requests per second.
type curve interface {
	rate(t float64) float64
	// growth is the integral of the rate from 0 to t, in requests.
	growth(t float64) float64
	// when is the smallest t with growth(t) = n.
	when(n float64) float64
}

// newCurve also returns how long the stage takes. A stage with a count takes
// until its growth is that count.
func newCurve(st *Stage) (c curve, length float64) {
	switch {
	case st.Ramp != nil:
		from, to := float64(st.Ramp.From), float64(st.Ramp.To)
		length = st.seconds((from + to) / 2)
		return ramp{from: from, slope: (to - from) / length}, length
	case st.Steps != nil:
		levels := st.Steps.levels()
		length = st.seconds(mean(levels))
		return newStairs(levels, length/float64(len(levels))), length
	case st.Sine != nil:
		w := newWave(st.Sine)
		if st.Count > 0 {
			return w, w.when(float64(st.Count))
		}
		return w, st.Duration.Seconds()
	case st.Poisson != nil:
		return constant(st.Poisson.Rate), st.seconds(float64(st.Poisson.Rate))
	default:
		return constant(st.Constant), st.seconds(float64(st.Constant))
	}
}

// seconds is the stage's length when its rate is mean on average.
func (st *Stage) seconds(mean float64) float64 {
	if st.Count > 0 {
		return float64(st.Count) / mean
	}
	return st.Duration.Seconds()
}

type constant float64

func (c constant) rate(float64) float64     { return float64(c) }
func (c constant) growth(t float64) float64 { return float64(c) * t }
func (c constant) when(n float64) float64   { return n / float64(c) }

type ramp struct{ from, slope float64 }

func (r ramp) rate(t float64) float64   { return max(0, r.from+r.slope*t) }
func (r ramp) growth(t float64) float64 { return (r.from + r.slope*t/2) * t }

// when solves from·t + slope·t²/2 = n by the form of the quadratic formula that
// has no cancellation, so it also serves a slope of 0 or next to 0. Rounding may
// push the root's argument below 0 at the foot of a ramp to 0.
func (r ramp) when(n float64) float64 {
	if n <= 0 {
		return 0
	}
	return 2 * n / (r.from + math.Sqrt(max(0, r.from*r.from+2*r.slope*n)))
}

// wave is Sine. Its integral over a whole period is mean·period, so it is only
// ever solved within one: sines of large arguments would lose precision.
type wave struct {
	mean, amplitude float64
	period          float64 // seconds
	omega           float64 // 2π/period
	phase, cosPhase float64 // radians
}

func newWave(s *Sine) wave {
	phase := s.Phase * math.Pi / 180
	period := s.Period.Seconds()
	return wave{
		mean: float64(s.Mean), amplitude: float64(s.Amplitude),
		period: period, omega: 2 * math.Pi / period,
		phase: phase, cosPhase: math.Cos(phase),
	}
}

func (w wave) rate(t float64) float64 {
	return max(0, w.mean+w.amplitude*math.Sin(w.omega*math.Mod(t, w.period)+w.phase))
}

func (w wave) growth(t float64) float64 {
	swing := w.cosPhase - math.Cos(w.omega*math.Mod(t, w.period)+w.phase)
	return w.mean*t + w.amplitude/w.omega*swing
}

func (w wave) when(n float64) float64 {
	perPeriod := w.mean * w.period
	whole := math.Floor(n / perPeriod)
	return whole*w.period + w.solve(max(0, n-whole*perPeriod))
}

// solve finds growth(t) = n within the first period, by Newton's method inside a
// bracket. Where the rate touches 0 a Newton step may leave the bracket, or not
// be a number; it is then replaced by bisection.
func (w wave) solve(n float64) float64 {
	low, high := 0.0, w.period
	enough := max(1e-11, 1e-15*w.period) // seconds
	t := n / w.mean
	for range 100 {
		off := w.growth(t) - n
		switch {
		case off == 0:
			return t
		case off > 0:
			high = t
		default:
			low = t
		}
		next := t - off/w.rate(t)
		if !(next >= low && next <= high) {
			next = (low + high) / 2
		}
		if math.Abs(next-t) <= enough {
			return next
		}
		t = next
	}
	return t
}
