package distribution

import (
	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/loadtrace/loadtrace/internal/drawn"
)

// Command runs the distribution as a collector, and has the collector's subcommands.
// Their errors hide what the configuration draws from the environment.
func Command() *cobra.Command {
	var values drawn.Values
	set := Settings()
	values.Watch(&set.ConfigProviderSettings.ResolverSettings)
	root := otelcol.NewCommand(set)
	values.Guard(root)
	for _, cmd := range root.Commands() {
		values.Guard(cmd)
	}
	return root
}
