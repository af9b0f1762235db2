package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/loadtrace/loadtrace/cmd/loadtrace/internal/term"
	"github.com/loadtrace/loadtrace/cmd/loadtrace/internal/tracestore"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// planRun carries out a plan in the terminal.
type planRun struct {
	pipelines
	configs []string // collector configurations instead of the built-in one
	json    bool
	flush   time.Duration // for telemetry, after the last request
	quiet   bool
	screen  screen
	outputs outputs

	// onStart, if set, is called when the run begins: its files have been read.
	onStart func()
	// beforeShutdown, if set, is called when the run is over and the collector is not.
	beforeShutdown func()

	stdout, stderr io.Writer
}

func newRun() *cobra.Command {
	var r planRun
	cmd := &cobra.Command{
		Use:   "run PLAN",
		Short: "Carry out a load-test plan in the terminal",
		Long: `Carry out a load-test plan: the collector runs in this process, progress is
shown while it runs, and a summary at its end. PLAN is a file, or - for standard
input.

Without --otlp or --config, telemetry goes nowhere; the summary is all there is.
Ctrl-C ends the run in order, with the summary of what was done; a second Ctrl-C
gives up telemetry that could not be delivered yet.

The plan's thresholds decide whether the run passed. The verdict is undecided
where the generator itself was in trouble: it could not keep its schedule, ran out
of descriptors or ports, was starved of CPU, or lost telemetry.

` + exitCodes,
		Example: `  loadtrace run plan.yaml
  loadtrace run plan.yaml --set attacks[0].http.url=http://127.0.0.1:8080/ --json
  loadtrace run plan.yaml --junit report.xml --markdown comment.md
  loadtrace run plan.yaml --otlp http://127.0.0.1:4318
  loadtrace run plan.yaml --config collector.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return badInput(fmt.Errorf("want one plan, got %d arguments; write loadtrace run plan.yaml", len(args)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Plan = args[0]
			r.stdout, r.stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
			_, err := r.do(cmd.Context(), nil)
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&r.Set, "set", nil, "replace a value of the plan, as in attacks[0].http.timeout=5s (repeatable)")
	flags.StringArrayVar(&r.configs, "config", nil, "collector configuration to use instead of the built-in one; its loadgen receiver gets the plan (repeatable)")
	flags.StringVar(&r.OTLP, "otlp", "", "send all telemetry to this endpoint: http://host:4318 or grpc://host:4317 (https, grpcs with TLS)")
	flags.StringToStringVar(&r.Headers, "otlp-header", nil, "header to send to the OTLP endpoint, as in key=value (repeatable)")
	flags.StringSliceVar(&r.Signals, "otlp-signals", signals, "what to send to the OTLP endpoint, for one that does not take everything")
	flags.BoolVar(&r.json, "json", false, "print the summary as JSON")
	flags.StringVar(&r.outputs.junit, "junit", "", "also write the verdict as JUnit XML to this file, - for standard output instead of the summary")
	flags.StringVar(&r.outputs.markdown, "markdown", "", "also write the verdict and the key figures as Markdown to this file, - for standard output instead of the summary")
	r.addTo(flags)
	return cmd
}

// do carries out the plan and prints what became of it. While the run is on,
// and until do returns, store fills.
func (r *planRun) do(ctx context.Context, store *tracestore.Store) (summary.Summary, error) {
	relaxGC()
	signals := catch()
	defer signals.stop()
	plan, uris, err := r.prepare()
	if err != nil {
		return summary.Summary{}, err
	}
	if err := r.outputs.open(r.json); err != nil {
		return summary.Summary{}, err
	}
	defer r.outputs.close()
	var held *notes
	if len(r.configs) == 0 {
		held = &notes{}
	}
	s, err := startSession(uris, plan, store, held)
	if err != nil {
		return summary.Summary{}, err
	}
	end, err := r.watch(ctx, s, signals)
	if r.beforeShutdown != nil {
		r.beforeShutdown()
	}
	if shut := s.shutdown(); err == nil && len(end.summary.Faults) == 0 && shut != nil {
		err = fmt.Errorf("shut the collector down: %w", shut)
	}
	end.summary.Environment.Targets = s.peers.Targets()
	if held != nil && err == nil {
		held.print(r.stderr)
	}
	if err = errors.Join(err, r.print(end)); err == nil {
		err = judgement(&end.summary, end.interrupted)
	}
	return end.summary, err
}

// prepare reads the plan and says what the collector is configured with.
func (r *planRun) prepare() (*loadgen.Plan, []string, error) {
	if err := r.screen.check(); err != nil {
		return nil, nil, err
	}
	plan, err := planfile.Load(r.Plan, r.Set...)
	if err != nil {
		return nil, nil, badInput(explained(r.Plan, err))
	}
	if len(r.configs) == 0 {
		uri, err := r.config()
		return plan, []string{uri}, err
	}
	if r.OTLP != "" {
		return nil, nil, badInput(errors.New("--otlp and --config exclude each other: put the exporter into the configuration"))
	}
	return plan, r.configs, nil
}

// print writes the summary and the reports.
func (r *planRun) print(end outcome) error {
	sum := end.summary
	if sum.RunID == "" {
		return nil // there was no run
	}
	written := r.outputs.write(r.stdout, &sum)
	var text bytes.Buffer
	switch {
	case r.json:
		enc := json.NewEncoder(&text)
		enc.SetIndent("", "  ")
		if err := enc.Encode(sum); err != nil {
			return fmt.Errorf("write the summary: %w", err)
		}
	case !r.outputs.takeStdout():
		term.Summary(&text, sum, r.screen.options(r.stdout))
	}
	if _, err := r.stdout.Write(text.Bytes()); err != nil {
		return errors.Join(written, fmt.Errorf("write the summary: %w", err))
	}
	return written
}

// judgement is the verdict as an error; nil if the run passed, or is sound and had
// nothing to pass. A run that somebody interrupted has its own code: whoever
// repeats what is undecided should not repeat that.
func judgement(sum *summary.Summary, interrupted bool) error {
	v := &sum.Verdict
	switch {
	case sum.End == summary.Stopped && interrupted:
		return errors.New("the run was stopped before its end")
	case v.Verdict == verdict.Fail:
		return verdictError{exitBreached, "fail: " + v.Words()}
	case v.Verdict == verdict.Undecided:
		return verdictError{exitUndecided, "undecided: " + v.Reasons[0]}
	}
	return nil
}

// explained shows each fault of a plan at its place in the file.
func explained(path string, err error) error {
	src, readErr := os.ReadFile(path)
	if readErr != nil {
		return err
	}
	return errors.New(planfile.Explain(err, src))
}
