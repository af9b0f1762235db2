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

// WithRun has a Join count only the requests of traces for which run returns true: those
// of one run, if other runs send theirs to the same collector. It is called for each
// client span, and should return false before the run begins.
func WithRun(run func(pcommon.TraceID) bool) Option {
	return func(f *factory) { f.shared.run = run }
}

// Join is a join at work, or over. Its methods may be called by any goroutine at
// any time.
type Join struct {
	hub  *hub.Hub
	loki *lokiSource // nil without a Loki
}

// Errors returns a sentence for each kind of error from Loki.
func (j *Join) Errors() []string { return j.loki.errors() }

// Waiting returns how many client spans wait for the target's telemetry.
func (j *Join) Waiting() uint64 { return uint64(max(0, j.hub.Counts().OwnWaiting)) }

// Expects reports whether targets are expected to send telemetry: they must, or one has.
// If not, client spans wait in vain.
func (j *Join) Expects() bool { return j.hub.Expects() }

// Observed reports which signals of targets were received until now: server spans, samples
// of a runtime, and log lines with a trace id.
func (j *Join) Observed() (spans, samples, lines bool) {
	c := j.hub.Observed()
	return c.Spans, c.Samples, c.Lines
}

// Lost returns how many client spans waited and did not reach the next consumer: it
// refused them permanently, or had not accepted them at the end of a shutdown.
func (j *Join) Lost() uint64 { return uint64(j.hub.Counts().OwnLost) }

// Retries returns how many deliveries of client spans the next consumer refused and were
// retried.
func (j *Join) Retries() uint64 { return uint64(j.hub.Counts().OwnRetries) }

// Coverage returns what was joined to the client spans that were released.
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
