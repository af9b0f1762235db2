package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/internal/starterplan"
)

func newInit() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a commented plan to start from",
		Long: `Write a commented plan to FILE, by default plan.yaml, or to standard output for -.
It runs as it stands against the demo service of loadtrace target.`,
		Example: `  loadtrace init
  loadtrace init checkout.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return badinput.Error(fmt.Errorf("want one file, got %d arguments; write loadtrace init plan.yaml", len(args)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			path := "plan.yaml"
			if len(args) == 1 {
				path = args[0]
			}
			err := starterplan.Write(path, force, cmd.OutOrStdout())
			shown := plaintext.Line(path)
			switch {
			case errors.Is(err, os.ErrExist):
				return badinput.Error(fmt.Errorf("%s is there already; name another file, or overwrite it with --force", shown))
			case err != nil && path != "-":
				return badinput.Error(fmt.Errorf("write the plan: %w; name a file that can be written", err))
			case err != nil || path == "-":
				return err
			}
			printLines(cmd.ErrOrStderr(), "%s is written. To try it against the demo service, in two terminals:\n\n  loadtrace target\n  loadtrace run %[1]s", shown)
			return nil
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "overwrite FILE if it is there")
	return cmd
}
