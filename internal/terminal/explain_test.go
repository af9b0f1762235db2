package terminal

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/attr"
)

// joinedTrace is the good trace, with all that can be joined to its request.
func joinedTrace() []Span {
	spans := goodTrace()
	c := &spans[1]
	c.Attributes = append(c.Attributes,
		Attribute{attr.JoinStatus, "complete"}, Attribute{attr.JoinResponseTime, "0.0321"},
		Attribute{attr.JoinLedger + "schedule_lag", "0.0009"}, Attribute{attr.JoinLedger + "connect", "0.0004"},
		Attribute{attr.JoinLedger + "write", "0.00002"}, Attribute{attr.JoinLedger + "network", "0.0006"},
		Attribute{attr.JoinLedger + "server", "0.0295"}, Attribute{attr.JoinLedger + "read", "0.0006"},
		Attribute{attr.JoinUnexplained, "0.00008"},
		Attribute{attr.JoinServerService, "auth"}, Attribute{attr.JoinServerRoute, "/auth/validate"},
		Attribute{attr.JoinRuntimeAge, "0.4"}, Attribute{attr.JoinRuntimeGoroutines, "86"},
		Attribute{attr.JoinRuntimeHeap, "7.85e+07"}, Attribute{attr.JoinRuntimeGCGoal, "9e+07"},
		Attribute{attr.JoinRuntimeProcessors, "2"}, Attribute{attr.JoinRuntimeScheduleP99, "0.000524"},
		Attribute{attr.JoinRuntimeWindow, "1"}, Attribute{attr.JoinRuntimeCPU, "0.834"},
		Attribute{attr.JoinRuntimeAllocated, "14050918"}, Attribute{attr.JoinRuntimeGCCycles, "1"},
		Attribute{attr.JoinRuntimeGCPause, "0.00012"}, Attribute{attr.JoinGCOverlap, "yes"}, Attribute{attr.JoinGCLeast, "0.0028"}, Attribute{attr.JoinGCMost, "0.0031"},
		Attribute{attr.JoinClockOffset, "-0.0000123"}, Attribute{attr.JoinClockBound, "0.000181"},
		Attribute{attr.JoinLogLines, "4"},
	)
	for i, line := range []struct{ severity, body string }{
		{"WARN", "the pool has no connection"}, {"INFO", "token accepted"}, {"ERROR", "audit: " + strings.Repeat("very ", 30) + "long"},
	} {
		c.Events = append(c.Events, Event{Name: attr.EventLog, Time: c.Start.Add(time.Duration(7*(i+1)) * time.Millisecond), Attributes: []Attribute{
			{attr.LogSeverity, line.severity}, {attr.LogBody, line.body}, {attr.LogService, "auth"},
		}})
	}
	return spans
}

// partTrace is one of which little could be joined.
func partTrace() []Span {
	spans := goodTrace()
	spans[1].Attributes = append(spans[1].Attributes,
		Attribute{attr.JoinStatus, "partial"}, Attribute{attr.JoinMissing, `["no_runtime","no_logs","what comes next"]`},
		Attribute{attr.JoinResponseTime, "0.0321"}, Attribute{attr.JoinLedger + "server", "0.0295"},
		Attribute{attr.JoinUnexplained, "0.0026"}, Attribute{attr.JoinServerService, "auth"},
	)
	return spans
}

func explained(spans []Span, o Options) string {
	return text(func(b *bytes.Buffer) { Explain(b, spans, o) })
}

func TestAJoinedRequestIsExplainedAsItsGoldenFile(t *testing.T) {
	requireGolden(t, "explain_joined.txt", explained(joinedTrace(), Options{}))
	requireGolden(t, "explain_ascii.txt", explained(joinedTrace(), Options{ASCII: true}))
	requireGolden(t, "explain_color.txt", explained(joinedTrace(), Options{Color: true, Width: 120}))
	requireGolden(t, "explain_partial.txt", explained(partTrace(), Options{}))
}

// Lines of a service behind a proxy stood under the proxy's name.
func TestLinesOfOtherServicesNameThem(t *testing.T) {
	spans := joinedTrace()
	assert.Contains(t, explained(spans, Options{}), "4 lines that it logged\n")
	for i := range spans[1].Events {
		spans[1].Events[i].Attributes[2].Value = "store"
	}
	drawn := explained(spans, Options{})
	assert.Contains(t, drawn, "4 lines that were logged\n")
	assert.Contains(t, drawn, "INFO   store  token accepted\n")
}

func TestARequestThatWasNotJoinedIsATreeAlone(t *testing.T) {
	assert.Equal(t, treeText(goodTrace(), Options{}), explained(goodTrace(), Options{}))
}

func TestLinesThatWereJoinedAreNotDrawnTwice(t *testing.T) {
	drawn := explained(joinedTrace(), Options{})
	assert.NotContains(t, drawn, attr.EventLog)
	assert.Equal(t, 1, strings.Count(drawn, "token accepted"))
}

