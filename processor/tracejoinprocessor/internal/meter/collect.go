package meter

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/ledger"
)

// Collect renders everything until now; ok is false if there was no request.
func (m *Meter) Collect(now time.Time, instance string) (md pmetric.Metrics, ok bool) {
	md = pmetric.NewMetrics()
	if len(m.requests.keys) == 0 {
		return md, false
	}
	rm := md.ResourceMetrics().AppendEmpty()
	rm.SetSchemaUrl(attr.SchemaURL)
	rm.Resource().Attributes().PutStr(attr.ServiceName, attr.ServiceLoadtrace)
	rm.Resource().Attributes().PutStr(attr.ServiceInstanceID, instance)
	sm := rm.ScopeMetrics().AppendEmpty()
	sm.Scope().SetName(attr.ScopeJoin)
	p := page{metrics: sm.Metrics(), began: pcommon.NewTimestampFromTime(m.began), now: pcommon.NewTimestampFromTime(now)}
	p.latencies(m)
	p.requests(m)
	p.signals(m)
	return md, true
}

// page is the metrics of one collection.
type page struct {
	metrics    pmetric.MetricSlice
	began, now pcommon.Timestamp
}

func (p *page) latencies(m *Meter) {
	response := p.histogram(attr.MetricJoinResponseTime, "Response time of joined requests, by whether a GC cycle met them.")
	parts := p.histogram(attr.MetricJoinLedger, "Response time of joined requests, split into the parts that sum to it.")
	for _, a := range m.attacks {
		for i, h := range a.response {
			p.point(response, a, h, attr.JoinGCOverlap, overlaps[i])
		}
		for i, h := range a.parts {
			p.point(parts, a, h, attr.JoinLedgerPart, ledger.Part(i).String())
		}
	}
}

func (p *page) histogram(name, description string) pmetric.ExponentialHistogram {
	h := p.metric(name, description, "s").SetEmptyExponentialHistogram()
	h.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	return h
}

func (p *page) metric(name, description, unit string) pmetric.Metric {
	m := p.metrics.AppendEmpty()
	m.SetName(name)
	m.SetDescription(description)
	m.SetUnit(unit)
	return m
}

func (p *page) point(to pmetric.ExponentialHistogram, a *attack, h *histogram, key, value string) {
	if h == nil {
		return
	}
	d := to.DataPoints().AppendEmpty()
	d.SetStartTimestamp(p.began)
	d.SetTimestamp(p.now)
	switch {
	case a.overflow:
		d.Attributes().PutBool(attr.MetricOverflow, true)
	case a.key.run != "":
		d.Attributes().PutStr(attr.RunID, a.key.run)
		d.Attributes().PutStr(attr.AttackName, a.key.attack)
	}
	d.Attributes().PutStr(key, value)
	h.moveTo(d)
}

func (p *page) requests(m *Meter) {
	points := p.sum(attr.MetricJoinRequests, "Client spans that left the join, by what was joined and why they left.")
	for i, k := range m.requests.keys {
		d := p.number(points, m.requests.n[i])
		d.PutStr(attr.JoinStatus, string(k.status))
		d.PutStr(attr.JoinReleased, string(k.reason))
	}
}

func (p *page) signals(m *Meter) {
	points := p.sum(attr.MetricJoinSignals, "Client spans by signal: joined, or why it is missing.")
	for i, k := range m.signals.keys {
		d := p.number(points, m.signals.n[i])
		d.PutStr(attr.JoinSignal, k.signal)
		d.PutStr(attr.JoinState, k.state)
	}
}

func (p *page) sum(name, description string) pmetric.NumberDataPointSlice {
	s := p.metric(name, description, "{request}").SetEmptySum()
	s.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	s.SetIsMonotonic(true)
	return s.DataPoints()
}

func (p *page) number(to pmetric.NumberDataPointSlice, n uint64) pcommon.Map {
	d := to.AppendEmpty()
	d.SetStartTimestamp(p.began)
	d.SetTimestamp(p.now)
	d.SetIntValue(int64(n))
	return d.Attributes()
}
