package environments

import (
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"

	"github.com/loadtrace/loadtrace/internal/session/tap"
)

// Type is the exporter's component type.
var Type = component.MustNewType("run_environments")

// NewFactory makes an exporter that shows all traces to a recorder.
func NewFactory(r *Recorder) exporter.Factory {
	return tap.NewFactory(Type, tap.Functions{Traces: r.Record})
}
