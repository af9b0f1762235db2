package terminal

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

func TestSummariesAreDrawnAsTheirGoldenFiles(t *testing.T) {
	for name, s := range summaries() {
		t.Run(name, func(t *testing.T) {
			requireGolden(t, "summary_"+name+".txt", text(func(b *bytes.Buffer) { Summary(b, s, Options{}) }))
		})
	}
	requireGolden(t, "summary_wide.txt", text(func(b *bytes.Buffer) { Summary(b, failures(), Options{Width: 140}) }))
	requireGolden(t, "summary_ascii.txt", text(func(b *bytes.Buffer) { Summary(b, faults(), Options{ASCII: true}) }))
	requireGolden(t, "summary_dead_color.txt", text(func(b *bytes.Buffer) { Summary(b, dead(), Options{Color: true, Width: 100}) }))
	requireGolden(t, "summary_color.txt", text(func(b *bytes.Buffer) { Summary(b, faults(), Options{Color: true}) }))
}

// A run whose target sent no metrics in its time once said "0 complete" above the whole
// ledger of a request.
func TestTheJoinSaysHowManyRequestsHaveTheirServerSpan(t *testing.T) {
	for want, j := range map[string]summary.Join{
		"join       300 requests joined · 300 complete (100 %)\n": {Complete: 300},
		"join       300 of 300 requests joined to their server span (100 %)\n" +
			"           0 complete (0 %) · no log lines × 300\n" +
			"           no sample of the runtime × 290\n": {
			Partial: 300, Missing: map[string]uint64{"no_logs": 300, "no_runtime": 290}},
		"join       290 of 300 requests joined to their server span (96.7 %)\n" +
			"           290 complete (96.7 %) · no server span × 6 · not sampled × 4\n": {
			Complete: 290, None: 10, Missing: map[string]uint64{"no_server_span": 6, "not_sampled": 4}},
		"join       300 requests joined · 300 complete (100 %) · no log lines came\n" +
			"           not a Go process, so no Go runtime × 299\n": {
			Complete: 300, Absent: map[string]uint64{"logs_never_sent": 300, "not_go": 299}},
		"": {None: 300, Missing: map[string]uint64{"no_server_span": 300}},
	} {
		p := &printer{}
		p.join(&j)
		assert.Equal(t, want, p.text.String())
	}
}

// An exporter over gRPC that had found nobody once sent nothing for a whole run, of which
// the summary said nothing.
func TestTheJoinSaysWhyATargetThatSendsOneSignalMayNotSendAnother(t *testing.T) {
	for _, c := range []struct {
		join     summary.Join
		has, not []string
	}{
		{summary.Join{Observed: []string{"metrics"}},
			[]string{"the target sends metrics, but no server spans and no log lines", "up to 2 minutes", "restart the target", "OTEL_TRACES_EXPORTER"}, []string{"METRIC"}},
		{summary.Join{Complete: 9, Observed: []string{"traces", "logs"}},
			[]string{"9 requests joined", "the target sends traces and logs, but no runtime metrics", "OTEL_METRIC_EXPORT_INTERVAL"}, []string{"OTEL_TRACES"}},
		{summary.Join{Complete: 9, Observed: []string{"traces", "metrics", "logs"}}, []string{"9 requests joined"}, []string{"but no"}},
		// A Loki that refused each query was counted, and nothing said so.
		{summary.Join{Errors: []string{"log lines could not be fetched from Loki × 13: loki refused the query, status 400: parse error"}},
			[]string{"join log lines could not be fetched", "status 400: parse error"}, nil},
		{summary.Join{}, nil, []string{"join", "target"}},
	} {
		p := &printer{}
		p.join(&c.join)
		drawn := strings.Join(strings.Fields(p.text.String()), " ")
		for _, s := range c.has {
			assert.Contains(t, drawn, s)
		}
		for _, s := range c.not {
			assert.NotContains(t, drawn, s)
		}
	}
}

func TestNoLineIsWiderThanTheTerminal(t *testing.T) {
	for name, s := range summaries() {
		for _, o := range []Options{{Width: 40}, {Width: 60}, {Color: true}, {Width: 140}, {Width: 300, ASCII: true}} {
			drawn := text(func(b *bytes.Buffer) { Summary(b, s, o) })
			require.NotEmpty(t, drawn)
			for line := range strings.Lines(drawn) {
				if strings.Contains(line, "{metric: error_ratio") { // to be copied: a part of it is of no use
					require.Regexp(t, `at_most: 1%[^…]*\}\]?\n$`, sgr.ReplaceAllString(line, ""), name)
					continue
				}
				require.LessOrEqual(t, width(strings.TrimRight(line, "\n")), o.width(), "%s: %s", name, line)
			}
		}
	}
}

