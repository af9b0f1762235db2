package hub

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// settleExemplars has the traces kept that exemplars name, and takes out the
// exemplars for whose traces it is too late.
func (h *Hub) settleExemplars(md pmetric.Metrics) {
	named := map[pcommon.TraceID]bool{}
	eachExemplars(md, func(es pmetric.ExemplarSlice) {
		for _, e := range es.All() {
			if !e.TraceID().IsEmpty() {
				named[e.TraceID()] = true
			}
		}
	})
	gone := h.mark(named)
	if len(gone) == 0 {
		return
	}
	eachExemplars(md, func(es pmetric.ExemplarSlice) {
		es.RemoveIf(func(e pmetric.Exemplar) bool {
			if !gone[e.TraceID()] {
				return false
			}
			h.counts.stripped.Add(1)
			return true
		})
	})
}

// mark asks the shards to keep traces, and returns those that are gone: all of them while
// nothing more can be kept.
func (h *Hub) mark(ids map[pcommon.TraceID]bool) map[pcommon.TraceID]bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if !h.open || len(h.loops) == 0 || len(ids) == 0 {
		return nil
	}
	if h.overBudget() {
		return ids
	}
	byShard := make([][]pcommon.TraceID, len(h.loops))
	for id := range ids {
		i := shardOf(id, len(h.loops))
		byShard[i] = append(byShard[i], id)
	}
	answers := make(chan []pcommon.TraceID, len(h.loops))
	asked := 0
	for i, of := range byShard {
		if len(of) > 0 {
			h.loops[i].in <- message{marks: of, gone: answers}
			asked++
		}
	}
	gone := map[pcommon.TraceID]bool{}
	for range asked {
		for _, id := range <-answers {
			gone[id] = true
		}
	}
	return gone
}

func eachExemplars(md pmetric.Metrics, visit func(pmetric.ExemplarSlice)) {
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				exemplarsOf(m, visit)
			}
		}
	}
}

func exemplarsOf(m pmetric.Metric, visit func(pmetric.ExemplarSlice)) {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		for _, p := range m.Gauge().DataPoints().All() {
			visit(p.Exemplars())
		}
	case pmetric.MetricTypeSum:
		for _, p := range m.Sum().DataPoints().All() {
			visit(p.Exemplars())
		}
	case pmetric.MetricTypeHistogram:
		for _, p := range m.Histogram().DataPoints().All() {
			visit(p.Exemplars())
		}
	case pmetric.MetricTypeExponentialHistogram:
		for _, p := range m.ExponentialHistogram().DataPoints().All() {
			visit(p.Exemplars())
		}
	}
}
