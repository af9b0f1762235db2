// Command loadtrace is the Loadtrace distribution: an OpenTelemetry Collector
// with the components of builder-config.yaml, and subcommands that carry out a
// load-test plan in the terminal.
package main

//go:generate go run ./internal/gencomponents

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/otelcol"
)

func main() {
	os.Exit(execute(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// execute runs the command line and returns the exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot(stdout, stderr)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil {
		fmt.Fprintln(stderr, "Error:", err)
	}
	return exitCode(err)
}

func newRoot(stdout, stderr io.Writer) *cobra.Command {
	root := otelcol.NewCommand(settings(components))
	root.Short = "An OpenTelemetry Collector that load-tests a service and explains what it saw"
	root.Long = `An OpenTelemetry Collector that load-tests a service and explains what it saw.

  loadtrace demo              attack a demo service for 15 seconds and explain a slow request
  loadtrace run plan.yaml     carry out a load-test plan in the terminal
  loadtrace --config c.yaml   run as a collector, with the loadgen receiver in its pipelines

` + exitCodes
	root.SilenceErrors = true
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return badInput(err) })
	root.AddCommand(newRun(), newDemo(), newTarget())
	return root
}
