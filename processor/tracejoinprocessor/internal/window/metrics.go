package window

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/internal/utf8text"
)

// ReadMetrics takes the samples of a payload, and does not keep it. It returns how many
// data points were of use. See Store.Pause.
func (s *Store) ReadMetrics(md pmetric.Metrics) (used int) {
	for _, rm := range md.ResourceMetrics().All() {
		s.step()
		r := reading{store: s, id: IdentityOf(rm.Resource())}
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				s.step()
				if src, ok := sources[m.Name()]; ok {
					r.metric(src, m)
				}
			}
		}
		r.finish()
		used += r.used
	}
	return used
}

// reading is of one resource: a batch for each instance and kind of clock.
type reading struct {
	store   *Store
	id      Identity // of the resource
	scraped bool     // of the metric at hand
	batches []*batch // at most MaxInstances
	by      map[batchKey]*batch
	last    *batch // that was asked for: most points are of one
	used    int    // of batches that are finished
}

// batchKey identifies a batch of a resource.
type batchKey struct {
	id      Identity
	scraped bool
}

func (r *reading) metric(src source, m pmetric.Metric) {
	r.scraped = scraped(m.Name())
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		r.numbers(src, m.Gauge().DataPoints(), false)
	case pmetric.MetricTypeSum:
		r.numbers(src, m.Sum().DataPoints(), m.Sum().AggregationTemporality() == pmetric.AggregationTemporalityDelta)
	case pmetric.MetricTypeHistogram:
		delta := m.Histogram().AggregationTemporality() == pmetric.AggregationTemporalityDelta
		for _, p := range m.Histogram().DataPoints().All() {
			if r.store.step(); !p.Flags().NoRecordedValue() {
				r.batch(p.Attributes()).histogram(src, p, delta)
			}
		}
	case pmetric.MetricTypeSummary:
		for _, p := range m.Summary().DataPoints().All() {
			if r.store.step(); p.Flags().NoRecordedValue() {
				continue
			}
			b := r.batch(p.Attributes())
			b.put(src, p.Timestamp(), p.StartTimestamp(), float64(p.Count()), src.pick == count)
			b.put(gcPauses, p.Timestamp(), p.StartTimestamp(), p.Sum(), m.Name() == gcSummary)
		}
	}
}

func (r *reading) numbers(src source, points pmetric.NumberDataPointSlice, delta bool) {
	for _, p := range points.All() {
		if r.store.step(); !p.Flags().NoRecordedValue() {
			r.batch(p.Attributes()).number(src, p, delta)
		}
	}
}

// batch of the instance that a point is of: that of the resource, unless the point
// itself says whose it is, as those of our exporter do, which has several targets.
func (r *reading) batch(point pcommon.Map) *batch {
	key := batchKey{r.id, r.scraped}
	if r.scraped {
		if v, ok := point.Get("service_name"); ok {
			key.id = Identity{Service: utf8text.Key(v.Str())}
			if v, ok := point.Get("service_namespace"); ok {
				key.id.Namespace = utf8text.Key(v.Str())
			}
			if v, ok := point.Get("service_instance_id"); ok {
				key.id.Instance = utf8text.Key(v.Str())
			}
		}
	}
	if r.last == nil || r.last.key != key {
		r.last = r.batchOf(key)
	}
	return r.last
}

func (r *reading) batchOf(key batchKey) *batch {
	if b := r.by[key]; b != nil {
		return b
	}
	if len(r.batches) >= MaxInstances { // more are not remembered either
		r.finish()
	}
	to := &r.store.own
	if key.scraped {
		to = &r.store.scraped
	}
	b := &batch{key: key, of: to.member(key.id), store: r.store}
	if r.by == nil {
		r.by = map[batchKey]*batch{}
	}
	r.by[key] = b
	r.batches = append(r.batches, b)
	return b
}

// finish the batches so far.
func (r *reading) finish() {
	for _, b := range r.batches {
		b.finish()
		r.used += b.used
	}
	r.batches, r.by, r.last = nil, nil, nil
}
