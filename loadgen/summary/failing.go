package summary

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// Failing is how many requests that were due got no good answer, as the metric
// error_ratio counts them.
type Failing struct {
	Attack      string // empty for all attacks together
	Errors, Due uint64
	// Answered: some of the errors are answers with a bad status.
	Answered bool
}

// Level is how bad a Failing is.
type Level int

const (
	None Level = iota // no error
	Few               // less than a hundredth
	Some              // a hundredth or more
	Most              // half or more
	All
)

// Level of the errors. A run at Most or All says nothing of the speed of a target
// that works.
func (f Failing) Level() Level {
	switch {
	case f.Errors == 0:
		return None
	case f.Errors == f.Due:
		return All
	case 2*f.Errors >= f.Due:
		return Most
	case 100*f.Errors >= f.Due:
		return Some
	}
	return Few
}

// String is the errors in words, such as 100 % of requests failed, or 99 % errors if
// some of them are answers.
func (f Failing) String() string {
	what := " of requests failed"
	if f.Answered {
		what = " errors"
	}
	if f.Attack != "" {
		return "attack " + f.Attack + ": " + f.percent() + what
	}
	return f.percent() + what
}

// percent never says 100 % of less than all, nor 0 % of some.
func (f Failing) percent() string {
	switch p := 100 * float64(f.Errors) / float64(max(f.Due, 1)); {
	case f.Errors == f.Due:
		return "100 %"
	case p >= 99.95:
		return ">99.9 %"
	case p < 0.05:
		return "<0.1 %"
	default:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", p), ".0") + " %"
	}
}

// Failing counts the errors of the figures.
func (f *Figures) Failing() Failing {
	r := &f.Requests
	due := r.Sent()
	for reason, n := range r.NotSent {
		if reason.Due() {
			due += n
		}
	}
	due -= min(due, f.Errors[loadgen.ErrorCancelled].Count)
	return Failing{Due: due, Errors: due - min(due, r.OK), Answered: r.Finished > r.OK}
}

// Failing is that of all attacks, or of the worst of them if it is at a worse level:
// an attack that failed as a whole must not hide behind others that did not.
func (s *Summary) Failing() Failing {
	worst := s.Total.Failing()
	if len(s.Attacks) < 2 {
		return worst
	}
	for i := range s.Attacks {
		if f := s.Attacks[i].Failing(); f.Level() > worst.Level() {
			worst, worst.Attack = f, s.Attacks[i].Name
		}
	}
	return worst
}

// Unjudged reports whether most requests or all, of the run or of an attack, were
// errors, and no threshold says whether that is as it should be. One that a status has
// at most says nothing of other errors, and one on a single stage nothing of the rest.
func (s *Summary) Unjudged() bool {
	f := s.Failing()
	for i := range s.Verdict.Thresholds {
		r := &s.Verdict.Thresholds[i]
		about := r.Stage == "" && (r.Attack == "" || f.Attack == "" || r.Attack == f.Attack)
		if about && (r.Metric == loadgen.MetricErrorRatio || r.Metric == loadgen.MetricStatus && r.AtLeast) {
			return false
		}
	}
	return f.Level() >= Most
}

// VerdictWords say the verdict in a line, and what it leaves out.
func (s *Summary) VerdictWords() string {
	v := &s.Verdict
	if !s.Unjudged() {
		return v.Words()
	}
	switch v.Verdict {
	case verdict.Sound:
		return "no thresholds, so the run does not fail: " + s.Failing().String()
	case verdict.Pass:
		return v.Words() + ", but none is on errors: " + s.Failing().String()
	}
	return v.Words()
}

// ErrorThreshold is what makes a run fail whose errors no threshold judges: an
// instruction, and the line to add to the plan, on the attack that failed if it is one of
// several. Both are empty where one does, or
// where the run did not pass anyway.
func (s *Summary) ErrorThreshold() (advice, line string) {
	if !s.Unjudged() {
		return "", ""
	}
	of := ""
	if attack := s.Failing().Attack; attack != "" {
		of = ", attack: " + scalar(attack)
	}
	threshold := "{metric: error_ratio, at_most: 1%" + of + "}"
	switch s.Verdict.Verdict {
	case verdict.Sound:
		return "to fail such a run, in CI for instance, add to the plan:", "thresholds: [" + threshold + "]"
	case verdict.Pass:
		return "to fail such a run, in CI for instance, add to the plan's thresholds:", "- " + threshold
	}
	return "", ""
}

// plain is a name that YAML takes for a string as it is.
var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./-]*$`)

// scalar is text in YAML.
func scalar(text string) string {
	switch strings.ToLower(text) {
	case "true", "false", "yes", "no", "on", "off", "null", "y", "n":
		return strconv.Quote(text)
	}
	if plain.MatchString(text) {
		return text
	}
	return strconv.Quote(text)
}
