package hub

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/annotate"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/clock"
)

// Lines have the time of the server's clock, which may be hours away.
func TestLinesAreLookedUpByTheClockOfWhoWroteThem(t *testing.T) {
	sent := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	r := &annotate.Result{}
	r.Client.Sent, r.Client.Done = sent, sent.Add(time.Second)
	from, to := span(r)
	assert.Equal(t, sent.Add(-time.Minute), from)
	assert.Equal(t, sent.Add(time.Minute+time.Second), to)
	r.Clock, r.Clocked = clock.Estimate{Offset: time.Hour, Bound: 2 * time.Second}, true
	from, to = span(r)
	assert.Equal(t, sent.Add(time.Hour-7*time.Second), from)
	assert.Equal(t, sent.Add(time.Hour+8*time.Second), to)
}
