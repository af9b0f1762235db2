package pace

import "time"

// Rate is a number of requests per second. In YAML it has a unit: 500/s, 30/m, 10/h.
type Rate float64

// Stage is a part of a schedule: exactly one of the six shapes, for a duration
// or for a count of requests (exactly one of the two).
type Stage struct {
	Name string `yaml:"name,omitempty"`

	Constant Rate     `yaml:"constant,omitempty"`
	Ramp     *Ramp    `yaml:"ramp,omitempty"`
	Steps    *Steps   `yaml:"steps,omitempty"`
	Sine     *Sine    `yaml:"sine,omitempty"`
	Poisson  *Poisson `yaml:"poisson,omitempty"`
	Max      *Max     `yaml:"max,omitempty"`

	Duration time.Duration `yaml:"duration,omitempty"`
	Count    uint64        `yaml:"count,omitempty"`
}

// Ramp changes the rate linearly, from the stage's beginning to its end.
type Ramp struct {
	From Rate `yaml:"from"`
	To   Rate `yaml:"to"`
}

// Steps holds From, then From+By, and so on to To, each for an equal part of the
// stage's time. By's sign is that of To−From; the last step is To, also when By
// does not divide the way evenly.
type Steps struct {
	From Rate `yaml:"from"`
	To   Rate `yaml:"to"`
	By   Rate `yaml:"by"`
}

// Sine swings around Mean: Mean + Amplitude·sin(2π·(t/Period) + Phase), with
// Amplitude at most Mean, t from the stage's beginning and Phase in degrees.
type Sine struct {
	Mean      Rate          `yaml:"mean"`
	Amplitude Rate          `yaml:"amplitude"`
	Period    time.Duration `yaml:"period"`
	Phase     float64       `yaml:"phase,omitempty"`
}

// Poisson sends at random: independent exponential gaps of mean 1/Rate. The same
// seed gives the same times, so stages that run side by side, in attacks of the
// same rate, need different seeds lest they send at the same moments. planfile gives
// each stage without one a seed of its own.
type Poisson struct {
	Rate Rate   `yaml:"rate"`
	Seed uint64 `yaml:"seed,omitempty"`
}

// Max is a closed loop: Workers requests are always under way, each followed by
// the next as soon as it ends. Such requests have no intended time.
type Max struct {
	Workers int `yaml:"workers"`
}
