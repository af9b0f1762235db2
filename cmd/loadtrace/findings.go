package main

import (
	"bytes"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/terminal"
)

// findings shows the causes that a run named.
type findings struct{ screen screen }

func newExplain() *cobra.Command {
	var f findings
	cmd := &cobra.Command{
		Use:   "explain SUMMARY.json",
		Short: "Show what a run found to be the cause, and what that rests on",
		Long: `Show the causes that a run named, from the summary that loadtrace run --json wrote:
each with its evidence, what to try, and what would refute it; and what could not be
judged for want of evidence. docs/diagnosis.md says what is detected, and how.`,
		Example: `  loadtrace run plan.yaml --profiles auto --json > run.json
  loadtrace explain run.json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return badinput.Error(fmt.Errorf("want one summary, got %d arguments; write loadtrace explain run.json", len(args)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.show(args[0], cmd.OutOrStdout()) },
	}
	cmd.Flags().StringVar(&f.screen.color, "color", "auto", "colour the output: auto, always or never (auto heeds NO_COLOR)")
	return cmd
}

func (f *findings) show(path string, stdout io.Writer) error {
	if err := f.screen.check(); err != nil {
		return err
	}
	sum, err := readSummary(path)
	if err != nil {
		return badinput.Error(err)
	}
	var text bytes.Buffer
	terminal.Findings(&text, sum, f.screen.options(stdout))
	if _, err := stdout.Write(text.Bytes()); err != nil {
		return fmt.Errorf("write the findings: %w", err)
	}
	return nil
}
