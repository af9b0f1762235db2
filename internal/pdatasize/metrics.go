package pdatasize

import "go.opentelemetry.io/collector/pdata/pmetric"

const (
	metricBytes      = 152 // with the struct of its kind
	numberBytes      = 144
	histogramBytes   = 184
	exponentialBytes = 216
	summaryBytes     = 112
	quantileBytes    = 32
	exemplarBytes    = 112
	wordBytes        = 8 // a bucket's count or bound
)

// Metrics returns the size of a payload.
func Metrics(md pmetric.Metrics) (n int) {
	for _, rm := range md.ResourceMetrics().All() {
		n += resource(rm.Resource(), rm.SchemaUrl())
		for _, sm := range rm.ScopeMetrics().All() {
			n += scope(sm.Scope(), sm.SchemaUrl())
			for _, m := range sm.Metrics().All() {
				n += metricBytes + len(m.Name()) + len(m.Description()) + len(m.Unit()) + Map(m.Metadata()) + points(m)
			}
		}
	}
	return n
}

func points(m pmetric.Metric) (n int) {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		return numbers(m.Gauge().DataPoints())
	case pmetric.MetricTypeSum:
		return numbers(m.Sum().DataPoints())
	case pmetric.MetricTypeHistogram:
		for _, p := range m.Histogram().DataPoints().All() {
			n += histogramBytes + wordBytes*(p.BucketCounts().Len()+p.ExplicitBounds().Len()) + Map(p.Attributes()) + exemplars(p.Exemplars())
		}
	case pmetric.MetricTypeExponentialHistogram:
		for _, p := range m.ExponentialHistogram().DataPoints().All() {
			buckets := p.Positive().BucketCounts().Len() + p.Negative().BucketCounts().Len()
			n += exponentialBytes + wordBytes*buckets + Map(p.Attributes()) + exemplars(p.Exemplars())
		}
	case pmetric.MetricTypeSummary:
		for _, p := range m.Summary().DataPoints().All() {
			n += summaryBytes + quantileBytes*p.QuantileValues().Len() + Map(p.Attributes())
		}
	}
	return n
}

func numbers(ps pmetric.NumberDataPointSlice) (n int) {
	for _, p := range ps.All() {
		n += numberBytes + Map(p.Attributes()) + exemplars(p.Exemplars())
	}
	return n
}

func exemplars(es pmetric.ExemplarSlice) (n int) {
	for _, e := range es.All() {
		n += exemplarBytes + Map(e.FilteredAttributes())
	}
	return n
}
