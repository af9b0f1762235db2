package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/spf13/pflag"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/distribution"
	"github.com/loadtrace/loadtrace/internal/runpage"
	"github.com/loadtrace/loadtrace/internal/session"
	"github.com/loadtrace/loadtrace/internal/session/tracestore"
	"github.com/loadtrace/loadtrace/internal/terminal"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// planRun runs a plan in the terminal.
type planRun struct {
	session.Pipelines
	presentation
	plan    string        // path
	set     []string      // values that replace the plan's
	pprof   string        // where profiles are taken; empty for what the plan says
	configs []string      // collector configurations instead of the built-in one
	flush   time.Duration // for telemetry, after the last request
	quiet   bool
	begins  startFlags
	reports coordinate
	headers otlpHeaders
	archiving
	line attack // in place of a plan

	// store takes the traces of the slowest requests; nil for none.
	store *tracestore.Store
	// beforeShutdown, if set, is called when the run is over and the collector is not.
	beforeShutdown func()
}

// addTo adds the flags that all runs in a terminal have.
func (r *planRun) addTo(flags *pflag.FlagSet) {
	flags.DurationVar(&r.flush, "flush-timeout", 20*time.Second, "how long to go on delivering telemetry after the last request")
	flags.StringVar(&r.outputs.html, "html", "", "also write a report with charts and explained requests as HTML to this file, - for standard output instead of the summary")
	r.archiving.addTo(flags)
	flags.BoolVar(&r.quiet, "quiet", false, "show no progress")
	r.addColorTo(flags)
}

// note tells something beside the run.
func (r *planRun) note(line string) {
	if !r.quiet {
		printLines(r.stderr, "%s", line)
	}
}

// do runs the plan and prints what became of it. While the run is on,
// and until do returns, the store fills.
func (r *planRun) do(ctx context.Context) (summary.Summary, error) {
	relaxGC()
	signals := watchSignals(ctx)
	defer signals.stop()
	agreed, err := r.begins.read()
	if err != nil && !agreed.named() {
		return summary.Summary{}, err
	}
	if fault := r.reports.open(agreed, r.note); fault != nil {
		return summary.Summary{}, errors.Join(err, fault)
	}
	var sum summary.Summary
	if err == nil {
		sum, err = r.agreed(ctx, signals, agreed)
	}
	// Not ctx alone: the summary of a shard that a signal has stopped is handed over too.
	taken, fault := r.reports.close(signals.impatient, &sum, err)
	if _, judged := errors.AsType[verdictError](err); judged && taken {
		r.note("The verdict on the run is its collector's; that on this shard: " + err.Error())
		return sum, fault
	}
	return sum, errors.Join(err, fault)
}

// agreed carries out the plan as what was agreed.
func (r *planRun) agreed(ctx context.Context, signals *signalContexts, agreed startOptions) (summary.Summary, error) {
	plan, err := r.prepare(signals.early, agreed.shard)
	if err != nil {
		return summary.Summary{}, err
	}
	record := r.page(plan)
	if err := r.outputs.open(signals.early, r.json); err != nil {
		return summary.Summary{}, err
	}
	defer r.outputs.close()
	if !r.quiet {
		announce(r.stderr, agreed)
	}
	end, err := r.attack(signals, plan, agreed, record)
	r.reports.mark(&end.Summary)
	if end.Explained {
		if lines, ok := log.Writer().(*stdLog); ok {
			lines.forget() // net/http's about the same endpoint
		}
	}
	if err == nil {
		for _, line := range end.Notes {
			fmt.Fprintln(r.stderr, line)
		}
	}
	if err = errors.Join(err, r.print(end.Summary)); err == nil {
		err = judgement(&end.Summary, end.Interrupted, signals.count.Load())
	}
	r.sayArchive(end.Summary.RunID, end.Archive)
	return end.Summary, err
}

// page prepares the HTML report, if one is wanted, and returns what is to get the records;
// nil for none.
func (r *planRun) page(plan *loadgen.Plan) loadgen.Sink {
	if r.outputs.html == "" {
		return nil
	}
	p := runpage.New(plan, r.store)
	r.outputs.page = p.HTML
	return p.Record
}

// attack starts the run, shows its progress and returns what became of it.
func (r *planRun) attack(signals *signalContexts, plan *loadgen.Plan, as startOptions, record loadgen.Sink) (session.Result, error) {
	run, err := session.Start(signals.early, session.Options{
		Collector: distribution.Settings(), Configs: r.configs, Pipelines: r.Pipelines,
		Plan: plan, RunID: as.run, StartAt: as.at, Watched: r.reports.watched(), Flush: r.flush,
		Traces: r.store, Record: record, MeasureUse: true, BeforeShutdown: r.beforeShutdown, Note: r.note,
	})
	if err != nil {
		return session.Result{}, err
	}
	r.reports.began(run)
	defer context.AfterFunc(signals.impatient, run.Cancel)()
	r.showProgress(run)
	return run.Result()
}

// showProgress shows the run's progress until it has come to its end.
func (r *planRun) showProgress(run *session.Run) {
	if r.quiet {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-run.Settled(); cancel() }()
	terminal.Run(ctx, r.stderr, run.Progress, r.screen.options(r.stderr))
}

// prepare checks the flags, reads the plan and returns the given shard of it.
func (r *planRun) prepare(ctx context.Context, shard pace.Shard) (*loadgen.Plan, error) {
	if err := r.screen.check(); err != nil {
		return nil, err
	}
	plan, err := r.readPlan(ctx)
	if err != nil {
		return nil, err
	}
	if r.Headers, err = r.headers.read(ctx); err != nil {
		return nil, err
	}
	if plan, err = plan.Split(shard); err != nil {
		return nil, badinput.Error(fmt.Errorf("split the plan: %w", err))
	}
	if err := r.chooseArchive(); err != nil {
		return nil, err
	}
	if len(r.configs) > 0 && r.OTLP != "" {
		return nil, badinput.Error(errors.New("--otlp and --config exclude each other: put the exporter into the configuration"))
	}
	return plan, nil
}
