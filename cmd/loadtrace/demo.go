package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/demo"
	"github.com/loadtrace/loadtrace/internal/demotarget/fault"
	"github.com/loadtrace/loadtrace/internal/session"
	"github.com/loadtrace/loadtrace/internal/session/tracestore"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

func newDemo() *cobra.Command {
	var r planRun
	var faults string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Attack a demo service for 15 seconds and explain a slow request",
		Long: `Start the demo service beside this process, attack it for 15 seconds over HTTP and
gRPC, print the summary, and explain one slow request: the client's phases and the
server's spans as a tree, where its time went, how the service's runtime was, and
what it logged. Nothing else is needed, and nothing is
left running. With --fault the service has a fault, for the run to find. If this machine is too busy for figures to be trusted, the summary
says so, and the demo goes on.

` + exitCodes,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r.stdout, r.stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
			if _, err := fault.Parse(faults); err != nil {
				return badinput.Error(fmt.Errorf("--fault: %w", err))
			}
			return r.demo(cmd.Context(), faults)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&r.set, "set", nil, "replace a value of the demo's plan, as in attacks[0].load[1].duration=60s (repeatable)")
	flags.StringVar(&faults, "fault", "", "plant `faults` into the service: some of "+strings.Join(fault.Kinds(), ", "))
	flags.StringVar(&r.OTLP, "otlp", "", "also send all telemetry to this endpoint: http://host:4318 or grpc://host:4317")
	r.addTo(flags)
	return cmd
}

func (r *planRun) demo(ctx context.Context, faults string) error {
	early, stopEarly := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stopEarly()
	dir, err := os.MkdirTemp("", "loadtrace-demo")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) // at the end: the run's first event names its files
	r.Signals = session.Signals
	// Held while the service chooses its own ports, which could be the same one otherwise.
	held, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("find a free port: %w", err)
	}
	defer held.Close()
	r.Listen.HTTP = held.Addr().String()
	var output demo.Tail
	program, err := demoService()
	if err != nil {
		return err
	}
	service, err := demo.Start(early, demo.Launch{Program: program, Stderr: &output, Flags: []string{"--otlp", "http://" + r.Listen.HTTP, "--log-level", "info", "--fault", faults}})
	if err != nil {
		return fmt.Errorf("%w\n%s", err, &output)
	}
	stop := sync.OnceFunc(service.Stop)
	defer stop()
	held.Close() // for the collector to listen there
	if r.plan, err = demo.WritePlan(dir, service.HTTP); err != nil {
		return err
	}
	// Before the user's own, which may replace them.
	r.set = append([]string{"profiles.url=http://" + service.HTTP + "/debug/pprof/",
		"attacks.unary.grpc.target=" + service.GRPC, "attacks.stream.grpc.target=" + service.GRPC}, r.set...)
	fmt.Fprintf(r.stderr, "The demo service listens on http://%s and grpc://%s;\nthe collector takes its telemetry on http://%s.\n\n",
		service.HTTP, service.GRPC, r.Listen.HTTP)

	r.store = tracestore.New(storeLimit)
	r.ListenAsked = true
	r.beforeShutdown = stop // the service sends its last spans while the collector can take them
	sum, err := r.do(early)
	if err != nil && !shaky(err, &sum) {
		return err
	}
	return explain(r.stdout, r.store, &sum, r.screen.options(r.stdout))
}

// shaky reports whether all that a demo lacks is a machine with nothing else to
// do: the summary warns of that, and a demo is no measurement. Lost telemetry is
// another matter, and so are thresholds that somebody has set.
func shaky(err error, sum *summary.Summary) bool {
	var v verdictError
	return errors.As(err, &v) && v.code == exitUndecided && len(sum.Faults) == 0 && len(sum.Verdict.Thresholds) == 0 && sum.Total.Requests.Sent() > 0
}
