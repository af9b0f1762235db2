package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/loadtrace/loadtrace/cmd/loadtrace/internal/term"
	"github.com/loadtrace/loadtrace/cmd/loadtrace/internal/tracestore"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver"
)

// planRun carries out a plan in the terminal.
type planRun struct {
	pipelines
	configs []string // collector configurations instead of the built-in one
	json    bool
	flush   time.Duration // for telemetry, after the last request
	quiet   bool
	screen  screen

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
shown while it runs, and a summary at its end.

Without --otlp or --config, telemetry goes nowhere; the summary is all there is.
Ctrl-C ends the run in order, with the summary of what was done; a second Ctrl-C
gives up telemetry that could not be delivered yet.

` + exitCodes,
		Example: `  loadtrace run plan.yaml
  loadtrace run plan.yaml --set attacks[0].http.url=http://127.0.0.1:8080/ --json
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
	flags.BoolVar(&r.json, "json", false, "print the summary as JSON")
	r.addTo(flags)
	return cmd
}

// do carries out the plan and prints what became of it. While the run is on,
// and until do returns, store fills.
func (r *planRun) do(ctx context.Context, store *tracestore.Store) (summary.Summary, error) {
	uris, err := r.uris()
	if err != nil {
		return summary.Summary{}, err
	}
	s, err := startSession(uris, store)
	if err != nil {
		return summary.Summary{}, err
	}
	end, err := r.watch(ctx, s)
	if r.beforeShutdown != nil {
		r.beforeShutdown()
	}
	if shut := s.shutdown(); err == nil && shut != nil {
		err = fmt.Errorf("shut the collector down: %w", shut)
	}
	return end.summary, errors.Join(err, r.print(end))
}

// uris are the collector's configurations, after the plan has been found good.
func (r *planRun) uris() ([]string, error) {
	if err := r.screen.check(); err != nil {
		return nil, err
	}
	if _, err := planfile.Load(r.Plan, r.Set...); err != nil {
		return nil, badInput(explained(r.Plan, err))
	}
	path, err := filepath.Abs(r.Plan)
	if err != nil {
		return nil, err
	}
	r.Plan = path
	if len(r.configs) == 0 {
		uri, err := r.config()
		return []string{uri}, err
	}
	if r.OTLP != "" {
		return nil, badInput(errors.New("--otlp and --config exclude each other: put the exporter into the configuration"))
	}
	overlay, err := r.overlay()
	return append(r.configs, overlay), err
}

// watch shows progress until the run has ended. A first signal stops the run, a
// second gives up the telemetry that is still to be delivered.
func (r *planRun) watch(ctx context.Context, s *session) (outcome, error) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(signals)

	var run *loadgenreceiver.Handle
	select {
	case run = <-s.started:
	case err := <-s.over:
		s.over <- nil
		return outcome{}, startError(err)
	case sig := <-signals:
		return outcome{}, fmt.Errorf("stopped by %s before the run began", sig)
	}
	defer r.showProgress(run)()

	stop := sync.OnceFunc(run.Stop)
	giveUp := sync.OnceFunc(s.collector.Shutdown)
	idle, flushed, done := run.Idle(), (<-chan time.Time)(nil), ctx.Done()
	for stops := 0; ; {
		select {
		case end := <-s.ended:
			return end, end.err
		case err := <-s.over:
			s.over <- nil
			return s.lastWords(err)
		case <-idle:
			idle, flushed = nil, time.After(r.flush)
		case <-flushed:
			giveUp()
		case <-done:
			done = nil
			stop()
		case <-signals:
			stop()
			if stops++; stops > 1 {
				giveUp()
			}
		}
	}
}

// startError says why the collector did not start.
func startError(err error) error {
	if err == nil {
		err = errors.New("it ended before the run began")
	}
	return fmt.Errorf("start the collector: %w", err)
}

// showProgress shows the run's progress until the function that it returns is called.
func (r *planRun) showProgress(run *loadgenreceiver.Handle) (done func()) {
	if r.quiet {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		term.Run(ctx, r.stderr, func() summary.Snapshot { return run.Snapshot(time.Now()) }, r.screen.options(r.stderr))
	}()
	return func() { cancel(); <-over }
}

// print writes the summary. Its error says why the figures are not what the
// user asked for.
func (r *planRun) print(end outcome) error {
	sum := end.summary
	if sum.RunID == "" {
		return nil // there was no run
	}
	if r.json {
		enc := json.NewEncoder(r.stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(sum); err != nil {
			return fmt.Errorf("write the summary: %w", err)
		}
	} else {
		term.Summary(r.stdout, sum, r.screen.options(r.stdout))
	}
	switch {
	case len(sum.Faults) > 0:
		return errors.New("the figures are not to be trusted: " + sum.Faults[0])
	case sum.End == summary.Stopped:
		return errors.New("the run was stopped before its end")
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
