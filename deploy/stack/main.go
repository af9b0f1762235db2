// Command stack runs real Prometheus, Loki and Jaeger servers on loopback,
// without containers. Within the source tree:
//
//	go run ./deploy/stack up      build them if need be, start them, wait until they are ready
//	go run ./deploy/stack status  say what runs where
//	go run ./deploy/stack down    stop them, keep their data
//	go run ./deploy/stack wipe    stop them and delete their data
//
// The servers are children of one background process, which up starts (it is the
// command run) and down asks to stop.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/loadtrace/loadtrace/internal/stack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newRoot().ExecuteContext(ctx)
	stop()
	if err != nil {
		os.Exit(1) // cobra has printed it
	}
}

func newRoot() *cobra.Command {
	var o options
	root := &cobra.Command{
		Use:   "stack",
		Short: "Run real Prometheus, Loki and Jaeger servers on loopback, without containers",
		Long: `Run real Prometheus, Loki and Jaeger servers on loopback, without containers.

The servers are built from source with go build, each once: that takes minutes.
The builds are kept in the user's cache folder, under loadtrace/stack.`,
		SilenceUsage:  true,
		SilenceErrors: false,
	}
	root.PersistentFlags().StringVar(&o.data, "data", "", "`folder` of data, logs and state (default deploy/stack/data in the source tree)")
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return o.place() }
	starting := func(cmd *cobra.Command) *cobra.Command {
		cmd.Flags().StringToIntVar(&o.ports, "port", nil, "put a server's port elsewhere, such as `loki.http=3101`; 0 takes a free one")
		cmd.ValidArgs = names()
		return cmd
	}
	root.AddCommand(
		starting(&cobra.Command{
			Use: "up [server…]", Short: "Start the servers (all, or those named) and return when they are ready",
			RunE: func(cmd *cobra.Command, args []string) error { return up(cmd.Context(), o, args, cmd.OutOrStdout()) },
		}),
		starting(&cobra.Command{
			Use: "run [server…]", Short: "Run the servers in the foreground, until Ctrl-C or down",
			RunE: func(cmd *cobra.Command, args []string) error { return run(cmd.Context(), o, args, cmd.OutOrStdout()) },
		}),
		&cobra.Command{
			Use: "build [server…]", Short: "Build the servers (all, or those named) and start none", ValidArgs: names(),
			RunE: func(cmd *cobra.Command, args []string) error { return build(cmd.Context(), o, args, cmd.OutOrStdout()) },
		},
		&cobra.Command{
			Use: "down", Short: "Stop the servers and keep their data", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return down(cmd.Context(), o, cmd.OutOrStdout()) },
		},
		&cobra.Command{
			Use: "wipe", Short: "Stop the servers and delete their data and logs", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return wipe(cmd.Context(), o, cmd.OutOrStdout()) },
		},
		&cobra.Command{
			Use: "status", Short: "Say what runs where", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return status(cmd.Context(), o, cmd.OutOrStdout()) },
		},
	)
	return root
}

func names() (names []string) {
	for _, s := range stack.All() {
		names = append(names, s.Name)
	}
	return names
}
