package tracestore

import (
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"

	"github.com/loadtrace/loadtrace/internal/session/tap"
)

// Type is the exporter's component type.
var Type = component.MustNewType("trace_store")

// NewFactory makes an exporter that adds all traces to store.
func NewFactory(store *Store) exporter.Factory {
	return tap.NewFactory(Type, tap.Functions{Traces: store.Add})
}
