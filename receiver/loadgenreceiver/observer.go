package loadgenreceiver

import (
	"errors"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Observer follows a run from inside the process. All functions may be nil.
// OnStart and OnEnd are called from the run's goroutine, so they should return soon and must
// not shut the collector down themselves.
type Observer struct {
	// OnStart is called when a run is about to begin, after its start delay, or a
	// moment before an agreed start.
	OnStart func(*Handle)
	// OnEnd is called once after OnStart, when the run is over and all its telemetry
	// was delivered or dropped. The error is an engine's; faults are in the summary.
	OnEnd func(summary.Summary, error)
	// OnRecord, if set, is a loadgen.Sink: it is called with every record, by many
	// goroutines at once.
	OnRecord loadgen.Sink
}

func (o Observer) record(r *loadgen.Record) {
	if o.OnRecord != nil {
		o.OnRecord(r)
	}
}

func (o Observer) start(h *Handle) {
	if o.OnStart != nil {
		o.OnStart(h)
	}
}

func (o Observer) end(s summary.Summary, err error) {
	if o.OnEnd != nil {
		o.OnEnd(s, err)
	}
}

// Handle is a run under way, or over. Its methods may be called by any goroutine
// at any time.
type Handle struct{ run *run }

// RunID names the run.
func (h *Handle) RunID() loadgen.RunID { return h.run.id }

// Plan returns the plan of the run. It must not be changed.
func (h *Handle) Plan() *loadgen.Plan { return h.run.plan }

// Snapshot is the progress at a time. Rates and quantiles are over the interval
// since the last call, so there should be one caller.
func (h *Handle) Snapshot(now time.Time) summary.Snapshot { return h.run.snapshot(now) }

// Counts is how many requests have ended until now, sent or not, and how many are under
// way.
func (h *Handle) Counts() (ended, underWay uint64) {
	for _, a := range h.run.runner.Accounts() {
		ended += a.Recorded
		if a.Given > a.Recorded { // the two are read one after the other
			underWay += a.Given - a.Recorded
		}
	}
	return ended, underWay
}

// SetSpeed runs an attack, or all if the name is empty, speed times as fast
// from now on: 0 pauses it, 1 is the plan's own rate. What is planned stays
// planned, and takes accordingly longer or shorter. Errors are of the arguments.
func (h *Handle) SetSpeed(attack string, speed float64) error {
	return h.run.runner.SetSpeed(attack, speed)
}

// Stop stops the run in order, without stopping the collector, and returns at
// once. OnEnd tells when the run is over.
func (h *Handle) Stop() { h.run.cancel(errStopped) }

// StopFor is Stop for a reason, in words that follow "was stopped: ".
func (h *Handle) StopFor(reason string) { h.run.cancel(errors.New(reason)) }

// Until is what the run has done until a time, for summary.Live.
func (h *Handle) Until(now time.Time) *summary.Summary { return h.run.until(now) }

// Cancel has a stop of the run, this or a later one, cut off what is under way without the
// plan's grace.
func (h *Handle) Cancel() { h.run.runner.Cancel() }

// Idle is closed when the last request has ended and only telemetry is still to
// be delivered.
func (h *Handle) Idle() <-chan struct{} { return h.run.idle }