func TestColourChangesNoCharacter(t *testing.T) {
	for name, s := range summaries() {
		plain := text(func(b *bytes.Buffer) { Summary(b, s, Options{}) })
		colored := text(func(b *bytes.Buffer) { Summary(b, s, Options{Color: true}) })
		assert.NotContains(t, plain, "\x1b", name)
		assert.Contains(t, colored, "\x1b[1m", name)
		assert.Equal(t, plain, trimmed(sgr.ReplaceAllString(colored, "")), name)
	}
}

// trimmed lines: a painted one may end in spaces.
func trimmed(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}

func TestASCIIIsKeptToWhereItIsAskedFor(t *testing.T) {
	for name, s := range summaries() {
		s.Plan = "café"
		drawn := text(func(b *bytes.Buffer) { Summary(b, s, Options{ASCII: true}) })
		assert.Contains(t, drawn, "caf?")
		for _, r := range drawn {
			require.Less(t, r, rune(0x80), name)
		}
	}
}

// Whoever is attacked must not write to the terminal of whoever attacks.
func TestNothingFromOutsideReachesTheTerminalAsACommand(t *testing.T) {
	evil := "a\x1b[2J\x1b]0;owned\x07\u009b31mb\r\nc\u202ed"
	s := failures()
	s.Plan, s.RunID, s.Error = evil, evil, evil
	s.Attacks[0].Name, s.Attacks[0].Target = evil, evil
	s.Attacks[0].Status = map[string]uint64{evil: 1}
	s.Attacks[0].Errors = map[loadgen.ErrorKind]summary.Error{loadgen.ErrorKind(evil): {Count: 1, Example: evil}}
	s.Attacks[0].Excerpts = map[string]string{evil: evil}
	s.Attacks[0].Requests.NotSent = map[loadgen.NotSentReason]uint64{loadgen.NotSentReason(evil): 1}
	s.Faults = []string{evil}
	s.Slowest = []summary.Request{{TraceID: evil, Method: evil, URL: evil, Error: loadgen.ErrorKind(evil), Attack: evil}}
	s.Failures = s.Slowest
	drawn := text(func(b *bytes.Buffer) { Summary(b, s, Options{Width: 160}) })
	require.GreaterOrEqual(t, strings.Count(drawn, "a[2J]0;owned31mb"), 10)
	for _, r := range drawn {
		require.True(t, r == '\n' || r >= ' ' && r < 0x7f || r >= 0xa0, "%q", r)
		require.NotEqual(t, '\u202e', r)
	}
}

// Requests that the stop of the run cut off are not timed: their times were shown as 0.
func TestAnAttackOfCancelledRequestsHasNoTimes(t *testing.T) {
	s := passed()
	s.Attacks = []summary.Attack{{Name: "pay", Figures: summary.Figures{
		Requests: summary.Requests{Planned: 3, Failed: 3},
		Errors:   map[loadgen.ErrorKind]summary.Error{loadgen.ErrorCancelled: {Count: 3}},
	}}}
	s.Total = s.Attacks[0].Figures
	got := text(func(w *bytes.Buffer) { Summary(w, s, Options{}) })
	assert.Regexp(t, `(?m)^    response time( +-)+ *$`, got)
	assert.Regexp(t, `(?m)^    service time( +-)+ *$`, got)
}

// At 80 columns the line was cut within what was sent.
func TestTheRateOfAStoppedRunIsWhole(t *testing.T) {
	s := stoppedEarly()
	for _, rates := range [][2]float64{{50, 49.9}, {12_345, 12_340}, {1_234_567, 1_234_000}} {
		f := &s.Attacks[0].Figures
		f.RateWanted, f.RateAchieved = rates[0], rates[1]
		for _, o := range []Options{{Width: 60}, {}, {Width: 120}} {
			drawn := text(func(b *bytes.Buffer) { Summary(b, s, o) })
			words := strings.Join(strings.Fields(drawn), " ")
			assert.Contains(t, words, "rate "+rate(rates[0])+" wanted over the whole schedule")
			assert.Contains(t, words, rate(rates[1])+" sent until it was stopped")
		}
	}
}

// Two thresholds whose stages begin alike were one and the same in the table.
func TestTheNameOfAThresholdIsWhole(t *testing.T) {
	s := breached()
	s.Verdict.Thresholds[0].Where = "checkout of registered users, stage warm-up"
	s.Verdict.Thresholds[1].Where = "checkout of registered users, stage peak"
	drawn := text(func(b *bytes.Buffer) { Summary(b, s, Options{}) })
	words := strings.Join(strings.Fields(drawn), " ")
	assert.Contains(t, words, "stage warm-up")
	assert.Contains(t, words, "stage peak")
}
