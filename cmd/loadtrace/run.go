package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/loadtrace/loadtrace/cmd/loadtrace/internal/term"
	"github.com/loadtrace/loadtrace/cmd/loadtrace/internal/tracestore"
	"github.com/loadtrace/loadtrace/internal/attackline"
	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
	"github.com/loadtrace/loadtrace/loadgen/vitals"
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
	outputs outputs
	begins  beginning
	headers otlpHeaders
	attack  attack // in place of a plan

	// listenAsked: the user has said where to listen, or that nothing is to.
	listenAsked bool
	start       loadgenreceiver.Start // when and as what the run begins
	// store takes the traces of the slowest requests; nil for none.
	store *tracestore.Store
	// before is what processes had used before the run, nil if nobody asks; used is what
	// they used during it.
	before *vitals.Census
	used   *vitals.Usage
	// beforeShutdown, if set, is called when the run is over and the collector is not.
	beforeShutdown func()

	stdout, stderr io.Writer
}

func newRun() *cobra.Command {
	var r planRun
	var listenAt []string
	cmd := &cobra.Command{
		Use:   "run PLAN|URL",
		Short: "Attack a URL, or run a load-test plan, in the terminal",
		Long: `Run a load test: progress is shown while it runs, and a summary at its end. PLAN is
a file, or - for standard input. With a URL, or with --grpc, no plan is needed: flags
say what is sent, by default ` + attackline.DefaultRate + ` for ` + attackline.DefaultDuration + `, and --print-plan prints the plan that they
make, to start from. Values may be variables, such as ${env:TOKEN}, as in a plan.

The run receives the target's telemetry on the standard ports of OTLP on loopback,
where SDKs send it by default, and joins it to the requests: the end of the run then
shows where the time of a slow request went, with the state of the target's runtime
and the lines it logged. Use --listen to change the address, or --listen none to
disable it. Without --otlp or --config, telemetry goes no further.

Ctrl-C ends the run in order, with the summary of what was done; a second Ctrl-C
cuts off requests under way and gives up telemetry that could not be delivered
or joined yet. The last requests wait up to six seconds (wait of trace_join) for
the target's telemetry.

The plan's thresholds decide whether the run passed. Without one on errors, a run
exits with 0 even if every request failed, and the summary says so; to fail it, add
to the plan:

  thresholds: [{metric: error_ratio, at_most: 1%}]

The verdict is undecided if the generator itself was in trouble: it could not keep
its schedule, ran out of descriptors or ports, was starved of CPU, or lost telemetry.

With --part several processes carry out a plan together: each sends its share of
the plan's requests, at the plan's times. Summary and verdict are of the part.

` + exitCodes,
		Example: `  loadtrace run http://127.0.0.1:8080/ --rate 200/s --duration 30s
  loadtrace run http://127.0.0.1:8080/ --workers 8 --header 'Authorization: Bearer ${env:TOKEN}'
  loadtrace run --grpc 127.0.0.1:8081/auth.v1.Auth/Validate --data '{"token": "demo-0001"}'
  loadtrace run http://127.0.0.1:8080/ --body @order.json --print-plan > plan.yaml
  loadtrace run plan.yaml
  loadtrace run plan.yaml --set attacks[0].http.url=http://127.0.0.1:8080/ --json
  loadtrace run plan.yaml --junit report.xml --markdown comment.md
  loadtrace run plan.yaml --otlp https://otlp.example.com --otlp-header 'key=${env:OTLP_KEY}'
  loadtrace run plan.yaml --otlp https://otlp.example.com --otlp-header-file otlp.headers
  loadtrace run plan.yaml --listen http://127.0.0.1:14318
  loadtrace run plan.yaml --config collector.yaml
  loadtrace run plan.yaml --part 0/2 --run-id 2b9c72011d13ef2c --start-at 2026-01-31T12:00:00Z`,
		Args: func(_ *cobra.Command, args []string) error { return r.accept(args) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			r.stdout, r.stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
			r.listenAsked = cmd.Flags().Changed("listen")
			if r.attack.print {
				return r.printPlan()
			}
			return r.attack.named(r.carryOut(cmd.Context(), listenAt))
		},
	}
	flags := cmd.Flags()
	r.attack.addTo(flags)
	flags.StringArrayVar(&r.Set, "set", nil, "replace a value of the plan, as in attacks[0].http.timeout=5s (repeatable)")
	flags.StringArrayVar(&r.configs, "config", nil, "collector configuration to use instead of the built-in one; its loadgen receiver gets the plan (repeatable)")
	flags.StringArrayVar(&listenAt, "listen", defaultListen, "take the target's telemetry here, over OTLP: a URL of the scheme http and one of grpc, or none (repeatable)")
	flags.StringVar(&r.OTLP, "otlp", "", "send all telemetry to this endpoint: http://host:4318 or grpc://host:4317 (https, grpcs with TLS)")
	flags.StringArrayVar(&r.headers.given, "otlp-header", nil, "header to send to the OTLP endpoint, as in 'key=${env:NAME}', or key=value where others may see it (repeatable)")
	flags.StringVar(&r.headers.file, "otlp-header-file", "", "`file` with headers to send to the OTLP endpoint, key=value on each line")
	flags.StringSliceVar(&r.Signals, "otlp-signals", signals, "what to send to the OTLP endpoint, for one that does not take everything")
	flags.BoolVar(&r.json, "json", false, "print the summary as JSON")
	flags.StringVar(&r.outputs.junit, "junit", "", "also write the verdict as JUnit XML to this file, - for standard output instead of the summary")
	flags.StringVar(&r.outputs.markdown, "markdown", "", "also write the verdict and the key figures as Markdown to this file, - for standard output instead of the summary")
	r.begins.addTo(flags)
	r.addTo(flags)
	return cmd
}

