package tracejoinprocessor

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/hub"
)

// Option changes a factory, for programs that have a collector inside.
type Option func(*factory)

// WithObserver has started called with each join as it starts. It must return
// soon.
func WithObserver(started func(*Join)) Option {
	return func(f *factory) { f.shared.started = started }
}

// WithRun has a Join count the requests of traces of which run says so, in place of all: those of one run, where others send theirs to the same collector. It
// is called for each client span, and before the run began it should say no.
func WithRun(run func(pcommon.TraceID) bool) Option {
	return func(f *factory) { f.shared.run = run }
}

// Join is a join at work, or over. Its methods may be called by any goroutine at
// any time.
type Join struct {
	hub   *hub.Hub
	lines *lines // nil without a Loki
}

// Troubles are sentences, one of each kind of trouble that there was with Loki.
func (j *Join) Troubles() []string { return j.lines.troubles() }

// Waiting is how many client spans wait for what the target will tell of them.
func (j *Join) Waiting() uint64 { return uint64(max(0, j.hub.Counts().OwnWaiting)) }

// Expects reports whether targets are to send their telemetry: they must, or one has. If
// not, what waits waits in vain.
func (j *Join) Expects() bool { return j.hub.Expects() }

// Came is which signals of targets have come until now: server spans, samples of a runtime,
// and log lines with a trace id.
func (j *Join) Came() (spans, samples, lines bool) {
	c := j.hub.Came()
	return c.Spans, c.Samples, c.Lines
}

// Lost is how many client spans waited and did not reach the pipeline behind: it refused
// them for good, or had not taken them when the time of a shutdown was over.
func (j *Join) Lost() uint64 { return uint64(j.hub.Counts().OwnLost) }

// Retries is how many deliveries of client spans the pipeline behind refused, and that were
// tried again.
func (j *Join) Retries() uint64 { return uint64(j.hub.Counts().OwnRetries) }

// Coverage says of the client spans that have left what was joined to them.
func (j *Join) Coverage() Coverage {
	c := j.hub.Coverage()
	v := Coverage{Complete: uint64(c.Complete), Partial: uint64(c.Partial), None: uint64(c.None)}
	v.Missing, v.Absent = unsigned(c.Missing), unsigned(c.Absent)
	return v
}

// unsigned copies counts; nil if there are none.
func unsigned(of map[string]int64) (counts map[string]uint64) {
	for why, n := range of {
		if counts == nil {
			counts = map[string]uint64{}
		}
		counts[why] = uint64(n)
	}
	return counts
}

// Coverage counts client spans by join.status, by what of join.missing they have, of
// which a span may have several, and by what is not expected of them: not_go,
// runtime_never_sent and logs_never_sent, as the states of join.signals.
type Coverage struct {
	Complete, Partial, None uint64
	Missing, Absent         map[string]uint64
}
