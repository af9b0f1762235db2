package runarchiveexporter

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/loadtrace/loadtrace/exporter/runarchiveexporter/internal/metadata"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// observe tells the collector's own metrics what the keeper does.
func observe(set component.TelemetrySettings, k *keeper) (*metadata.TelemetryBuilder, error) {
	b, err := metadata.NewTelemetryBuilder(set)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		b.RegisterRunArchiveRunsCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(int64(len(k.all())))
			return nil
		}),
		b.RegisterRunArchiveRowsCallback(k.each(func(r archive.Rows) [4]int64 {
			return [4]int64{r.Requests, r.Joined, r.Runtime, r.Logs}
		})),
		b.RegisterRunArchiveRowsLostCallback(k.each(func(r archive.Rows) [4]int64 {
			return [4]int64{r.RequestsDropped, r.JoinedDropped, r.RuntimeDropped, r.LogsDropped}
		})),
	)
	if err != nil {
		b.Shutdown()
		return nil, err
	}
	return b, nil
}

// each sums counts of the open archives by table.
func (k *keeper) each(of func(archive.Rows) [4]int64) metric.Int64Callback {
	return func(_ context.Context, o metric.Int64Observer) error {
		var sum [4]int64
		for _, a := range k.all() {
			for i, n := range of(a.Rows()) {
				sum[i] += n
			}
		}
		for i, table := range []string{"requests", "joined", "runtime", "logs"} {
			o.Observe(sum[i], metric.WithAttributes(attribute.String("table", table)))
		}
		return nil
	}
}
