package loadmetrics

import (
	"time"

	"github.com/lightstep/go-expohisto/structure"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/loadgen"
)

// buckets bounds a histogram: with 160 buckets three decades of latency are
// told to within 2.2 %.
const buckets = 160

// histogram is one series of a latency, in seconds.
type histogram struct {
	values    structure.Float64
	exemplars keeper
}

func newHistogram(exemplars int) *histogram {
	h := &histogram{exemplars: keeper{room: exemplars}}
	h.values.Init(structure.NewConfig(structure.WithMaxSize(buckets)))
	return h
}

// add a duration that was measured on the request of a record.
func (h *histogram) add(d time.Duration, r *loadgen.Record, random uint64) {
	v := max(d, 0).Seconds()
	h.values.Update(v)
	if r.Unsampled {
		return // an exemplar names a span that is there
	}
	h.exemplars.add(exemplar{value: v, at: r.Done, trace: r.TraceID, span: r.SpanID}, random)
}

// moveTo writes the distribution until now and the exemplars since the last time.
func (h *histogram) moveTo(p pmetric.ExponentialHistogramDataPoint) {
	p.SetCount(h.values.Count())
	p.SetSum(h.values.Sum())
	p.SetMin(h.values.Min())
	p.SetMax(h.values.Max())
	p.SetScale(h.values.Scale())
	p.SetZeroCount(h.values.ZeroCount())
	from := h.values.Positive()
	p.Positive().SetOffset(from.Offset())
	counts := p.Positive().BucketCounts()
	counts.EnsureCapacity(int(from.Len()))
	for i := range from.Len() {
		counts.Append(from.At(i))
	}
	h.exemplars.moveTo(p.Exemplars(), p.Timestamp().AsTime())
}
