package loadmetrics_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/attr"
)

// The wall clock may step back during a run, while records' times go on.
func TestAnExemplarIsNeverLaterThanItsPoint(t *testing.T) {
	m := newMeter(10)
	var latest time.Time
	for seq := range uint64(5) {
		r := took(seq, time.Duration(seq+1)*time.Millisecond)
		if r.Done.After(latest) {
			latest = r.Done
		}
		m.Add(r)
	}
	points := collectedAt(t, m, attr.MetricResponseTime, latest.Add(-time.Hour))
	seen := 0
	for _, p := range points.All() {
		for _, e := range p.Exemplars().All() {
			seen++
			assert.LessOrEqual(t, e.Timestamp(), p.Timestamp())
		}
	}
	require.Equal(t, 5, seen)
}
