package report

import (
	"bytes"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares what is written with testdata/name. With -update it writes the
// file and fails, so that it is never mistaken for a check.
func golden(t *testing.T, name string, write func(io.Writer, *summary.Summary) error, s *summary.Summary) string {
	t.Helper()
	var got bytes.Buffer
	require.NoError(t, write(&got, s))
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, got.Bytes(), 0o644))
		t.Errorf("wrote %s", path)
		return got.String()
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got.String())
	return got.String()
}

// run is a summary with a verdict on three thresholds, of which one was breached
// and one had no samples.
func run(reasons ...string) *summary.Summary {
	s := &summary.Summary{
		RunID: "4f0c719a5520b3ee", Plan: "checkout", End: summary.Completed, Elapsed: 30.5,
		Began: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
	results := []verdict.Result{
		{Threshold: "p99 response time (pay) at most 200ms", Figure: "p99 response time", Where: "pay", Limit: 0.2, Unit: "s", Value: new(0.31), Outcome: verdict.Breached, FirstBreach: new(verdict.Seconds(3.25))},
		{Threshold: "error ratio at most 1%", Figure: "error ratio", Limit: 0.01, Unit: "ratio", Value: new(0.002), Outcome: verdict.Passed},
		{Threshold: "rate (any 10s) at least 90/s", Figure: "rate", Where: "any 10s", Limit: 90, AtLeast: true, Unit: "1/s", Outcome: verdict.NoSamples},
	}
	e := &verdict.Evidence{Attacks: []verdict.Attack{{Name: "pay", Sent: 500}}, Faults: reasons}
	s.Verdict = verdict.Decide(loadgen.Trust{}, e, results)
	q := summary.Quantiles{Count: 500, P50: 0.012, P95: 0.11, P99: 0.31, Max: 1.2}
	s.Attacks = []summary.Attack{{Name: "pay", Figures: summary.Figures{
		Requests:   summary.Requests{Planned: 510, Finished: 499, Failed: 1, OK: 499, NotSent: map[loadgen.NotSentReason]uint64{loadgen.NotSentLate: 10}},
		RateWanted: 17, RateAchieved: 16.6, ResponseTime: q, ServiceTime: q,
	}}}
	s.Slowest = []summary.Request{
		{TraceID: "4f0c719a5520b3eeccd097c87ec5284a", Attack: "pay", Method: "GET", URL: "http://127.0.0.1:8080/pay?a=1|2", Status: 200, ResponseTime: 1.2, ServiceTime: 1.19},
		{TraceID: "4f0c719a5520b3eebcb05641964499f3", Attack: "pay", Method: "pay.v1.Pay/Do", Code: "OK", ResponseTime: 0.9, ServiceTime: 0.9},
	}
	return s
}

func TestReportsAreAsTheirGoldenFiles(t *testing.T) {
	golden(t, "fail.xml", JUnit, run())
	golden(t, "fail.md", Markdown, run())
	golden(t, "undecided.xml", JUnit, run("the pipeline did not get all spans: 300 were lost"))
	golden(t, "undecided.md", Markdown, run("the pipeline did not get all spans: 300 were lost"))
}

// Jenkins, GitLab and GitHub show a skipped test as if all were well.
func TestWhatIsUndecidedIsNeverShownAsPassedOrSkipped(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, JUnit(&out, run("spans were lost")))
	assert.NotContains(t, out.String(), "<skipped")
	var suites testsuites
	require.NoError(t, xml.Unmarshal(out.Bytes(), &suites))
	assert.Equal(t, 4, suites.Suite.Errors, "the measurement, and three thresholds that it says nothing of")
	assert.Zero(t, suites.Suite.Failures)
	for _, c := range suites.Suite.Cases {
		require.NotNil(t, c.Error, c.Name)
		assert.NotEmpty(t, c.Error.Text)
	}
}

// What a target or a plan says is text, in whatever place it stands.
func TestNothingFromOutsideIsMarkup(t *testing.T) {
	evil := "a</details><img src=x>|`b`\n# c [d](e) @f &amp; \x1b\x00 ]]>"
	s := run(evil)
	s.Plan, s.RunID, s.StopReason, s.Attacks[0].Name = evil, evil, evil, evil
	s.Verdict.Thresholds[0].Threshold, s.Verdict.Thresholds[0].Figure, s.Verdict.Thresholds[0].Where = evil, evil, evil
	s.Slowest[0] = summary.Request{TraceID: evil, Attack: evil, Method: evil, URL: evil, Error: loadgen.ErrorKind(evil)}

	var out bytes.Buffer
	require.NoError(t, Markdown(&out, s))
	assert.Equal(t, 1, strings.Count(out.String(), "\n</details>"))
	assert.NotContains(t, out.String(), "\x1b")
	for line := range strings.Lines(out.String()) {
		assert.False(t, strings.HasPrefix(line, "# c"), line)
		outside := ""
		for i, part := range strings.Split(strings.ReplaceAll(line, "\\`", ""), "`") {
			if i%2 == 0 {
				outside += part
			}
		}
		assert.NotContains(t, outside, "<img", line)
	}
	out.Reset()
	require.NoError(t, JUnit(&out, s))
	var suites testsuites
	require.NoError(t, xml.Unmarshal(out.Bytes(), &suites), "%s", &out)
	assert.Contains(t, suites.Suite.Name, "</details><img src=x>|`b`")
}

