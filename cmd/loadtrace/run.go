package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/loadtrace/loadtrace/internal/attackline"
	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/session"
	"github.com/loadtrace/loadtrace/internal/session/tracestore"
	"github.com/loadtrace/loadtrace/loadgen"
)

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
and the lines it logged, and names causes that the evidence shows (docs/diagnosis.md). Use --listen to change the address, or --listen none to
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

The run is archived: a folder with run.json and Parquet files, a row for each request,
that stays when the run is over, or is killed. Use --archive to name another directory,
or --archive none. Archives are removed after 30 days, or when all take more than 2 GiB.

With --shard, several processes run one plan together. Each sends its share of the
plan's requests, at the plan's times. Its summary and verdict cover that shard;
loadtrace merge makes one run of them. With --coordinate it also watches the whole run
while it goes on, and gives its verdict: this shard exits with 0 once its summary is
handed over.

` + exitCodes,
		Example: runExample,
		Args:    func(_ *cobra.Command, args []string) error { return r.accept(args) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			r.stdout, r.stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
			r.ListenAsked = cmd.Flags().Changed("listen")
			if r.line.print {
				return r.printPlan()
			}
			return r.line.named(r.runAndExplain(cmd.Context(), listenAt))
		},
	}
	r.addRunTo(cmd.Flags(), &listenAt)
	return cmd
}

const runExample = `  loadtrace run http://127.0.0.1:8080/ --rate 200/s --duration 30s
  loadtrace run http://127.0.0.1:8080/ --workers 8 --header 'Authorization: Bearer ${env:TOKEN}'
  loadtrace run --grpc 127.0.0.1:8081/auth.v1.Auth/Validate --data '{"token": "demo-0001"}'
  loadtrace run http://127.0.0.1:8080/ --body @order.json --print-plan > plan.yaml
  loadtrace run plan.yaml
  loadtrace run plan.yaml --set attacks[0].http.url=http://127.0.0.1:8080/ --json
  loadtrace run plan.yaml --junit report.xml --markdown comment.md --html report.html
  loadtrace run plan.yaml --otlp https://otlp.example.com --otlp-header 'key=${env:OTLP_KEY}'
  loadtrace run plan.yaml --otlp https://otlp.example.com --otlp-header-file otlp.headers
  loadtrace run plan.yaml --profiles http://127.0.0.1:6060/debug/pprof/
  loadtrace run plan.yaml --listen http://127.0.0.1:14318
  loadtrace run plan.yaml --config collector.yaml
  loadtrace run plan.yaml --shard 0/2 --run-id 2b9c72011d13ef2c --start-at 2026-01-31T12:00:00Z`

// addRunTo adds the flags of run.
func (r *planRun) addRunTo(flags *pflag.FlagSet, listenAt *[]string) {
	r.line.addTo(flags)
	flags.StringArrayVar(&r.set, "set", nil, "replace a value of the plan, as in attacks[0].http.timeout=5s (repeatable)")
	flags.StringArrayVar(&r.configs, "config", nil, "collector configuration to use instead of the built-in one; its loadgen receiver gets the plan (repeatable)")
	flags.StringArrayVar(listenAt, "listen", session.DefaultListen, "take the target's telemetry here, over OTLP: a URL of the scheme http and one of grpc, or none (repeatable)")
	flags.StringVar(&r.pprof, "profiles", "", "take profiles of the target's net/http/pprof at this `URL`, or auto for /debug/pprof/ of the attacked URL")
	flags.StringVar(&r.OTLP, "otlp", "", "send all telemetry to this endpoint: http://host:4318 or grpc://host:4317 (https, grpcs with TLS)")
	flags.StringArrayVar(&r.headers.given, "otlp-header", nil, "header to send to the OTLP endpoint, as in 'key=${env:NAME}', or key=value where others may see it (repeatable)")
	flags.StringVar(&r.headers.file, "otlp-header-file", "", "`file` with headers to send to the OTLP endpoint, key=value on each line")
	flags.StringSliceVar(&r.Signals, "otlp-signals", session.Signals, "what to send to the OTLP endpoint, for one that does not take everything")
	r.addReportsTo(flags)
	r.begins.addTo(flags)
	r.reports.addTo(flags)
	r.addTo(flags)
}

// runAndExplain runs the plan, and explains a slow request if the target has
// told of it.
func (r *planRun) runAndExplain(ctx context.Context, listenAt []string) error {
	if err := r.chooseListen(listenAt); err != nil {
		return err
	}
	if r.Listen.Any() {
		r.store = tracestore.New(storeLimit)
	}
	sum, err := r.do(ctx)
	if r.store == nil || r.store.Served() == 0 || sum.RunID == "" || r.json || r.outputs.takeStdout() {
		return err
	}
	return errors.Join(err, explain(r.stdout, r.store, &sum, r.screen.options(r.stdout)))
}

// chooseListen decides where the target's telemetry is taken.
func (r *planRun) chooseListen(listenAt []string) error {
	want, err := session.ParseListen(listenAt)
	switch {
	case err != nil:
		return err
	case len(r.configs) > 0 && r.ListenAsked && want.Any():
		return badinput.Error(errors.New("--listen and --config exclude each other: put a receiver otlp into the configuration"))
	case len(r.configs) > 0:
		return nil
	case r.OTLP != "" && want.Meets(r.OTLP) && r.ListenAsked:
		return badinput.Error(fmt.Errorf("--otlp %s: is where --listen takes telemetry; it would go in a circle, so name two addresses", loadgen.RedactURL(r.OTLP)))
	case r.OTLP != "" && want.Meets(r.OTLP):
		return nil // a collector is there, and gets the target's telemetry itself
	case r.ListenAsked:
		r.Listen = want
		return nil
	}
	var taken []string
	if r.Listen, taken = want.Free(); len(taken) > 0 {
		r.note(strings.Join(taken, " and ") + " is in use, so nothing of the target is taken there; --listen names another address.")
	}
	return nil
}
