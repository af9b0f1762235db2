// Command loadtrace is the Loadtrace distribution: an OpenTelemetry Collector
// with the components of builder-config.yaml, and subcommands that run a
// load-test plan in the terminal.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/distribution"
)

func main() {
	lines := &stdLog{Writer: os.Stderr}
	log.SetOutput(lines)
	code := execute(context.Background(), os.Args[1:], os.Stdout, os.Stderr)
	lines.report()
	os.Exit(code)
}

// execute runs the command line and returns the exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	signal.Ignore(syscall.SIGPIPE) // a reader that goes away is an error of the write
	root := newRoot(stdout, stderr)
	if len(args) == 0 {
		io.WriteString(stderr, rootPage)
		return 2
	}
	root.SetArgs(args)
	understood := false
	root.PersistentPreRun = func(*cobra.Command, []string) { understood = true }
	err := misled(root, args)
	if err == nil {
		err = root.ExecuteContext(ctx)
	}
	if err != nil && !understood {
		err = badinput.Error(err)
	}
	if err != nil {
		printLines(stderr, "Error: %s", withoutUsers(inTheWhole(err, distribution.Whole).Error()))
	}
	return exitCode(err)
}

func newRoot(stdout, stderr io.Writer) *cobra.Command {
	root := distribution.Command()
	root.Short = "An OpenTelemetry Collector that load-tests a service and explains what it saw"
	root.SilenceErrors = true
	root.SetOut(stdout)
	root.SetErr(stderr)
	for _, cmd := range root.Commands() {
		if cmd.Name() == "validate" {
			blameInput(cmd)
		}
	}
	root.AddCommand(newRun(), newDemo(), newTarget(), newCalibrate(), newLint(), newCompare(), newReport(), newMerge(), newRuns(), newExplain(), newLadder(), newInit(), newVersion())
	installHelp(root)
	return root
}

// blameInput makes every error of a command one of bad input.
func blameInput(cmd *cobra.Command) {
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := run(cmd, args); err != nil {
			return badinput.Error(err)
		}
		return nil
	}
}
