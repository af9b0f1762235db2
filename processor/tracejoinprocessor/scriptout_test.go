package tracejoinprocessor

import (
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// out renders what came out since the last time: spans with what the join wrote,
// by trace and span, then counts of the join, then how much of what passed.
func (p *pipes) out() string {
	var spans []string
	for _, td := range p.spanSink.AllTraces() {
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, s := range ss.Spans().All() {
					spans = append(spans, p.span(s))
				}
			}
		}
	}
	p.spanSink.Reset()
	slices.Sort(spans)
	var b strings.Builder
	b.WriteString(strings.Join(spans, ""))
	for _, md := range p.metricSink.AllMetrics() {
		for _, rm := range md.ResourceMetrics().All() {
			for _, sm := range rm.ScopeMetrics().All() {
				for _, m := range sm.Metrics().All() {
					b.WriteString(rendered(m))
				}
			}
		}
	}
	p.metricSink.Reset()
	if n := p.logSink.LogRecordCount(); n > 0 {
		fmt.Fprintf(&b, "log records %d\n", n)
	}
	p.logSink.Reset()
	return b.String()
}

func (p *pipes) span(s ptrace.Span) string {
	var b strings.Builder
	id := s.TraceID()
	fmt.Fprintf(&b, "%s trace=%d span=%d\n", strings.ToLower(s.Kind().String()), int(id[14])<<8|int(id[15]), s.SpanID()[7])
	var attrs []string
	for k, v := range s.Attributes().All() {
		if strings.HasPrefix(k, "join.") {
			attrs = append(attrs, fmt.Sprintf("  %s=%s\n", k, v.AsString()))
		}
	}
	slices.Sort(attrs)
	b.WriteString(strings.Join(attrs, ""))
	for _, e := range s.Events().All() {
		fmt.Fprintf(&b, "  event %s at %s:", e.Name(), e.Timestamp().AsTime().Sub(p.began))
		for k, v := range e.Attributes().All() {
			fmt.Fprintf(&b, " %s=%s", k, v.AsString())
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func rendered(m pmetric.Metric) string {
	var b strings.Builder
	write := func(a pcommon.Map, what string, es pmetric.ExemplarSlice) {
		fmt.Fprintf(&b, "metric %s", m.Name())
		for k, v := range a.All() {
			fmt.Fprintf(&b, " %s=%s", k, v.AsString())
		}
		fmt.Fprintf(&b, ": %s", what)
		for _, e := range es.All() {
			fmt.Fprintf(&b, " exemplar=%d", int(e.TraceID()[14])<<8|int(e.TraceID()[15]))
		}
		b.WriteByte('\n')
	}
	switch m.Type() {
	case pmetric.MetricTypeSum:
		for _, d := range m.Sum().DataPoints().All() {
			v := d.DoubleValue()
			if d.ValueType() == pmetric.NumberDataPointValueTypeInt {
				v = float64(d.IntValue())
			}
			write(d.Attributes(), fmt.Sprint(v), d.Exemplars())
		}
	case pmetric.MetricTypeExponentialHistogram:
		for _, d := range m.ExponentialHistogram().DataPoints().All() {
			write(d.Attributes(), fmt.Sprintf("n=%d sum=%.9g", d.Count(), d.Sum()), d.Exemplars())
		}
	}
	return b.String()
}
