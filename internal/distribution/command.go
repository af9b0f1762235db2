package distribution

import (
	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/otelcol"
)

// Command runs the distribution as a collector, and has the collector's subcommands.
func Command() *cobra.Command { return otelcol.NewCommand(Settings()) }
