package term

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
