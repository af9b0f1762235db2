package joinmetrics

import (
	"cmp"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/internal/expohist"
)

// exemplar is a measurement and its span.
type exemplar struct {
	value float64
	at    pcommon.Timestamp
	trace pcommon.TraceID
	span  pcommon.SpanID
}

// histogram is one series, in seconds. Its exemplars are the highest values since
// the last collection, which are what one looks for in a ledger.
type histogram struct {
	values    *expohist.Histogram
	exemplars []exemplar
}

func newHistogram() *histogram { return &histogram{values: expohist.New()} }

// add a measurement. Only kept spans may be exemplars.
func (h *histogram) add(e exemplar, kept bool, room int) {
	h.values.Add(e.value)
	if !kept || room == 0 {
		return
	}
	if len(h.exemplars) < room {
		h.exemplars = append(h.exemplars, e)
		return
	}
	lowest := 0
	for i := range h.exemplars {
		if h.exemplars[i].value < h.exemplars[lowest].value {
			lowest = i
		}
	}
	if h.exemplars[lowest].value < e.value {
		h.exemplars[lowest] = e
	}
}

// moveTo writes the distribution until now, and the exemplars since the last time:
// none is sent twice, and none is later than the point, as one by the clock of
// another host may be.
func (h *histogram) moveTo(p pmetric.ExponentialHistogramDataPoint) {
	h.values.WriteTo(p)
	for i := range h.exemplars {
		h.exemplars[i].at = min(h.exemplars[i].at, p.Timestamp())
	}
	slices.SortFunc(h.exemplars, func(a, b exemplar) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.value, b.value))
	})
	p.Exemplars().EnsureCapacity(len(h.exemplars))
	for _, e := range h.exemplars {
		x := p.Exemplars().AppendEmpty()
		x.SetTimestamp(e.at)
		x.SetDoubleValue(e.value)
		x.SetTraceID(e.trace)
		x.SetSpanID(e.span)
	}
	h.exemplars = h.exemplars[:0]
}
