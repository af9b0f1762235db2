package verdict

import (
	"fmt"
	"time"

	"github.com/loadtrace/loadtrace/internal/figure"
	"github.com/loadtrace/loadtrace/loadgen"
)

// Reading is the figure of a check at a moment. Without samples, or without a
// whole window of them, there is none.
type Reading struct {
	Value   float64 // in the unit of the check's limit
	Samples uint64
}

// Watch holds the readings of a run against its checks, as they come. It is not
// for several goroutines at once.
type Watch struct {
	checks []Check
	states []state
}

// state of a check.
type state struct {
	Reading          // the latest; of a window the worst; of what ended the run, that which did
	read    bool     // there was one
	first   *Seconds // when it was first breached
	since   time.Duration
	beyond  bool // now, without a break since then
	ever    bool
	aborted bool
}

// NewWatch watches checks.
func NewWatch(checks []Check) *Watch {
	return &Watch{checks: checks, states: make([]state, len(checks))}
}

// Observe takes the readings of all checks at a time since the run began.
func (w *Watch) Observe(at time.Duration, readings []Reading) {
	for i := range w.checks {
		w.states[i].observe(&w.checks[i], at, readings[i])
	}
}

// Abort is the reason why the run is to be ended, if it is, as of the last readings; and
// only once.
func (w *Watch) Abort(at time.Duration) (why string, ok bool) {
	for i := range w.states {
		if w.states[i].aborted {
			return "", false
		}
	}
	for i := range w.states {
		c, s := &w.checks[i], &w.states[i]
		if why, s.aborted = s.aborts(c, at); s.aborted {
			return why, true
		}
	}
	return "", false
}

// observe takes a reading. What ended the run stays as it was then: requests under way
// that end well in the grace change nothing.
func (s *state) observe(c *Check, at time.Duration, r Reading) {
	switch {
	case s.aborted:
		return
	case r.Samples == 0 && c.Window > 0:
		return // nothing new; what was seen stays seen
	case r.Samples == 0:
		*s = state{first: s.first}
		return
	case c.Window > 0 && s.read:
		s.Value = c.worse(s.Value, r.Value)
		s.Samples += r.Samples
	default:
		s.Reading = r
	}
	s.read = true
	if c.keeps(r.Value) {
		s.beyond = false
		return
	}
	if !s.beyond {
		s.beyond, s.since = true, at
	}
	s.ever = true
	if s.first == nil {
		first := Seconds(at.Seconds())
		s.first = &first
	}
}

func (s *state) aborts(c *Check, at time.Duration) (why string, ok bool) {
	if c.Abort == nil || !s.beyond || at-s.since < c.Abort.After {
		return "", false
	}
	why = fmt.Sprintf("the threshold %s was breached", c)
	if c.Abort.After > 0 {
		why += " for " + short(c.Abort.After)
	}
	return why, true
}

// Breached is how many checks are beyond their limit now.
func (w *Watch) Breached() (n int) {
	for i := range w.states {
		if w.states[i].beyond {
			n++
		}
	}
	return n
}

// Outcome is how a check ended.
type Outcome string

const (
	Passed    Outcome = "passed"
	Breached  Outcome = "breached"
	NoSamples Outcome = "no_samples" // there was nothing to hold against the limit
)

// Seconds is a number of seconds, as JSON readers expect a time.
type Seconds float64

// Result is what became of a check. Value, Limit and Unit go together.
type Result struct {
	Threshold string         `json:"threshold"` // in words
	Metric    loadgen.Metric `json:"metric"`
	Figure    string         `json:"figure"`
	Where     string         `json:"where,omitempty"`
	Attack    string         `json:"attack,omitempty"` // empty: all together
	Stage     string         `json:"stage,omitempty"`  // the one that it is about, by name; empty: no stage is left out
	Limit     float64        `json:"limit"`
	AtLeast   bool           `json:"at_least,omitempty"` // the limit is the least allowed, not the most
	Unit      string         `json:"unit"`               // s, ratio, or 1/s
	// Value over the whole run or stage; of a window the worst; if it ended the run, the
	// one that did. Nil without samples.
	Value   *float64 `json:"value"`
	Outcome Outcome  `json:"outcome"`
	// FirstBreach is when, since the run began, the figure was first seen beyond the
	// limit. A figure over the whole run may have come back since.
	FirstBreach *Seconds `json:"first_breach,omitempty"`
	Aborted     bool     `json:"aborted,omitempty"` // it ended the run, and so is breached
}

// Results of all checks, in their order.
func (w *Watch) Results() []Result {
	out := make([]Result, len(w.checks))
	for i := range w.checks {
		out[i] = w.states[i].result(&w.checks[i])
	}
	return out
}

func (s *state) result(c *Check) Result {
	r := Result{
		Threshold: c.String(), Metric: c.Metric, Figure: c.Figure(), Where: c.Where(), Attack: c.Threshold.Attack, Stage: c.Threshold.Stage,
		Limit: c.limit, AtLeast: c.least,
		Unit:    map[loadgen.LimitKind]string{loadgen.LimitTime: "s", loadgen.LimitRatio: "ratio", loadgen.LimitRate: "1/s"}[c.kind],
		Outcome: Passed, FirstBreach: s.first, Aborted: s.aborted,
	}
	if c.every {
		r.Stage = ""
	}
	switch {
	case !s.read:
		r.Outcome = NoSamples
		return r
	case s.aborted:
		r.Outcome = Breached
	case c.Window > 0 && s.ever, c.Window == 0 && s.beyond:
		r.Outcome = Breached
	}
	r.Value = new(c.shown(s.Value))
	return r
}

// shown rounds a value, but for one that would then be on the other side of the limit.
func (c *Check) shown(value float64) float64 {
	if rounded := figure.Round(value); c.keeps(rounded) == c.keeps(value) {
		return rounded
	}
	return value
}
