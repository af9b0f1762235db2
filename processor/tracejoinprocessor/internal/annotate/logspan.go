package annotate

import "time"

// How far from its request a line may lie in time, where nothing is known of the
// server's clock, and beside what is known of it: agents stamp lines when they read
// them. A source compares each line of the span, so that it is to be narrow.
const (
	margin     = time.Minute
	nearMargin = 5 * time.Second
)

// LogSpan is in which time, by the clock of who wrote them, the request's lines lie.
func (r *Result) LogSpan() (from, to time.Time) {
	shift, around := time.Duration(0), margin
	if r.Clocked {
		shift, around = r.Clock.Offset, r.Clock.Bound+nearMargin
	}
	return r.Client.Sent.Add(shift - around), r.Client.Done.Add(shift + around)
}
