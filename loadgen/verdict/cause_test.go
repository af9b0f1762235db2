package verdict

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The last line of a failed run once was "the threshold was breached", whichever it was.
func TestACauseNamesWhatDecidedAndCountsTheRest(t *testing.T) {
	slow := Result{Threshold: "p99 response time (web) at most 200ms", Outcome: Breached, Unit: "s", Value: new(0.31)}
	bad := Result{Threshold: "error ratio at most 1%", Outcome: Breached, Unit: "ratio", Value: new(0.1)}
	ended := bad
	ended.Aborted = true
	good := Result{Threshold: "rate at least 5/s", Outcome: Passed, Unit: "1/s", Value: new(9.0)}
	long := slow
	long.Threshold = strings.Repeat("é", 1000)
	for _, c := range []struct {
		report Report
		want   string
	}{
		{Report{Verdict: Fail, Thresholds: []Result{slow}}, "the threshold was breached: p99 response time (web) at most 200ms, was 310 ms"},
		{Report{Verdict: Fail, Thresholds: []Result{good, bad}}, "1 of 2 thresholds was breached: error ratio at most 1%, was 10 %"},
		{Report{Verdict: Fail, Thresholds: []Result{slow, bad, good}}, "2 of 3 thresholds were breached: p99 response time (web) at most 200ms, was 310 ms; and 1 more"},
		{Report{Verdict: Fail, Thresholds: []Result{slow, ended, slow}, Shard: "0/2"}, "in shard 0/2, 3 of 3 thresholds were breached: error ratio at most 1%, was 10 %; and 2 more"},
		{Report{Verdict: Fail, Thresholds: []Result{long}}, "the threshold was breached: " + strings.Repeat("é", 200) + "…, was 310 ms"},
		{Report{Verdict: Undecided, Reasons: []string{"spans were lost"}}, "spans were lost"},
		{Report{Verdict: Undecided, Reasons: []string{"spans were lost", "b", "c"}, Shard: "1/2"}, "in shard 1/2, spans were lost; and 2 more"},
		{Report{Verdict: Sound}, "no thresholds; the measurement is sound"},
	} {
		assert.Equal(t, c.want, c.report.Cause())
	}
	doubted := Report{Verdict: Undecided, Reasons: []string{"spans were lost"}, Thresholds: []Result{ended}}
	assert.Equal(t, "the measurement cannot be trusted; the threshold was breached all the same: error ratio at most 1%, was 10 %", doubted.Breach())
	assert.Equal(t, "spans were lost", doubted.Cause())
}
