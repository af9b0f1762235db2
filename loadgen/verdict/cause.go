package verdict

import (
	"fmt"

	"github.com/loadtrace/loadtrace/internal/utf8text"
)

// maxNamed bounds the words of a threshold in a Cause, in characters.
const maxNamed = 200

// Cause returns the verdict in one line that stands without the table of thresholds: of a
// run that failed Breach, of one that is undecided the first reason, and how many more
// there are. What comes from the plan is not escaped.
func (r *Report) Cause() string {
	switch {
	case r.Verdict == Fail:
		return r.Breach()
	case r.Verdict == Undecided && len(r.Reasons) > 0:
		return r.inShard(r.Reasons[0] + others(len(r.Reasons)))
	}
	return r.Words()
}

// Breach returns Words with the threshold that was breached, cut to 200 characters, its
// value, and how many more were. The threshold that ended the run comes first.
func (r *Report) Breach() string {
	var found *Result
	for i := range r.Thresholds {
		t := &r.Thresholds[i]
		if t.Outcome == Breached && (found == nil || t.Aborted && !found.Aborted) {
			found = t
		}
	}
	if found == nil {
		return r.Words()
	}
	return r.Words() + ": " + utf8text.ClipTo(found.Threshold, maxNamed) + ", was " + found.Measured() + others(r.Breached())
}

// others counts those of n that are not named.
func others(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf("; and %d more", n-1)
}