func TestACommentSaysWhatTheRunWasMadeIn(t *testing.T) {
	s := run()
	var before, after bytes.Buffer
	require.NoError(t, Markdown(&before, s))
	assert.NotContains(t, before.String(), "environment", "what is not known is not told")
	e := &s.Environment.Generator
	e.OS, e.Kernel, e.CPU = "linux", "6.18", environment.CPU{Model: "A*M*D", Allowed: 2}
	require.NoError(t, Markdown(&after, s))
	assert.Contains(t, after.String(), "\nMeasured in environment `"+e.Fingerprint()+"`: A\\*M\\*D, 2 processors, linux 6.18.\n")
}

func TestAMarkdownReportWithoutARateSaysNone(t *testing.T) {
	s := run()
	s.Attacks[0].RateWanted, s.Attacks[0].RateAchieved = 0, 0
	var out bytes.Buffer
	require.NoError(t, Markdown(&out, s))
	assert.Contains(t, out.String(), "| none |")
	assert.NotContains(t, out.String(), "| 0/s |")
}

// A run against a dead port once had a green tick in its pull request.
func TestAMarkdownReportOfARunWhoseRequestsAllFailedSaysSo(t *testing.T) {
	s := &summary.Summary{RunID: "4f0c719a5520b3ee", Plan: "checkout", End: summary.Completed, Elapsed: 2}
	s.Total.Requests = summary.Requests{Planned: 100, Failed: 100}
	s.Verdict.Verdict = verdict.Sound
	var got bytes.Buffer
	require.NoError(t, Markdown(&got, s))
	assert.Contains(t, got.String(), "### ⚠️ checkout: sound, 100 % of requests failed\n")
	assert.Contains(t, got.String(), "To fail such a run, in CI for instance, add to the plan: `thresholds: [{metric: error_ratio, at_most: 1%}]`.\n")
	s.Total.Requests = summary.Requests{Planned: 100, Finished: 100, OK: 100}
	got.Reset()
	require.NoError(t, Markdown(&got, s))
	assert.Contains(t, got.String(), "### ✅ checkout: sound\n")
}

// withoutThresholds is a run that nothing judges.
func withoutThresholds(of ...summary.Attack) *summary.Summary {
	s := &summary.Summary{RunID: "4f0c719a5520b3ee", Plan: "checkout", End: summary.Completed, Elapsed: 2, Attacks: of}
	for i := range of {
		s.Total.Requests.Planned += of[i].Requests.Planned
		s.Total.Requests.Finished += of[i].Requests.Finished
		s.Total.Requests.Failed += of[i].Requests.Failed
		s.Total.Requests.OK += of[i].Requests.OK
	}
	s.Verdict = verdict.Report{Verdict: verdict.Sound, Trusted: true}
	return s
}

