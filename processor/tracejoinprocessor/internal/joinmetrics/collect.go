package joinmetrics

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/ledger"
)

// Collect renders everything until now; ok is false if there was no request.
//
// The first point of a count is preceded by one of 0, of the collection before: rates would
// miss what was counted in between. The last points of an attack that has ended are
// followed by ones without a value (the flag NoRecordedValue), which Prometheus takes for
// stale.
func (m *Meter) Collect(now time.Time, instance string) (md pmetric.Metrics, ok bool) {
	md = pmetric.NewMetrics()
	defer func() { m.collected = now }()
	if len(m.requests.keys) == 0 {
		return md, false
	}
	rm := md.ResourceMetrics().AppendEmpty()
	rm.SetSchemaUrl(attr.SchemaURL)
	rm.Resource().Attributes().PutStr(attr.ServiceName, attr.ServiceLoadtrace)
	rm.Resource().Attributes().PutStr(attr.ServiceInstanceID, instance)
	sm := rm.ScopeMetrics().AppendEmpty()
	sm.Scope().SetName(attr.ScopeJoin)
	p := metricsBuilder{
		metrics: sm.Metrics(), began: pcommon.NewTimestampFromTime(m.began), now: pcommon.NewTimestampFromTime(now),
		before: pcommon.NewTimestampFromTime(m.collected), ended: map[*attack]bool{},
	}
	for _, a := range m.attacks {
		if a.ended(now) {
			p.ended[a] = true
		}
	}
	p.latencies(m)
	p.requests(m)
	p.signals(m)
	m.forget(p.ended)
	sm.Metrics().RemoveIf(empty) // Prometheus answers 500 to a metric without points
	return md, true
}

// metricsBuilder is the metrics of one collection.
type metricsBuilder struct {
	metrics            pmetric.MetricSlice
	began, before, now pcommon.Timestamp
	ended              map[*attack]bool
}

func (p *metricsBuilder) latencies(m *Meter) {
	response := p.histogram(attr.MetricJoinResponseTime, "Response time of joined requests, by whether a GC cycle met them.")
	components := p.histogram(attr.MetricJoinLedger, "Response time of joined requests, split into the components that sum to it.")
	for _, a := range m.attacks {
		for i, h := range a.response {
			p.point(response, a, h, attr.JoinGCOverlap, overlaps[i])
		}
		for i, h := range a.components {
			p.point(components, a, h, attr.JoinLedgerComponent, ledger.Component(i).String())
		}
	}
}

// empty reports a histogram whose attacks have all ended.
func empty(m pmetric.Metric) bool {
	return m.Type() == pmetric.MetricTypeExponentialHistogram && m.ExponentialHistogram().DataPoints().Len() == 0
}

func (p *metricsBuilder) histogram(name, description string) pmetric.ExponentialHistogram {
	h := p.metric(name, description, "s").SetEmptyExponentialHistogram()
	h.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	return h
}

func (p *metricsBuilder) metric(name, description, unit string) pmetric.Metric {
	m := p.metrics.AppendEmpty()
	m.SetName(name)
	m.SetDescription(description)
	m.SetUnit(unit)
	return m
}

func (p *metricsBuilder) point(to pmetric.ExponentialHistogram, a *attack, h *histogram, key, value string) {
	if h == nil {
		return
	}
	d := to.DataPoints().AppendEmpty()
	d.SetStartTimestamp(pcommon.NewTimestampFromTime(a.began))
	d.SetTimestamp(p.now)
	switch {
	case a.overflow:
		d.Attributes().PutBool(attr.MetricOverflow, true)
	case a.key.run != "":
		d.Attributes().PutStr(attr.RunID, a.key.run)
		d.Attributes().PutStr(attr.AttackName, a.key.attack)
	}
	d.Attributes().PutStr(key, value)
	if p.ended[a] {
		d.SetFlags(d.Flags().WithNoRecordedValue(true))
		return
	}
	h.moveTo(d)
}

func (p *metricsBuilder) requests(m *Meter) {
	points := p.sum(attr.MetricJoinRequests, "Client spans that left the join, by what was joined and why they left.")
	count(p, points, &m.requests, func(k requestKey, a pcommon.Map) {
		a.PutStr(attr.JoinStatus, string(k.status))
		a.PutStr(attr.JoinReleased, string(k.reason))
	})
}

func (p *metricsBuilder) signals(m *Meter) {
	points := p.sum(attr.MetricJoinSignals, "Client spans by signal: joined, or why it is missing.")
	count(p, points, &m.signals, func(k signalKey, a pcommon.Map) {
		a.PutStr(attr.JoinSignal, k.signal)
		a.PutStr(attr.JoinState, k.state)
	})
}

func (p *metricsBuilder) sum(name, description string) pmetric.NumberDataPointSlice {
	s := p.metric(name, description, "{request}").SetEmptySum()
	s.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	s.SetIsMonotonic(true)
	return s.DataPoints()
}

// count renders the series of a counter.
func count[K comparable](p *metricsBuilder, to pmetric.NumberDataPointSlice, c *counter[K], put func(K, pcommon.Map)) {
	for i, k := range c.keys {
		if i >= c.collected && p.before < p.now {
			put(k, p.number(to, p.before, 0))
		}
		put(k, p.number(to, p.now, c.n[i]))
	}
	c.collected = len(c.keys)
}

func (p *metricsBuilder) number(to pmetric.NumberDataPointSlice, at pcommon.Timestamp, n uint64) pcommon.Map {
	d := to.AppendEmpty()
	d.SetStartTimestamp(p.began)
	d.SetTimestamp(at)
	d.SetIntValue(int64(n))
	return d.Attributes()
}
