package evidence

import (
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/internal/session/tap"
)

// Type is the exporter's component type.
var Type = component.MustNewType("run_evidence")

// NewFactory makes an exporter that shows all signals to a gatherer.
func NewFactory(g *Gatherer) exporter.Factory {
	return tap.NewFactory(Type, tap.Functions{
		Traces:  g.addTraces,
		Metrics: func(md pmetric.Metrics) { g.addMetrics(time.Now(), md) },
		Logs:    g.addLogs,
	})
}