// A report of a run full of errors, without thresholds, once showed nothing but a
// measurement that can be trusted.
func TestAJUnitReportShowsTheErrorsThatNoThresholdJudges(t *testing.T) {
	good := summary.Attack{Name: "web", Target: "GET http://h/", Figures: summary.Figures{
		Requests: summary.Requests{Planned: 900, Finished: 900, OK: 899}, Status: map[string]uint64{"200": 899, "503": 1},
	}}
	dead := summary.Attack{Name: "pay", Target: "GET http://127.0.0.1:1/", Figures: summary.Figures{
		Requests: summary.Requests{Planned: 100, Failed: 100},
		Errors: map[loadgen.ErrorKind]summary.Error{
			loadgen.ErrorRefused: {Count: 97, Example: "dial tcp 127.0.0.1:1: connect: connection refused"}, loadgen.ErrorTimeout: {Count: 3, Example: "i/o timeout"},
		},
	}}
	denied := summary.Attack{Name: "calls", Target: "grpc h:1 a.B/C", Figures: summary.Figures{
		Requests: summary.Requests{Planned: 60, Finished: 50, NotSent: map[loadgen.NotSentReason]uint64{loadgen.NotSentBackoff: 10}},
		Status:   map[string]uint64{"Unavailable": 50}, Excerpts: map[string]string{"Unavailable": "secret"},
	}}
	for _, c := range []struct {
		s       *summary.Summary
		skipped map[string]string // name: message
		out     []string
	}{
		{withoutThresholds(good), map[string]string{}, []string{"status 503: 1\n"}},
		{withoutThresholds(dead), map[string]string{"errors": "no threshold judges this: 100 % of requests failed"}, []string{
			"attack pay: GET http://127.0.0.1:1/\n  100 planned, 0 finished, 100 failed, 0 not sent\n",
			"  failed refused: 97, such as: dial tcp 127.0.0.1:1: connect: connection refused\n  failed timeout: 3, such as: i/o timeout\n",
			"  rate none",
		}},
		{withoutThresholds(good, dead, denied), map[string]string{
			"errors (pay)":   "no threshold judges this: attack pay: 100 % of requests failed",
			"errors (calls)": "no threshold judges this: attack calls: 100 % errors",
		}, []string{"  status Unavailable: 50\n  not sent connection_backoff: 10\n"}},
	} {
		suites := junit(t, c.s)
		assert.Zero(t, suites.Suite.Failures+suites.Suite.Errors, "the run has the exit code 0")
		assert.Equal(t, len(c.skipped), suites.Suite.Skipped)
		assert.Equal(t, len(suites.Suite.Cases), suites.Suite.Tests)
		got := map[string]string{}
		for _, one := range suites.Suite.Cases {
			if one.Skipped != nil {
				got[one.Name] = one.Skipped.Message
				assert.Contains(t, one.Skipped.Text, "{metric: error_ratio, at_most: 1%")
			}
		}
		assert.Equal(t, c.skipped, got)
		for _, want := range c.out {
			assert.Contains(t, suites.Suite.Cases[0].Out, want)
		}
	}
	judged := withoutThresholds(dead)
	judged.Verdict = verdict.Report{Verdict: verdict.Fail, Trusted: true, Thresholds: []verdict.Result{{Metric: loadgen.MetricErrorRatio, Outcome: verdict.Breached, Value: new(1.0)}}}
	var out bytes.Buffer
	require.NoError(t, JUnit(&out, judged))
	assert.NotContains(t, out.String(), "<skipped")
}

// junit reads the report of a run back. What the target says is not in it.
func junit(t *testing.T, s *summary.Summary) (suites testsuites) {
	var out bytes.Buffer
	require.NoError(t, JUnit(&out, s))
	assert.NotContains(t, out.String(), "secret", "what the target says is not for everybody")
	require.NoError(t, xml.Unmarshal(out.Bytes(), &suites))
	return suites
}

// The comment had the number of errors, and not of which kinds they were.
func TestACommentSaysWhichErrorsThereWere(t *testing.T) {
	s := run()
	s.Attacks[0].Status = map[string]uint64{"200": 490, "404": 9, "301": 1}
	s.Attacks[0].Errors = map[loadgen.ErrorKind]summary.Error{loadgen.ErrorReset: {Count: 1, Example: "read: connection reset | by peer"}}
	var out bytes.Buffer
	require.NoError(t, Markdown(&out, s))
	assert.Contains(t, out.String(), `
| attack | what became of requests | requests | such as |
| --- | --- | ---: | --- |
| pay | not sent late | 10 |  |
| pay | status 404 | 9 |  |
| pay | failed reset | 1 | read: connection reset \| by peer |
`)
	for i := range 40 {
		s.Attacks[0].Status[strconv.Itoa(500+i)] = 1
	}
	out.Reset()
	require.NoError(t, Markdown(&out, s))
	assert.Contains(t, out.String(), "| pay | 34 other kinds | 34 |  |\n")
}

func TestACauseIsInTheCommentWithItsEvidenceToUnfold(t *testing.T) {
	s := run()
	s.Findings = []summary.Finding{{
		Kind: summary.FindingPoolExhaustion, Confidence: 0.95, Sentence: "Requests wait for their turn",
		Evidence: []summary.FindingEvidence{{Source: "traces", Text: "117 requests began late.", TraceIDs: []string{"4f0c"}}},
		Try:      []string{"Raise the limit."}, Refute: []string{"It is the same with twice the limit."},
	}}
	var out bytes.Buffer
	require.NoError(t, Markdown(&out, s))
	for _, want := range []string{"**Cause:** Requests wait for their turn (95 % sure)", "- 117 requests began late. `4f0c`", "- To try: Raise the limit.", "- It is refuted if: It is the same"} {
		assert.Contains(t, out.String(), want)
	}
}
