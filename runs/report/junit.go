package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// JUnit has no standard; these are the elements and attributes that the schema of
// Jenkins's xunit plugin has and that GitLab, GitHub's actions and Azure read.

type testsuites struct {
	XMLName xml.Name  `xml:"testsuites"`
	Suite   testsuite `xml:"testsuite"`
}

type testsuite struct {
	Name       string     `xml:"name,attr"`
	Tests      int        `xml:"tests,attr"`
	Failures   int        `xml:"failures,attr"`
	Errors     int        `xml:"errors,attr"`
	Skipped    int        `xml:"skipped,attr"`
	Time       string     `xml:"time,attr"`
	Timestamp  string     `xml:"timestamp,attr"`
	Properties []property `xml:"properties>property"`
	Cases      []testcase `xml:"testcase"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type testcase struct {
	Name      string   `xml:"name,attr"`
	Classname string   `xml:"classname,attr"`
	Time      string   `xml:"time,attr"`
	Failure   *problem `xml:"failure,omitempty"`
	Error     *problem `xml:"error,omitempty"`
	Skipped   *problem `xml:"skipped,omitempty"`
	Out       string   `xml:"system-out,omitempty"`
}

type problem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// clean is for what a summary's words are in.
func (p *problem) clean() {
	if p != nil {
		p.Message, p.Text = clean(p.Message), plaintext.Lines(p.Text)
	}
}

// JUnit writes a test case for each threshold, and one for the measurement
// itself, with what became of the requests. What is undecided is an error, since CI
// systems show a skipped test as if all were well. Requests that failed for the most part,
// and that no threshold judges, do not make the run fail: there a test is missing, and so
// it is shown as one that was skipped.
func JUnit(w io.Writer, s *summary.Summary) error {
	suite := testsuite{
		Name:       clean("loadtrace " + s.Plan + shard(s)),
		Time:       strconv.FormatFloat(float64(s.Elapsed), 'f', 3, 64),
		Timestamp:  s.Began.UTC().Format(time.RFC3339),
		Properties: properties(s),
		Cases:      []testcase{measurement(s)},
	}
	for i := range s.Verdict.Thresholds {
		suite.Cases = append(suite.Cases, threshold(s, &s.Verdict.Thresholds[i]))
	}
	suite.Cases = append(suite.Cases, unjudged(s)...)
	for i := range suite.Cases {
		c := &suite.Cases[i]
		c.Classname, c.Time = suite.Name, "0"
		c.Failure.clean()
		c.Error.clean()
		c.Skipped.clean()
		suite.Tests++
		if c.Failure != nil {
			suite.Failures++
		}
		if c.Error != nil {
			suite.Errors++
		}
		if c.Skipped != nil {
			suite.Skipped++
		}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(testsuites{Suite: suite}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// shard names the shard that the summary covers, if it is not the whole plan.
func shard(s *summary.Summary) string {
	if s.Shard == nil {
		return ""
	}
	return ", shard " + s.Shard.String()
}

func properties(s *summary.Summary) []property {
	return []property{
		{"loadgen.run.id", clean(s.RunID)},
		{"loadgen.plan.name", clean(s.Plan)},
		{"loadgen.run.end", clean(s.End)},
		{"loadgen.run.verdict", clean(string(s.Verdict.Verdict))},
		{"loadgen.run.requests", strconv.FormatUint(s.Total.Requests.Planned, 10)},
		{"loadgen.run.errors", strconv.FormatUint(s.Total.Failing().Errors, 10)},
	}
}

// measurement is the test case that the figures can be trusted.
func measurement(s *summary.Summary) testcase {
	c := testcase{Name: "the measurement can be trusted"}
	var lines []string
	for i := range s.Attacks {
		lines = append(lines, attackLines(&s.Attacks[i])...)
	}
	c.Out = sentences(lines)
	if !s.Verdict.Trusted {
		c.Error = &problem{Message: "undecided: the measurement cannot be trusted", Type: "undecided", Text: sentences(s.Verdict.Reasons)}
	}
	return c
}

func threshold(s *summary.Summary, r *verdict.Result) testcase {
	c := testcase{Name: clean(r.Threshold)}
	got := fmt.Sprintf("%s, wanted %s", r.Measured(), r.Allowed())
	switch {
	case r.Outcome == verdict.NoSamples:
		c.Error = &problem{Message: "undecided: no samples", Type: "undecided", Text: "there was nothing to hold against " + r.Allowed()}
	case !s.Verdict.Trusted:
		c.Error = &problem{Message: "undecided: " + string(r.Outcome) + " with " + got, Type: "undecided", Text: sentences(s.Verdict.Reasons)}
	case r.Outcome == verdict.Breached:
		c.Failure = &problem{Message: got, Type: "threshold", Text: got}
		if r.FirstBreach != nil {
			c.Failure.Text += ", first breached after " + verdict.Amount(float64(*r.FirstBreach), "s")
		}
	}
	return c
}

// unjudged is a test case for each attack that failed for the most part and that no
// threshold judges, where the run did not fail. All attacks together are one.
func unjudged(s *summary.Summary) (cases []testcase) {
	advice, lines := s.ErrorThreshold()
	if len(lines) == 0 {
		return nil
	}
	for _, f := range s.Unjudged() {
		name := "errors"
		if f.Attack != "" {
			name += " (" + f.Attack + ")"
		}
		text := append([]string{"no threshold judges this: " + f.String(), advice}, lines...)
		cases = append(cases, testcase{
			Name:    clean(name),
			Skipped: &problem{Message: clean("no threshold judges this: " + f.String()), Type: "unjudged", Text: sentences(text)},
		})
	}
	return cases
}

// sentences are lines of which none has another in it.
func sentences(reasons []string) string {
	lines := make([]string, len(reasons))
	for i, r := range reasons {
		lines[i] = clean(r)
	}
	return strings.Join(lines, "\n")
}

// clean makes text from outside one line of visible characters, all of which XML 1.0 has.
func clean(s string) string { return plaintext.Line(s) }