// carryOut carries out the plan, and explains a slow request if the target has
// told of it.
func (r *planRun) carryOut(ctx context.Context, listenAt []string) error {
	if err := r.chooseListen(listenAt); err != nil {
		return err
	}
	if r.Listen.any() {
		r.store, r.Store = tracestore.New(storeLimit), true
	}
	sum, err := r.do(ctx)
	if r.store == nil || r.store.Served() == 0 || sum.RunID == "" || r.json || r.outputs.takeStdout() {
		return err
	}
	return errors.Join(err, r.explain(sum))
}

// chooseListen decides where the target's telemetry is taken.
func (r *planRun) chooseListen(listenAt []string) error {
	want, err := readListen(listenAt)
	switch {
	case err != nil:
		return err
	case len(r.configs) > 0 && r.listenAsked && want.any():
		return badInput(errors.New("--listen and --config exclude each other: put a receiver otlp into the configuration"))
	case len(r.configs) > 0:
		return nil
	case r.OTLP != "" && want.meets(r.OTLP) && r.listenAsked:
		return badInput(fmt.Errorf("--otlp %s: is where --listen takes telemetry; it would go in a circle, so name two addresses", loadgen.RedactURL(r.OTLP)))
	case r.OTLP != "" && want.meets(r.OTLP):
		return nil // a collector is there, and gets the target's telemetry itself
	case r.listenAsked:
		r.Listen = want
		return nil
	}
	var taken []string
	if r.Listen, taken = want.free(); len(taken) > 0 {
		r.note("%s is in use, so nothing of the target is taken there; --listen names another address.", strings.Join(taken, " and "))
	}
	return nil
}

// note tells something beside the run.
func (r *planRun) note(format string, args ...any) {
	if !r.quiet {
		printLines(r.stderr, format, args...)
	}
}

// do carries out the plan and prints what became of it. While the run is on,
// and until do returns, the store fills.
func (r *planRun) do(ctx context.Context) (summary.Summary, error) {
	relaxGC()
	signals := catch(ctx)
	defer signals.stop()
	r.Drain = r.flush
	start, part, err := r.begins.read()
	if err != nil {
		return summary.Summary{}, err
	}
	r.start = start
	plan, err := r.prepare(signals.early, part)
	if err != nil {
		return summary.Summary{}, err
	}
	if err := r.outputs.open(signals.early, r.json); err != nil {
		return summary.Summary{}, err
	}
	defer r.outputs.close()
	var held *notes
	if len(r.configs) == 0 {
		held = &notes{}
	}
	if !r.quiet {
		announce(r.stderr, start, part)
	}
	r.before = new(vitals.System().Census(time.Now()))
	s, run, err := r.begin(ctx, plan, held, signals)
	var end outcome
	if err == nil {
		if !start.At.IsZero() {
			r.before = new(vitals.System().Census(time.Now())) // until now it waited
		}
		end, err = r.watch(ctx, s, run, signals)
		end.summary.Usage = r.used
	}
	if r.beforeShutdown != nil {
		r.beforeShutdown()
	}
	if s != nil {
		shut := s.shutdown()
		s.settle(&end.summary)
		if causes := s.endpoint.blame(r.OTLP, &end.summary); len(causes) > 0 && held != nil {
			held.drop(r.OTLP, causes)
			if lines, ok := log.Writer().(*stdLog); ok {
				lines.forget() // net/http's about the same endpoint
			}
		}
		end.summary.Environment.Targets = s.peers.Targets()
		if err == nil && len(end.summary.Faults) == 0 && shut != nil {
			err = fmt.Errorf("shut the collector down: %w", shut)
		}
	}
	if held != nil && err == nil {
		held.print(r.stderr)
	}
	if err = errors.Join(err, r.print(end)); err == nil {
		err = judgement(&end.summary, end.interrupted, signals.count.Load())
	}
	return end.summary, err
}

