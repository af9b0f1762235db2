package loadmetrics

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/internal/expohist"
	"github.com/loadtrace/loadtrace/loadgen"
)

// histogram is one series of a latency, in seconds.
type histogram struct {
	values    *expohist.Histogram
	exemplars keeper
}

func newHistogram(exemplars int) *histogram {
	return &histogram{values: expohist.New(), exemplars: keeper{room: exemplars}}
}

// add a duration that was measured on the request of a record.
func (h *histogram) add(d time.Duration, r *loadgen.Record, random uint64) {
	v := max(d, 0).Seconds()
	h.values.Add(v)
	if r.Unsampled {
		return // an exemplar names a span that is there
	}
	h.exemplars.add(exemplar{value: v, at: r.Done, trace: r.TraceID, span: r.SpanID}, random)
}

// moveTo writes the distribution until now and the exemplars since the last time.
func (h *histogram) moveTo(p pmetric.ExponentialHistogramDataPoint) {
	h.values.WriteTo(p)
	h.exemplars.moveTo(p.Exemplars(), p.Timestamp().AsTime())
}
