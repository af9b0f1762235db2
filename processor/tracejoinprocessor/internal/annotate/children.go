package annotate

import (
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/clock"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
)

// serverOf several direct children, of retries or redirects, is the one that ended
// last, with the time in which any was open. They have one clock.
func serverOf(children []join.Server) (s Server) {
	last := slices.MaxFunc(children, func(a, b join.Server) int { return int(int64(a.Ended) - int64(b.Ended)) })
	s = Server{Server: last, Spans: len(children)}
	if len(children) == 1 {
		s.Duration = last.Took()
		return s
	}
	byStart := slices.SortedFunc(slices.Values(children), func(a, b join.Server) int { return int(int64(a.Began) - int64(b.Began)) })
	until := pcommon.Timestamp(0)
	for _, c := range byStart {
		if from := max(c.Began, until); c.Ended > from {
			s.Duration += time.Duration(c.Ended - from)
			until = c.Ended
		}
	}
	return s
}

// Clocks returns how far the clock of an instance is ahead of the client's, at a time by
// the latter.
type Clocks func(of *join.Resource, at time.Time) (clock.Estimate, bool)

// Order finds out which of several direct children answered, if they are of several
// instances: the one that ended last by the client's clock. Where a clock is unknown
// it is the one that was open longest, and the time of all is at most what the client
// waited.
func (r *Result) Order(clocks Clocks) {
	if len(r.children) == 0 || r.oneClock() {
		return
	}
	ours := make([]join.Server, len(r.children))
	for i, c := range r.children {
		e, ok := clocks(c.Resource, r.Client.Done)
		if !ok {
			r.orderByDuration()
			return
		}
		ours[i] = c
		ours[i].Began -= pcommon.Timestamp(e.Offset)
		ours[i].Ended -= pcommon.Timestamp(e.Offset)
	}
	s := serverOf(ours)
	r.Server.Duration = s.Duration
	r.answered(s.ID)
}

// oneClock: all children are of one instance.
func (r *Result) oneClock() bool {
	first := r.children[0].Resource
	return first.Instance != "" && !slices.ContainsFunc(r.children, func(c join.Server) bool { return *c.Resource != *first })
}

func (r *Result) orderByDuration() {
	longest, sum := 0, time.Duration(0)
	for i := range r.children {
		if sum += r.children[i].Took(); r.children[i].Took() > r.children[longest].Took() {
			longest = i
		}
	}
	r.Server.Duration = min(sum, max(r.Client.Done.Sub(r.Client.Sent), r.children[longest].Took()))
	r.answered(r.children[longest].ID)
}

// answered has one of the children be the server.
func (r *Result) answered(by pcommon.SpanID) {
	for _, c := range r.children {
		if c.ID == by {
			r.Server.Server = c
		}
	}
}
