package joinmetrics_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/joinmetrics"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/window"
)

// A client's clock may be ahead of the collector's.
func TestAnExemplarIsNeverLaterThanItsPoint(t *testing.T) {
	for _, collected := range []time.Duration{0, 1500 * ms, time.Minute} {
		m := joinmetrics.New(epoch, 3)
		for _, n := range []byte{3, 1, 2} { // done n seconds after the epoch
			m.Add(request(n, window.OverlapNo), all, true)
		}
		seen := 0
		for _, p := range points(t, collect(t, m, collected), "join.response_time", "join.gc.overlap") {
			exemplars := p.Exemplars().All()
			last := 0.0
			for _, e := range exemplars {
				seen++
				assert.LessOrEqual(t, e.Timestamp(), p.Timestamp(), collected)
				if e.Timestamp() == p.Timestamp() {
					assert.Greater(t, e.DoubleValue(), last, "of one time, by value")
					last = e.DoubleValue()
				}
			}
		}
		require.Equal(t, 3, seen)
	}
}
