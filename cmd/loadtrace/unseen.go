package main

import (
	"context"
	"time"

	"github.com/loadtrace/loadtrace/internal/distribution"
	"github.com/loadtrace/loadtrace/internal/session"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// unseen carries out plans with all their telemetry made, and taken by nobody. A plan that
// is not carried out to its end is an error; the end of impatient brings that about now.
func unseen(impatient context.Context) func(context.Context, *loadgen.Plan) (summary.Summary, error) {
	return func(ctx context.Context, plan *loadgen.Plan) (summary.Summary, error) {
		run, err := session.Start(ctx, session.Options{Collector: distribution.Settings(), Plan: plan, Flush: 20 * time.Second})
		if err != nil {
			return summary.Summary{}, err
		}
		defer context.AfterFunc(impatient, run.Hurry)()
		return run.Complete()
	}
}
