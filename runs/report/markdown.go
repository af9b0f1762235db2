package report

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// marks of verdicts and outcomes.
var (
	verdictMarks = map[verdict.Verdict]string{verdict.Pass: "✅", verdict.Sound: "✅", verdict.Fail: "❌", verdict.Undecided: "❔"}
	outcomeMarks = map[verdict.Outcome]string{verdict.Passed: "✅", verdict.Breached: "❌", verdict.NoSamples: "❔"}
)

// Markdown writes a comment for a pull request, in GitHub's dialect.
func Markdown(w io.Writer, s *summary.Summary) error {
	m := &markdown{}
	v := &s.Verdict
	mark, failing := verdictMarks[v.Verdict], ""
	advice, lines := s.ErrorThreshold()
	if len(lines) > 0 {
		mark, failing = "⚠️", ", "+text(s.FailingWords())
	}
	m.linef("### %s %s: %s%s", mark, text(s.Plan), text(string(v.Verdict)), failing)
	m.linef("")
	how := fmt.Sprintf("%s in %s", text(s.End), verdict.Amount(float64(s.Elapsed), "s"))
	m.linef("%s. Run `%s` %s.", capital(text(s.VerdictWords())), code(s.RunID), how)
	switch {
	case len(lines) == 1:
		m.linef("%s `%s`.", capital(advice), code(lines[0]))
	case len(lines) > 1:
		m.linef("%s\n\n```yaml\n%s\n```", capital(advice), strings.Join(codes(lines), "\n"))
	}
	if s.Shard != nil {
		m.linef("%s.", capital(text(s.Shard.Words())))
	}
	if words := s.ShardWords(); words != "" {
		m.linef("%s.", capital(text(words)))
	}
	if s.StopReason != "" {
		m.linef("The run was stopped: %s.", text(s.StopReason))
	}
	m.reasons(v)
	m.findings(s.Findings)
	m.thresholds(v.Thresholds)
	m.figures(s)
	m.errors(s)
	m.environment(&s.Environment.Generator)
	m.slowest(s.Slowest)
	_, err := io.WriteString(w, m.out.String())
	return err
}

type markdown struct{ out strings.Builder }

func (m *markdown) linef(format string, args ...any) { fmt.Fprintf(&m.out, format+"\n", args...) }

func (m *markdown) row(cells ...string) { m.linef("| %s |", strings.Join(cells, " | ")) }

func (m *markdown) reasons(v *verdict.Report) {
	if len(v.Reasons) > 0 {
		m.linef("")
		for _, r := range v.Reasons {
			m.linef("- %s", text(r))
		}
	}
	if len(v.Unknown) > 0 {
		m.linef("\nNot known: %s.", text(strings.Join(v.Unknown, ", ")))
	}
}

func (m *markdown) thresholds(results []verdict.Result) {
	if len(results) == 0 {
		return
	}
	m.linef("")
	m.row("", "threshold", "limit", "value", "first breach")
	m.row("---", "---", "---:", "---:", "---:")
	for i := range results {
		r, first := &results[i], ""
		if r.Outcome == verdict.Breached && r.FirstBreach != nil {
			first = verdict.Amount(float64(*r.FirstBreach), "s")
		}
		what := text(r.Figure)
		if r.Where != "" {
			what += ", " + text(r.Where)
		}
		m.row(outcomeMarks[r.Outcome], what, text(r.Allowed()), text(r.Measured()), first)
	}
}

// figures are those of each attack that reviewers ask for first.
func (m *markdown) figures(s *summary.Summary) {
	m.linef("")
	m.row("attack", "requests", "errors", "not sent", "rate", "p50", "p95", "p99", "max", "lag p99")
	m.row("---", "---:", "---:", "---:", "---:", "---:", "---:", "---:", "---:", "---:")
	for i := range s.Attacks {
		a := &s.Attacks[i]
		n, q := a.Requests, a.ResponseTime
		m.row(text(a.Name), number(n.Sent()), number(a.Bad()), number(n.Unsent()), rateOf(a),
			took(q, q.P50), took(q, q.P95), took(q, q.P99), took(q, q.Max), took(a.Lag, a.Lag.P99))
	}
	m.linef("\nTimes are response times: from when a request was due to its last byte.")
}

// errors are the kinds of errors of each attack, with a sample.
func (m *markdown) errors(s *summary.Summary) {
	began := false
	for i := range s.Attacks {
		a := &s.Attacks[i]
		for _, k := range kinds(a) {
			if !began {
				began = true
				m.linef("")
				m.row("attack", "what became of requests", "requests", "such as")
				m.row("---", "---", "---:", "---")
			}
			m.row(text(a.Name), text(k.what), number(k.count), text(k.sample))
		}
	}
}

func (m *markdown) slowest(requests []summary.Request) {
	if len(requests) == 0 {
		return
	}
	m.linef("\n<details><summary>Slowest requests and their traces</summary>\n")
	m.row("response", "service", "result", "trace", "request")
	m.row("---:", "---:", "---", "---", "---")
	for i := range requests {
		r := &requests[i]
		result := cmp.Or(string(r.Error), r.Code, strconv.Itoa(r.Status))
		what := r.Method + " " + r.URL
		if r.Code != "" {
			what = r.Method
		}
		m.row(verdict.Amount(float64(r.ResponseTime), "s"), verdict.Amount(float64(r.ServiceTime), "s"),
			text(result), "`"+code(r.TraceID)+"`", text(r.Attack)+": `"+code(what)+"`")
	}
	m.linef("\n</details>")
}

// environment says what the generator ran in, for whoever holds two comments beside
// each other.
func (m *markdown) environment(e *environment.Environment) {
	if e.Known() {
		m.linef("\nMeasured in environment `%s`: %s.", e.Fingerprint(), text(strings.Join(e.Words(), ", ")))
	}
}

func took(q summary.Quantiles, s summary.Seconds) string {
	if q.Count == 0 {
		return "–"
	}
	return verdict.Amount(float64(s), "s")
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

// escapes make text from outside that and nothing more, also within a table and
// HTML. GitHub links addresses, names of users and what looks like a URL in the text that
// results, escaped or not, so a space without width stands in them.
var escapes = strings.NewReplacer("://", ":&#8203;//", "www.", "www&#8203;.", "WWW.", "WWW&#8203;.", "\\", "\\\\", "|", "\\|", "`", "\\`", "*", "\\*", "_", "\\_",
	"[", "\\[", "]", "\\]", "<", "&lt;", ">", "&gt;", "&", "&amp;", "@", "@&#8203;", "#", "\\#", "~", "\\~")

func text(s string) string { return escapes.Replace(clean(s)) }

// code is text within backquotes.
func code(s string) string {
	return strings.NewReplacer("`", "'", "|", "\\|").Replace(clean(s))
}

func codes(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = code(l)
	}
	return out
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
