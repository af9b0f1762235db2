package annotate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/annotate"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/clock"
)

// Lines have the time of the server's clock, which may be hours away. The link once led to
// the request's own time to the millisecond, where such lines are not.
func TestLinesAreLookedForByTheClockOfWhoWroteThem(t *testing.T) {
	sent := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		name     string
		clock    clock.Estimate
		clocked  bool
		from, to time.Duration
	}{
		{"unknown", clock.Estimate{}, false, -time.Minute, time.Minute + time.Second},
		{"an hour ahead", clock.Estimate{Offset: time.Hour, Bound: 2 * time.Second}, true, time.Hour - 7*time.Second, time.Hour + 8*time.Second},
		{"the same", clock.Estimate{}, true, -5 * time.Second, 6 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := annotate.Result{Clock: c.clock, Clocked: c.clocked}
			r.Client.Sent, r.Client.Done = sent, sent.Add(time.Second)
			from, to := r.LogSpan()
			assert.Equal(t, c.from, from.Sub(sent))
			assert.Equal(t, c.to, to.Sub(sent))
			r.Put(ptrace.NewSpan(), annotate.Limits{Link: func(_ pcommon.TraceID, linkFrom, linkTo time.Time) string {
				assert.Equal(t, from, linkFrom)
				assert.Equal(t, to, linkTo)
				return ""
			}})
		})
	}
}
