package loadmetrics

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/convention"
)

// metricsBuilder is the metrics of one collection, all of the same two times; before is that of the last one.
type metricsBuilder struct {
	metrics            pmetric.MetricSlice
	began, before, now pcommon.Timestamp
}

func (p metricsBuilder) metric(name, unit, description string) pmetric.Metric {
	m := p.metrics.AppendEmpty()
	m.SetName(name)
	m.SetUnit(unit)
	m.SetDescription(description)
	return m
}

func (p metricsBuilder) histogram(name, description string) pmetric.ExponentialHistogramDataPointSlice {
	h := p.metric(name, "s", description).SetEmptyExponentialHistogram()
	h.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	return h.DataPoints()
}

func (p metricsBuilder) sum(name, unit, description string, monotonic bool) pmetric.NumberDataPointSlice {
	s := p.metric(name, unit, description).SetEmptySum()
	s.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	s.SetIsMonotonic(monotonic)
	return s.DataPoints()
}

func (p metricsBuilder) gauge(name, unit, description string) pmetric.NumberDataPointSlice {
	return p.metric(name, unit, description).SetEmptyGauge().DataPoints()
}

func (p metricsBuilder) timed(points pmetric.ExponentialHistogramDataPointSlice) pmetric.ExponentialHistogramDataPoint {
	point := points.AppendEmpty()
	point.SetStartTimestamp(p.began)
	point.SetTimestamp(p.now)
	return point
}

func (p metricsBuilder) point(points pmetric.NumberDataPointSlice) pmetric.NumberDataPoint {
	point := points.AppendEmpty()
	point.SetTimestamp(p.now)
	return point
}

func (p metricsBuilder) count(points pmetric.NumberDataPointSlice, n uint64) pmetric.NumberDataPoint {
	point := p.point(points)
	point.SetStartTimestamp(p.began)
	point.SetIntValue(int64(n))
	return point
}

// empty reports a metric of which nothing was measured.
func empty(m pmetric.Metric) bool {
	switch m.Type() {
	case pmetric.MetricTypeExponentialHistogram:
		return m.ExponentialHistogram().DataPoints().Len() == 0
	case pmetric.MetricTypeSum:
		return m.Sum().DataPoints().Len() == 0
	default:
		return m.Gauge().DataPoints().Len() == 0
	}
}

func (m *Meter) putAttack(a pcommon.Map, i int) {
	a.PutStr(attr.RunID, m.run)
	a.PutStr(attr.AttackName, m.o.Plan.Attacks[i].Name)
}

func (m *Meter) putLabelled(p pmetric.NumberDataPoint, i int, key, value string) {
	m.putAttack(p.Attributes(), i)
	p.Attributes().PutStr(key, value)
}

// putOverflow keeps the run's id beside the marker, so that runs stay apart.
func (m *Meter) putOverflow(a pcommon.Map) {
	a.PutStr(attr.RunID, m.run)
	a.PutBool(attr.MetricOverflow, true)
}

func (m *Meter) putLatency(a pcommon.Map, l *latency) {
	if l.overflow {
		m.putOverflow(a)
		return
	}
	k := &l.key
	a.EnsureCapacity(8)
	m.putAttack(a, k.attack)
	if k.result.RPC {
		a.PutStr(attr.RPCSystemName, convention.SystemGRPC)
		a.PutStr(attr.RPCMethod, k.method)
	} else if k.method != "" {
		a.PutStr(attr.HTTPRequestMethod, k.method)
	}
	if k.method != "" {
		a.PutStr(attr.ServerAddress, k.host)
		a.PutInt(attr.ServerPort, int64(k.port))
	}
	if v := convention.ProtocolVersion(k.proto); v != "" {
		a.PutStr(attr.NetworkProtocolVersion, v)
	}
	k.result.Put(a)
}

func (m *Meter) putOutcome(a pcommon.Map, o *outcome) {
	if o.overflow {
		m.putOverflow(a)
		return
	}
	k := &o.key
	a.EnsureCapacity(6)
	m.putAttack(a, k.attack)
	a.PutStr(attr.Outcome, k.result.Outcome.String())
	k.result.Put(a)
	if k.reason != "" {
		a.PutStr(attr.NotSentReason, string(k.reason))
	}
}
