package main

import (
	"context"
	"time"

	"github.com/loadtrace/loadtrace/internal/distribution"
	"github.com/loadtrace/loadtrace/internal/session"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// unseen returns a function that runs a plan and discards its telemetry, which is made all
// the same. A run that was stopped before its end is an error. The end of impatient stops a
// run at once.
func unseen(impatient context.Context) func(context.Context, *loadgen.Plan) (summary.Summary, error) {
	return func(ctx context.Context, plan *loadgen.Plan) (summary.Summary, error) {
		run, err := session.Start(ctx, session.Options{Collector: distribution.Settings(), Plan: plan, Flush: 20 * time.Second})
		if err != nil {
			return summary.Summary{}, err
		}
		defer context.AfterFunc(impatient, run.Cancel)()
		return run.Complete()
	}
}
