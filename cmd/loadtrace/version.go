package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/buildinfo"
	"github.com/loadtrace/loadtrace/internal/distribution"
)

func newVersion() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version, and what this program was built from",
		Long: `Print the version of Loadtrace, of Go and of the OpenTelemetry Collector that it was
built with, the platform, and the build's tags; and the revision, if it was built
within a clone.`,
		Example: "  loadtrace version --json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			build, _ := debug.ReadBuildInfo()
			info := buildinfo.Of(distribution.Version, build)
			if !asJSON {
				info.Write(cmd.OutOrStdout())
				return nil
			}
			if err := printJSON(cmd.OutOrStdout(), info); err != nil {
				return fmt.Errorf("write the version: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

// noArguments refuses arguments of a command that has none.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return badinput.Error(fmt.Errorf("%q: %s takes no arguments; leave it out", args[0], cmd.CommandPath()))
	}
	return nil
}
