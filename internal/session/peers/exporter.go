package peers

import (
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"

	"github.com/loadtrace/loadtrace/internal/session/tap"
)

// Type is the exporter's component type.
var Type = component.MustNewType("run_peers")

// NewFactory makes an exporter that shows all traces to a list of peers.
func NewFactory(p *Peers) exporter.Factory { return tap.NewFactory(Type, tap.Functions{Traces: p.Look}) }
