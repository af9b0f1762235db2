package pace

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Bounds of a schedule.
const (
	maxRate     = 10_000_000 // requests per second
	maxRequests = 1 << 47    // a record's number has 48 bits
	maxSteps    = 10_000     // of one stage
	maxDuration = 10 * 365 * 24 * time.Hour
)

const someRate = "give a rate above 0/s, or use max for a closed loop"

// faults gathers what is wrong below one key.
type faults struct {
	key  string
	errs []error
}

// add puts a fault; key is below the gatherer's, or empty.
func (f *faults) add(key, what, fix string) {
	if key != "" {
		key = "." + key
	}
	f.errs = append(f.errs, &KeyError{Key: f.key + key, What: what, Fix: fix})
}

func validate(stages []Stage) error {
	all := faults{key: "load"}
	if len(stages) == 0 {
		all.add("", "no stages", "give at least one, for instance constant: 10/s with duration: 1m")
	}
	for i := range stages {
		f := faults{key: fmt.Sprintf("load[%d]", i)}
		f.stage(&stages[i])
		all.errs = append(all.errs, f.errs...)
	}
	if len(all.errs) == 0 {
		all.extent(stages)
	}
	return errors.Join(all.errs...)
}

func (f *faults) stage(st *Stage) {
	f.length(st)
	switch shapes := st.shapes(); {
	case len(shapes) == 0:
		f.add("", "no shape, or a constant rate of 0, which sends nothing",
			"give one of constant (above 0/s), ramp, steps, sine, poisson and max")
	case len(shapes) > 1:
		f.add("", "more than one shape: "+strings.Join(shapes, ", "), "give one, and the others in stages of their own")
	default:
		f.shape(st)
	}
}

func (f *faults) length(st *Stage) {
	const fix = "give one of the two, for instance duration: 30s"
	switch {
	case st.Duration < 0:
		f.add("duration", fmt.Sprintf("%s is negative", st.Duration), "give a duration above 0")
	case st.Duration > 0 && st.Count > 0:
		f.add("", "both a duration and a count", fix)
	case st.Duration == 0 && st.Count == 0:
		f.add("", "neither a duration nor a count", fix)
	}
}

// shapes are the keys of the shapes that a stage has.
func (st *Stage) shapes() []string {
	var keys []string
	for _, s := range []struct {
		key string
		set bool
	}{
		{"constant", st.Constant != 0}, {"ramp", st.Ramp != nil}, {"steps", st.Steps != nil},
		{"sine", st.Sine != nil}, {"poisson", st.Poisson != nil}, {"max", st.Max != nil},
	} {
		if s.set {
			keys = append(keys, s.key)
		}
	}
	return keys
}

func (f *faults) shape(st *Stage) {
	switch {
	case st.Ramp != nil:
		f.ramp(st.Ramp)
	case st.Steps != nil:
		f.steps(st.Steps)
	case st.Sine != nil:
		f.sine(st.Sine)
	case st.Poisson != nil:
		f.above0("poisson.rate", st.Poisson.Rate)
	case st.Max != nil:
		if st.Max.Workers < 1 {
			f.add("max.workers", fmt.Sprintf("%d workers send nothing", st.Max.Workers), "give at least 1")
		}
	default:
		f.above0("constant", st.Constant)
	}
}

func (f *faults) ramp(r *Ramp) {
	from, to := f.atLeast0("ramp.from", r.From), f.atLeast0("ramp.to", r.To)
	if from && to && r.From == 0 && r.To == 0 {
		f.add("ramp", "from 0/s to 0/s sends nothing", "give one end a rate above 0/s")
	}
}

