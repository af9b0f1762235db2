package loadgentest

import (
	"context"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// Fake is an engine without a network: every request succeeds at once.
type Fake struct {
	Setup runner.Setup
	// FailAfter is the number of requests after which Run returns Err; 0 is never.
	FailAfter uint64
	Err       error
	// Cut makes every request end as cut off by a stop.
	Cut bool
	// Closed counts calls of Close.
	Closed int
}

// Run implements loadgen.Engine.
func (f *Fake) Run(_ context.Context, p *pace.Pacer, sink loadgen.Sink) error {
	for n := uint64(0); ; n++ {
		if f.FailAfter > 0 && n == f.FailAfter {
			return f.Err
		}
		if _, stop := p.Pace(0, n); stop {
			return nil
		}
		iteration := p.Iteration(n)
		now := time.Now()
		r := loadgen.Record{Attack: f.Setup.Index, Seq: iteration.Number, Stage: iteration.Stage, Open: iteration.Open, Intended: now, Sent: now, Done: now}
		if f.Cut {
			r.Outcome, r.Error = loadgen.Failed, loadgen.ErrorCancelled
		}
		sink(&r)
		p.Done()
	}
}

// Close implements loadgen.Engine.
func (f *Fake) Close() error {
	f.Closed++
	return nil
}
