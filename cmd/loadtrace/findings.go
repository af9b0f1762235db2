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
type findings struct {
	where  shelf
	screen screen
}

func newExplain() *cobra.Command {
	var f findings
	cmd := &cobra.Command{
		Use:   "explain RUN",
		Short: "Show what a run found to be the cause, and what that rests on",
		Long: `Show the causes that a run named: each with its evidence, what to try, and what would
refute it; and what could not be judged for want of evidence. docs/diagnosis.md says
what is detected, and how.

RUN is a file that loadtrace run --json wrote, or an archived run: an id or the
beginning of one, the word last, or the folder of an archive (loadtrace runs).`,
		Example: `  loadtrace run plan.yaml --profiles auto
  loadtrace explain last`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return badinput.Error(fmt.Errorf("want one run, got %d arguments; write loadtrace explain last", len(args)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.show(args[0], cmd.OutOrStdout()) },
	}
	f.where.flag(cmd.Flags())
	cmd.Flags().StringVar(&f.screen.color, "color", "auto", "colour the output: auto, always or never (auto heeds NO_COLOR)")
	return cmd
}

func (f *findings) show(name string, stdout io.Writer) error {
	if err := f.screen.check(); err != nil {
		return err
	}
	sum, err := f.where.summary(name)
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
