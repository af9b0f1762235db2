package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/demotarget"
)

// newTarget is the demo service as a subcommand, so that the demo needs no
// second binary.
func newTarget() *cobra.Command {
	return &cobra.Command{
		Use:                "target [flags]",
		Short:              "Run the demo service (see target --help)",
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			switch code := demotarget.Main(ctx, args, cmd.OutOrStdout(), cmd.ErrOrStderr()); code {
			case 0:
				return nil
			case 2:
				return badinput.Error(fmt.Errorf("the demo service did not understand its flags"))
			default:
				return fmt.Errorf("the demo service failed")
			}
		},
	}
}

// demoService is this program as the demo service.
func demoService() ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the own executable: %w", err)
	}
	return []string{self, "target"}, nil
}
