package summary

import (
	"fmt"
	"regexp"
	"slices"
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
		if f := s.attackFailing(i); f.Level() > worst.Level() {
			worst = f
		}
	}
	return worst
}

// FailingWords returns what failed, in words: each attack of which most requests or all were errors,
// or all attacks together where none stands out.
func (s *Summary) FailingWords() string {
	bad := s.failing(func(Failing) bool { return true })
	if len(bad) == 0 {
		return s.Failing().String()
	}
	return words(bad)
}

func (s *Summary) attackFailing(i int) Failing {
	f := s.Attacks[i].Failing()
	f.Attack = s.Attacks[i].Name
	return f
}

// failing is the attacks of which most requests or all were errors, as far as keep keeps
// them. If that is all attacks of the run, at one level, it is the run.
func (s *Summary) failing(keep func(Failing) bool) []Failing {
	whole := s.Total.Failing()
	if len(s.Attacks) < 2 {
		if whole.Level() >= Most && keep(whole) {
			return []Failing{whole}
		}
		return nil
	}
	var bad []Failing
	alike := true
	for i := range s.Attacks {
		f := s.attackFailing(i)
		if f.Level() >= Most && keep(f) {
			bad = append(bad, f)
			alike = alike && f.Level() == whole.Level()
		}
	}
	if alike && len(bad) == len(s.Attacks) {
		return []Failing{whole}
	}
	return bad
}

// Unjudged is what failed for the most part, the run or attacks of it, where no threshold
// says whether that is as it should be.
func (s *Summary) Unjudged() []Failing {
	return s.failing(func(f Failing) bool {
		return !slices.ContainsFunc(s.Verdict.Thresholds, func(r verdict.Result) bool { return s.judges(&r, f) })
	})
}

// judges reports whether a threshold judges that something failed. One that a status has
// at most says nothing of other errors, and one on a single stage nothing of the rest.
// One that all attacks together kept to says nothing of an attack that is worse than all
// together: the others may have made up for it.
func (s *Summary) judges(r *verdict.Result, f Failing) bool {
	switch {
	case r.Stage != "" || !onErrors(r):
		return false
	case f.Attack == "":
		return true
	case r.Attack != "":
		return r.Attack == f.Attack
	}
	return r.Outcome == verdict.Breached || f.Level() <= s.Total.Failing().Level()
}

func onErrors(r *verdict.Result) bool {
	return r.Metric == loadgen.MetricErrorRatio || r.Metric == loadgen.MetricStatus && r.AtLeast
}

func words(of []Failing) string {
	all := make([]string, len(of))
	for i, f := range of {
		all[i] = f.String()
	}
	return strings.Join(all, ", ")
}

// VerdictWords returns the verdict in a line, and what it leaves out.
func (s *Summary) VerdictWords() string {
	v, bad := &s.Verdict, s.Unjudged()
	switch {
	case len(bad) == 0:
	case v.Verdict == verdict.Sound:
		return "no thresholds, so the run does not fail: " + words(bad)
	case v.Verdict == verdict.Pass && slices.ContainsFunc(v.Thresholds, func(r verdict.Result) bool { return onErrors(&r) }):
		return v.Words() + ", but none could catch this: " + words(bad)
	case v.Verdict == verdict.Pass:
		return v.Words() + ", but none is on errors: " + words(bad)
	}
	return v.Words()
}

// ErrorThreshold is what makes a run fail whose errors no threshold judges: an
// instruction, and the lines to add to the plan, on each attack that failed if not all
// did. Both are empty where thresholds do, or where the run did not pass anyway.
func (s *Summary) ErrorThreshold() (advice string, lines []string) {
	var thresholds []string
	for _, f := range s.Unjudged() {
		of := ""
		if f.Attack != "" {
			of = ", attack: " + scalar(f.Attack)
		}
		thresholds = append(thresholds, "{metric: error_ratio, at_most: 1%"+of+"}")
	}
	if len(thresholds) == 0 {
		return "", nil
	}
	switch s.Verdict.Verdict {
	case verdict.Sound:
		advice = "to fail such a run, in CI for instance, add to the plan:"
		if len(thresholds) == 1 {
			return advice, []string{"thresholds: [" + thresholds[0] + "]"}
		}
		lines = []string{"thresholds:"}
	case verdict.Pass:
		advice = "to fail such a run, in CI for instance, add to the plan's thresholds:"
	default:
		return "", nil
	}
	for _, t := range thresholds {
		lines = append(lines, "- "+t)
	}
	return advice, lines
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