func (f *faults) steps(s *Steps) {
	from, to := f.atLeast0("steps.from", s.From), f.atLeast0("steps.to", s.To)
	way, by := float64(s.To-s.From), float64(s.By)
	switch {
	case !from || !to:
	case way == 0:
		f.add("steps", "from and to are the same rate", "use constant, or let them differ")
	case by == 0:
		f.add("steps.by", "steps of 0/s lead nowhere", "give the difference from one step to the next, for instance "+perSecond(way/4))
	case math.IsNaN(by) || math.IsInf(by, 0):
		f.add("steps.by", fmt.Sprintf("%v is not a rate", by), "give a number of requests per second")
	case way*by < 0:
		f.add("steps.by", fmt.Sprintf("%s leads away from %s to %s", perSecond(by), perSecond(float64(s.From)), perSecond(float64(s.To))),
			"give "+perSecond(-by))
	case s.changes() >= maxSteps:
		f.add("steps.by", fmt.Sprintf("%s makes more than %d steps", perSecond(by), maxSteps), "give larger steps, or use ramp")
	}
}

func (f *faults) sine(s *Sine) {
	mean, amplitude := f.above0("sine.mean", s.Mean), f.above0("sine.amplitude", s.Amplitude)
	if mean && amplitude && s.Amplitude > s.Mean {
		f.add("sine.amplitude", fmt.Sprintf("%s is above the mean of %s: the rate would be negative",
			perSecond(float64(s.Amplitude)), perSecond(float64(s.Mean))), "give at most the mean")
	}
	if s.Period <= 0 {
		f.add("sine.period", fmt.Sprintf("%s is not above 0", s.Period), "give the time of one whole swing, for instance 1m")
	}
	if math.IsNaN(s.Phase) || math.IsInf(s.Phase, 0) {
		f.add("sine.phase", fmt.Sprintf("%v is not an angle", s.Phase), "give degrees, for instance 90")
	}
}

func (f *faults) above0(key string, r Rate) bool {
	if r == 0 {
		f.add(key, "a rate of 0 sends nothing", someRate)
		return false
	}
	return f.rate(key, r, "above 0/s")
}

func (f *faults) atLeast0(key string, r Rate) bool { return f.rate(key, r, "of 0/s or above") }

func (f *faults) rate(key string, r Rate, allowed string) bool {
	switch v := float64(r); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		f.add(key, fmt.Sprintf("%v is not a rate", v), "give a number of requests per second")
	case v < 0:
		f.add(key, perSecond(v)+" is negative", "give a rate "+allowed)
	case v > maxRate:
		f.add(key, perSecond(v)+" is above "+perSecond(maxRate), "give at most that, or share the load among several generators")
	default:
		return true
	}
	return false
}

// extent bounds the sums over valid stages.
func (f *faults) extent(stages []Stage) {
	var hits, seconds float64
	for i := range stages {
		h, s := stages[i].extent()
		hits, seconds = hits+h, seconds+s
	}
	if hits > maxRequests {
		f.add("", fmt.Sprintf("the stages send %.3g requests, more than %.3g", hits, float64(maxRequests)), "make them shorter, or their rates lower")
	}
	if seconds > maxDuration.Seconds() {
		f.add("", "the stages take longer than 10 years", "make them shorter, or the rates of those with a count higher")
	}
}

// extent is about how many requests a stage has and how long it takes, as far as that
// is known.
func (st *Stage) extent() (hits, seconds float64) {
	if st.Max != nil {
		return float64(st.Count), st.Duration.Seconds()
	}
	mean := st.mean()
	seconds = st.seconds(mean)
	return mean * seconds, seconds
}

func (st *Stage) mean() float64 {
	switch {
	case st.Ramp != nil:
		return float64(st.Ramp.From+st.Ramp.To) / 2
	case st.Steps != nil:
		return mean(st.Steps.levels())
	case st.Sine != nil:
		return float64(st.Sine.Mean)
	case st.Poisson != nil:
		return float64(st.Poisson.Rate)
	default:
		return float64(st.Constant)
	}
}

// perSecond writes a rate in digits: 1e+07/s would read badly.
func perSecond(v float64) string {
	return strconv.FormatFloat(v, 'f', -1, 64) + "/s"
}