func TestNoLineOfAnExplanationIsWiderThanTheTerminal(t *testing.T) {
	for _, o := range []Options{{Width: 40}, {}, {Color: true, Width: 100}, {ASCII: true, Width: 140}} {
		for _, spans := range [][]Span{joinedTrace(), partTrace()} {
			for line := range strings.Lines(explained(spans, o)) {
				require.LessOrEqual(t, width(strings.TrimRight(line, "\n")), o.width(), line)
			}
		}
	}
}

func TestASampleFromAfterTheRequestIsSaidToBeOne(t *testing.T) {
	spans := joinedTrace()
	for i := range spans[1].Attributes {
		if spans[1].Attributes[i].Key == attr.JoinRuntimeAge {
			spans[1].Attributes[i].Value = "-0.25"
		}
	}
	assert.Contains(t, explained(spans, Options{}), "its runtime 250 ms after it answered")
}

// Forged or absurd values were shown as facts: 0 goroutines of −5, GOMAXPROCS of 9e18, a
// server that worked for ten hours within a second.
func TestWhatCannotBeTrueIsNotShown(t *testing.T) {
	for value, c := range map[string]struct{ key, hidden, named string }{
		"-5":                     {attr.JoinRuntimeGoroutines, " goroutines", "1 value is implausible and not shown: goroutines"},
		"0":                      {attr.JoinRuntimeProcessors, "GOMAXPROCS 0", "1 value is implausible and not shown: GOMAXPROCS"},
		"9e18":                   {attr.JoinRuntimeProcessors, "GOMAXPROCS 9", "1 value is implausible and not shown: GOMAXPROCS"},
		"1e300":                  {attr.JoinRuntimeHeap, "heap ", "1 value is implausible and not shown: heap"},
		"-1":                     {attr.JoinRuntimeAllocated, "allocated", "1 value is implausible and not shown: bytes allocated"},
		"NaN":                    {attr.JoinRuntimeCPU, "CPUs busy", "1 value is implausible and not shown: CPUs busy"},
		"+Inf":                   {attr.JoinRuntimeGCPause, "paused", "1 value is implausible and not shown: GC pause"},
		"1e6":                    {attr.JoinRuntimeScheduleP99, "scheduler latency p99", "1 value is implausible and not shown: scheduler latency"},
		"many":                   {attr.JoinRuntimeGCCycles, "GC cycle", "1 value is implausible and not shown: GC cycles"},
		"1.8446744073709552e+19": {attr.JoinRuntimeGCGoal, "next GC at", ""}, // GOGC=off
	} {
		spans := joinedTrace()
		for i := range spans[1].Attributes {
			if spans[1].Attributes[i].Key == c.key {
				spans[1].Attributes[i].Value = value
			}
		}
		drawn := explained(spans, Options{})
		shown, note, _ := strings.Cut(drawn, "implausible")
		assert.NotContains(t, shown, c.hidden, value)
		if c.named == "" {
			assert.Empty(t, note, value)
		} else {
			assert.Contains(t, drawn, c.named, value)
		}
	}
	assert.NotContains(t, explained(joinedTrace(), Options{}), "implausible")
}

func TestAnImplausibleSpanHasNoTimesInATree(t *testing.T) {
	spans := joinedTrace()
	forged := Span{
		ID: "ffffffffffffffff", Parent: spans[1].ID, Trace: spans[1].Trace, Service: "forged", Name: "POST", Kind: "Server",
		Start: spans[1].Start, End: spans[1].Start.Add(10 * time.Hour), Implausible: true,
	}
	for _, parent := range []string{spans[1].ID, "eeeeeeeeeeeeeeee", ""} {
		forged.Parent = parent
		drawn := explained(append(spans, forged), Options{})
		assert.Regexp(t, `(?m)forged.*\s\?$`, drawn)
		assert.Contains(t, drawn, "implausible: 10 h 00 min, longer than since the request began")
		assert.Contains(t, drawn, "where the time went  is not known: a span is implausible")
		head, _, _ := strings.Cut(drawn, "\n")
		want, _, _ := strings.Cut(explained(spans, Options{}), "\n")
		assert.Equal(t, want, head, "the request is what it is about")
	}
}

// A clock was said to be ahead where its bound was wider than its offset.
func TestAClockDiffersOnlyWhereItsBoundLeavesNoDoubt(t *testing.T) {
	for _, c := range []struct{ offset, bound, want string }{
		{"0.0000123", "0.000181", "its clock is not known to differ, within ± 193 µs"},
		{"-0.0000123", "0.000181", "its clock is not known to differ, within ± 193 µs"},
		{"0", "0.000181", "its clock is not known to differ, within ± 181 µs"},
		{"0.000181", "0.000181", "its clock is not known to differ, within ± 362 µs"},
		{"0.0005", "0.000181", "its clock is 500 µs ahead, ± 181 µs"},
		{"-0.0005", "0.000181", "its clock is 500 µs behind, ± 181 µs"},
	} {
		spans := joinedTrace()
		for i, a := range spans[1].Attributes {
			switch a.Key {
			case attr.JoinClockOffset:
				spans[1].Attributes[i].Value = c.offset
			case attr.JoinClockBound:
				spans[1].Attributes[i].Value = c.bound
			}
		}
		assert.Contains(t, explained(spans, Options{}), "  "+c.want+"\n", "%s ± %s", c.offset, c.bound)
	}
}
