package window

import (
	"math"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// Read takes the samples of a payload, and does not keep it. It returns how many
// data points were of use.
func (s *Store) Read(md pmetric.Metrics) (used int) {
	for _, rm := range md.ResourceMetrics().All() {
		r := reading{store: s, id: IdentityOf(rm.Resource())}
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				if src, ok := sources[m.Name()]; ok {
					r.metric(src, m)
				}
			}
		}
		for _, b := range r.batches {
			b.finish()
			used += b.used
		}
	}
	return used
}

// reading is of one resource: a batch for each instance and kind of clock.
type reading struct {
	store   *Store
	id      Identity // of the resource
	scraped bool     // of the metric at hand
	batches []*batch
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
			if !p.Flags().NoRecordedValue() {
				r.batch(p.Attributes()).histogram(src, p, delta)
			}
		}
	case pmetric.MetricTypeSummary:
		for _, p := range m.Summary().DataPoints().All() {
			if p.Flags().NoRecordedValue() {
				continue
			}
			b := r.batch(p.Attributes())
			b.put(src, p.Timestamp(), p.StartTimestamp(), float64(p.Count()), src.part == count)
			b.put(gcPauses, p.Timestamp(), p.StartTimestamp(), p.Sum(), m.Name() == gcSummary)
		}
	}
}

func (r *reading) numbers(src source, points pmetric.NumberDataPointSlice, delta bool) {
	for _, p := range points.All() {
		if !p.Flags().NoRecordedValue() {
			r.batch(p.Attributes()).number(src, p, delta)
		}
	}
}

// batch of the instance that a point is of: that of the resource, unless the point
// itself says whose it is, as those of our exporter do, which has several targets.
func (r *reading) batch(point pcommon.Map) *batch {
	id := r.id
	if r.scraped {
		if v, ok := point.Get("service_name"); ok {
			id = Identity{Service: v.Str()}
			if v, ok := point.Get("service_namespace"); ok {
				id.Namespace = v.Str()
			}
			if v, ok := point.Get("service_instance_id"); ok {
				id.Instance = v.Str()
			}
		}
	}
	for _, b := range r.batches {
		if b.id == id && b.scraped == r.scraped {
			return b
		}
	}
	to := &r.store.own
	if r.scraped {
		to = &r.store.scraped
	}
	b := &batch{id: id, scraped: r.scraped, of: to.member(id)}
	r.batches = append(r.batches, b)
	return b
}

// collection is how far apart the times of one collection's points may be, which
// SDKs stamp one after another. They make one sample, at the time of the first.
const collection = time.Millisecond

// batch collects the samples of one instance.
type batch struct {
	id      Identity
	scraped bool
	of      *member[series]
	samples []Sample
	ranks   [][fields]int // of the sample's figures, plus one
	used    int
}

func (b *batch) number(src source, p pmetric.NumberDataPoint, delta bool) {
	v := p.DoubleValue()
	if p.ValueType() == pmetric.NumberDataPointValueTypeInt {
		v = float64(p.IntValue())
	}
	switch {
	case src.part == born:
		b.at(p.Timestamp()).Born = v
		b.used++
	case delta:
		b.grow(src, p.Timestamp(), p.StartTimestamp(), v)
	default:
		b.put(src, p.Timestamp(), p.StartTimestamp(), v, true)
	}
}

func (b *batch) histogram(src source, p pmetric.HistogramDataPoint, delta bool) {
	switch src.part {
	case schedule:
		v, since, ok := b.of.its.schedule.p99(p, delta)
		if !ok || p.Timestamp() == 0 {
			return
		}
		if s, ok := b.sample(src, p.Timestamp()); ok {
			s.V[src.field], s.Since = v, since
		}
	case sum:
		if delta && p.HasSum() {
			b.grow(src, p.Timestamp(), p.StartTimestamp(), p.Sum())
			return
		}
		b.put(src, p.Timestamp(), p.StartTimestamp(), p.Sum(), p.HasSum())
	case count:
		b.put(src, p.Timestamp(), p.StartTimestamp(), float64(p.Count()), !delta)
	}
}

// grow adds a delta to those before, and has the sample of its time hold what they
// add up to. One that is not later than all of earlier payloads was sent again. One
// that begins after the last one's end is the first of a new count: one is missing.
func (b *batch) grow(src source, ts, start pcommon.Timestamp, d float64) {
	if int64(ts) <= b.of.fed && b.of.fed-int64(ts) <= setBack {
		return
	}
	if !src.field.grows(d, time.Duration(max(0, int64(ts)-int64(start)))) {
		b.of.its.refused = int64(ts)
		return
	}
	total := &b.of.its.sums[src.field][src.rank]
	if int64(start) > total.until+int64(collection) || total.until-int64(ts) > setBack {
		*total = running{since: int64(start)}
	}
	total.v += d
	total.until = max(total.until, int64(ts))
	if s, ok := b.sample(src, ts); ok {
		s.V[src.field], s.Start[src.field] = total.v, total.since
	}
}

// put adds a figure to the sample of its time.
func (b *batch) put(src source, ts, start pcommon.Timestamp, v float64, ok bool) {
	if !ok || ts == 0 {
		return
	}
	if s, ok := b.sample(src, ts); ok {
		s.add(src.field, v, int64(start))
	}
}

// at is the sample of a time.
func (b *batch) at(ts pcommon.Timestamp) *Sample { return &b.samples[b.index(ts)] }

func (b *batch) index(ts pcommon.Timestamp) int {
	i := 0
	for ; i < len(b.samples) && time.Duration(int64(ts)-b.samples[i].At).Abs() > collection; i++ {
	}
	if i == len(b.samples) {
		b.samples = append(b.samples, newSample(int64(ts)))
		b.ranks = append(b.ranks, [fields]int{})
	}
	return i
}

// sample of a time, without the figure if only lower ranks have told it; ok is false
// if a higher one has.
func (b *batch) sample(src source, ts pcommon.Timestamp) (s *Sample, ok bool) {
	b.used++
	i := b.index(ts)
	s = &b.samples[i]
	switch rank := &b.ranks[i][src.field]; {
	case src.rank+1 < *rank:
		return nil, false
	case src.rank+1 > *rank:
		*rank = src.rank + 1
		s.V[src.field] = math.NaN()
	}
	return s, true
}

func (b *batch) finish() {
	for i := range b.samples {
		if b.samples[i].sift(&b.ranks[i]) {
			b.of.its.refused = b.samples[i].At
		}
		b.of.its.put(&b.samples[i])
		if at := b.samples[i].At; at > b.of.fed || b.of.fed-at > setBack {
			b.of.fed = at
		}
	}
}