// prepare reads the plan, of which it is the part that is returned, and checks the flags.
func (r *planRun) prepare(ctx context.Context, part pace.Part) (*loadgen.Plan, error) {
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
	if plan, err = plan.Split(part); err != nil {
		return nil, badInput(fmt.Errorf("split the plan: %w", err))
	}
	if len(r.configs) > 0 && r.OTLP != "" {
		return nil, badInput(errors.New("--otlp and --config exclude each other: put the exporter into the configuration"))
	}
	return plan, nil
}

// begin starts the collector and waits for the run to begin. A collector whose
// addresses, which nobody has asked for, somebody took a moment before it, is
// started again without them.
func (r *planRun) begin(ctx context.Context, plan *loadgen.Plan, held *notes, signals *caught) (*session, *loadgenreceiver.Handle, error) {
	for {
		uris := r.configs
		if len(uris) == 0 {
			uri, err := r.config()
			if err != nil {
				return nil, nil, err
			}
			uris = []string{uri}
		}
		s, err := startSession(uris, plan, r.start, r.store, held)
		if err != nil {
			return nil, nil, err
		}
		s.listen = r.Listen
		run, err := s.begin(ctx, signals.names)
		if !taken(err) || !r.Listen.any() || r.listenAsked {
			return s, run, err
		}
		r.note("%s is in use, so nothing of the target is taken there.", r.Listen.urls())
		r.Listen = listen{}
	}
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
		if err := printJSON(&text, sum); err != nil {
			return fmt.Errorf("write the summary: %w", err)
		}
	case !r.outputs.takeStdout():
		term.Summary(&text, sum, r.screen.options(r.stdout))
	}
	if advice, lines := sum.ErrorThreshold(); len(lines) > 0 && (r.json || r.outputs.takeStdout()) {
		printLines(r.stderr, "%s; %s\n  %s", sum.VerdictWords(), advice, strings.Join(lines, "\n  ")) // nobody reads the summary
	}
	if _, err := r.stdout.Write(text.Bytes()); err != nil {
		return errors.Join(written, fmt.Errorf("write the summary: %w", err))
	}
	return written
}

// judgement is the verdict as an error; nil if the run passed, or is sound and had
// nothing to pass. interrupted says that somebody stopped the run, and signals how many
// came until now.
//
// A run that somebody interrupted has its own code: whoever repeats what is undecided
// should not repeat that. So has one whose telemetry a second signal gave up, which may
// make it undecided or not, as the moment has it. One that a threshold had ended before
// keeps that.
func judgement(sum *summary.Summary, interrupted bool, signals int64) error {
	v := &sum.Verdict
	switch {
	case (interrupted || signals > 0) && v.Aborted():
		return verdictError{exitBreached, "fail: " + plaintext.Line(v.Words())}
	case sum.End == summary.Stopped && interrupted:
		return errors.New("the run was stopped before its end")
	case signals > 1, signals > 0 && v.Verdict == verdict.Undecided:
		return errors.New("the run was interrupted while its telemetry was delivered")
	case v.Verdict == verdict.Fail:
		return verdictError{exitBreached, "fail: " + plaintext.Line(v.Words())}
	case v.Verdict == verdict.Undecided:
		return verdictError{exitUndecided, "undecided: " + of(v) + plaintext.Line(v.Reasons[0])}
	}
	return nil
}

// of says that a verdict is of a part, if it is.
func of(v *verdict.Report) string {
	if v.Part == "" {
		return ""
	}
	return "in part " + v.Part + ", "
}

// readPlan reads a plan no longer than ctx lasts, whose cause is then the error. Others
// are bad input.
func readPlan(ctx context.Context, path string, sets ...string) (*loadgen.Plan, error) {
	plan, err := planfile.Read(ctx, path, planfile.Set(sets...))
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, badInput(explained(path, err))
	}
	return plan, nil
}

// explained shows each fault of a plan at its place in the file. What is no file cannot
// be read again.
func explained(path string, err error) error {
	if info, statErr := os.Stat(path); statErr != nil || !info.Mode().IsRegular() {
		return err
	}
	src, readErr := os.ReadFile(path)
	if readErr != nil {
		return err
	}
	return errors.New(planfile.Explain(err, src))
}
