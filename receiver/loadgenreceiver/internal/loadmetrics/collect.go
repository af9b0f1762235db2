package loadmetrics

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/internal/attr"
)

// State is what a collection reports that records do not tell.
type State struct {
	Attacks []AttackState // in the plan's order
	Spans   Spans
}

// AttackState of one attack.
type AttackState struct {
	Planned    uint64  // as far as is known
	InFlight   uint64  // requests
	RateWanted float64 // per second
	// RateAchieved is per second, over all that was done so far; 0 if there is none.
	RateAchieved float64
}

// Spans counts the spans of the run, by state.
type Spans struct {
	Wanted bool   // there is a pipeline for them
	Kept   uint64 // of requests: delivered, or waiting still
	// Made = Waiting + Delivered + Dropped, unless there is a fault.
	Made, Waiting, Delivered, Dropped uint64
	Unsampled                         uint64 // sent requests without one, by the plan's sampling
}

// Collect renders everything until now. Exemplars are those since the last
// collection. The first point of a way in which requests end is preceded by one of 0, of
// the collection before: rates would miss what was counted in between.
func (m *Meter) Collect(now time.Time, s State) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	rm := metrics.ResourceMetrics().AppendEmpty()
	rm.SetSchemaUrl(attr.SchemaURL)
	scope := rm.ScopeMetrics().AppendEmpty()
	m.o.Origin.Fill(rm.Resource(), scope.Scope())
	b := metricsBuilder{
		metrics: scope.Metrics(),
		began:   pcommon.NewTimestampFromTime(m.o.Began),
		before:  pcommon.NewTimestampFromTime(m.collected),
		now:     pcommon.NewTimestampFromTime(now),
	}
	m.collected = now
	m.collectLatencies(b)
	m.collectLags(b)
	m.collectPhases(b)
	m.collectStreams(b)
	m.collectOutcomes(b)
	m.collectTraffic(b)
	m.collectAttacks(b, s.Attacks)
	m.collectSpans(b, s.Spans)
	scope.Metrics().RemoveIf(empty)
	return metrics
}

func (m *Meter) collectLatencies(p metricsBuilder) {
	service := p.histogram(attr.MetricClientDuration, "Service time: from sending a request to the last byte of its response, but for requests that the stop of the run cut off.")
	call := p.histogram(attr.MetricCallDuration, "Service time: from sending a call to its end, but for calls that the stop of the run cut off.")
	response := p.histogram(attr.MetricResponseTime, "Response time: from the intended time of a request to the last byte of its response, but for requests that the stop of the run cut off.")
	for _, l := range m.latencies.all {
		if l.http != nil {
			m.collectLatency(p.timed(service), l, l.http)
		}
		if l.rpc != nil {
			m.collectLatency(p.timed(call), l, l.rpc)
		}
		m.collectLatency(p.timed(response), l, l.response)
	}
}

func (m *Meter) collectLatency(point pmetric.ExponentialHistogramDataPoint, l *latency, h *histogram) {
	m.putLatency(point.Attributes(), l)
	h.moveTo(point)
}

func (m *Meter) collectLags(p metricsBuilder) {
	points := p.histogram(attr.MetricScheduleLag, "How long after its intended time a request was sent.")
	for i := range m.attacks {
		if h := m.attacks[i].lag; h != nil {
			point := p.timed(points)
			m.putAttack(point.Attributes(), i)
			h.moveTo(point)
		}
	}
}

func (m *Meter) collectPhases(p metricsBuilder) {
	points := p.histogram(attr.MetricPhaseDuration, "Duration of the phases of requests in which they occurred.")
	for i := range m.attacks {
		for n, h := range m.attacks[i].phases {
			if h == nil {
				continue
			}
			point := p.timed(points)
			m.putAttack(point.Attributes(), i)
			point.Attributes().PutStr(attr.Phase, phaseNames[n])
			h.moveTo(point)
		}
	}
}

func (m *Meter) collectOutcomes(p metricsBuilder) {
	points := p.sum(attr.MetricRequests, "{request}", "Planned requests that have ended, by how.", true)
	for _, o := range m.outcomes.all {
		if !o.collected && p.before < p.now {
			zero := p.count(points, 0)
			zero.SetTimestamp(p.before)
			m.putOutcome(zero.Attributes(), o)
		}
		o.collected = true
		m.putOutcome(p.count(points, o.requests).Attributes(), o)
	}
}

func (m *Meter) collectTraffic(p metricsBuilder) {
	connections := p.sum(attr.MetricConnections, "{connection}", "Connections opened, and uses of one that was open.", true)
	io := p.sum(attr.MetricIO, "By", "Bytes of bodies.", true)
	for i := range m.attacks {
		a := &m.attacks[i]
		m.putLabelled(p.count(connections, a.dialed), i, attr.ConnectionState, "new")
		m.putLabelled(p.count(connections, a.reused), i, attr.ConnectionState, "reused")
		m.putLabelled(p.count(io, uint64(a.sent)), i, attr.NetworkIODirection, "transmit")
		m.putLabelled(p.count(io, uint64(a.received)), i, attr.NetworkIODirection, "receive")
	}
}

func (m *Meter) collectAttacks(p metricsBuilder, attacks []AttackState) {
	planned := p.sum(attr.MetricPlanned, "{request}", "Requests that the plan asks for, as far as is known.", false)
	inFlight := p.gauge(attr.MetricInFlight, "{request}", "Requests under way.")
	wanted := p.gauge(attr.MetricRateWanted, "{request}/s", "Rate that the schedule asks for; 0 in a closed loop.")
	achieved := p.gauge(attr.MetricRateAchieved, "{request}/s", "Rate over the run so far: of open stages requests sent per second of the schedule, of closed loops requests finished per second.")
	for i, a := range attacks {
		m.putAttack(p.count(planned, a.Planned).Attributes(), i)
		point := p.point(inFlight)
		point.SetIntValue(int64(a.InFlight))
		m.putAttack(point.Attributes(), i)
		point = p.point(wanted)
		point.SetDoubleValue(a.RateWanted)
		m.putAttack(point.Attributes(), i)
		if a.RateAchieved > 0 {
			point = p.point(achieved)
			point.SetDoubleValue(a.RateAchieved)
			m.putAttack(point.Attributes(), i)
		}
	}
}

func (m *Meter) collectSpans(p metricsBuilder, s Spans) {
	points := p.sum(attr.MetricSpans, "{span}", "Spans of the run: made, of those delivered to the pipeline, and dropped; and those not made by the plan's sampling.", true)
	for _, c := range [...]struct {
		state string
		n     uint64
	}{{"made", s.Made}, {"delivered", s.Delivered}, {"dropped", s.Dropped}, {"sampled_out", s.Unsampled}} {
		a := p.count(points, c.n).Attributes()
		a.PutStr(attr.RunID, m.run)
		a.PutStr(attr.SpanState, c.state)
	}
	if s.Wanted && m.sent > 0 {
		ratio := p.point(p.gauge(attr.MetricSpansPerRequest, "{span}/{request}", "Spans of requests that were delivered or still wait, per request sent: 1, or the part that the plan samples, or there is a fault."))
		ratio.SetDoubleValue(float64(s.Kept) / float64(m.sent))
		ratio.Attributes().PutStr(attr.RunID, m.run)
	}
}
