package pdatasize

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"
)

func TestEveryFieldOfAMetricCountsAsWhatItTakes(t *testing.T) {
	for name, fill := range metricFields {
		t.Run(name, func(t *testing.T) {
			isAsEstimated(t, func(i int) (any, int) {
				md := pmetric.NewMetrics()
				rm := md.ResourceMetrics().AppendEmpty()
				fill(rm, rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty(), i)
				return md, Metrics(md)
			})
		})
	}
}

var metricFields = map[string]func(rm pmetric.ResourceMetrics, m pmetric.Metric, i int){
	"nothing":       func(pmetric.ResourceMetrics, pmetric.Metric, int) {},
	"a name":        func(_ pmetric.ResourceMetrics, m pmetric.Metric, i int) { m.SetName(own(i)) },
	"a description": func(_ pmetric.ResourceMetrics, m pmetric.Metric, i int) { m.SetDescription(own(i)) },
	"a unit":        func(_ pmetric.ResourceMetrics, m pmetric.Metric, i int) { m.SetUnit(own(i)) },
	"metadata":      func(_ pmetric.ResourceMetrics, m pmetric.Metric, i int) { m.Metadata().PutStr("k", own(i)) },
	"a resource": func(rm pmetric.ResourceMetrics, _ pmetric.Metric, i int) {
		rm.Resource().Attributes().PutStr("k", own(i))
	},
	"a schema": func(rm pmetric.ResourceMetrics, _ pmetric.Metric, i int) { rm.SetSchemaUrl(own(i)) },
	"a scope": func(rm pmetric.ResourceMetrics, _ pmetric.Metric, i int) {
		rm.ScopeMetrics().At(0).Scope().SetName(own(i))
	},
	"many points of a gauge": func(_ pmetric.ResourceMetrics, m pmetric.Metric, i int) {
		manyOf(m.SetEmptyGauge().DataPoints().AppendEmpty, func(p pmetric.NumberDataPoint) { p.SetIntValue(int64(i)) })
	},
	"many points of a sum": func(_ pmetric.ResourceMetrics, m pmetric.Metric, i int) {
		manyOf(m.SetEmptySum().DataPoints().AppendEmpty, func(p pmetric.NumberDataPoint) { p.SetDoubleValue(float64(i)) })
	},
	"many histograms": func(_ pmetric.ResourceMetrics, m pmetric.Metric, _ int) {
		manyOf(m.SetEmptyHistogram().DataPoints().AppendEmpty, func(pmetric.HistogramDataPoint) {})
	},
	"many buckets": func(_ pmetric.ResourceMetrics, m pmetric.Metric, _ int) {
		p := m.SetEmptyHistogram().DataPoints().AppendEmpty()
		p.BucketCounts().FromRaw(make([]uint64, 1001))
		p.ExplicitBounds().FromRaw(make([]float64, 1000))
	},
	"many exponential histograms": func(_ pmetric.ResourceMetrics, m pmetric.Metric, _ int) {
		manyOf(m.SetEmptyExponentialHistogram().DataPoints().AppendEmpty, func(pmetric.ExponentialHistogramDataPoint) {})
	},
	"many exponential buckets": func(_ pmetric.ResourceMetrics, m pmetric.Metric, _ int) {
		p := m.SetEmptyExponentialHistogram().DataPoints().AppendEmpty()
		p.Positive().BucketCounts().FromRaw(make([]uint64, 160))
		p.Negative().BucketCounts().FromRaw(make([]uint64, 160))
	},
	"many summaries": func(_ pmetric.ResourceMetrics, m pmetric.Metric, _ int) {
		manyOf(m.SetEmptySummary().DataPoints().AppendEmpty, func(pmetric.SummaryDataPoint) {})
	},
	"many quantiles": func(_ pmetric.ResourceMetrics, m pmetric.Metric, _ int) {
		p := m.SetEmptySummary().DataPoints().AppendEmpty()
		manyOf(p.QuantileValues().AppendEmpty, func(pmetric.SummaryDataPointValueAtQuantile) {})
	},
	"a point's text": func(_ pmetric.ResourceMetrics, m pmetric.Metric, i int) {
		m.SetEmptyGauge().DataPoints().AppendEmpty().Attributes().PutStr("k", own(i))
	},
	"a histogram's text": func(_ pmetric.ResourceMetrics, m pmetric.Metric, i int) {
		m.SetEmptyHistogram().DataPoints().AppendEmpty().Attributes().PutStr("k", own(i))
	},
	"an exponential histogram's text": func(_ pmetric.ResourceMetrics, m pmetric.Metric, i int) {
		m.SetEmptyExponentialHistogram().DataPoints().AppendEmpty().Attributes().PutStr("k", own(i))
	},
	"a summary's text": func(_ pmetric.ResourceMetrics, m pmetric.Metric, i int) {
		m.SetEmptySummary().DataPoints().AppendEmpty().Attributes().PutStr("k", own(i))
	},
	"an exemplar's text": func(_ pmetric.ResourceMetrics, m pmetric.Metric, i int) {
		m.SetEmptySum().DataPoints().AppendEmpty().Exemplars().AppendEmpty().FilteredAttributes().PutStr("k", own(i))
	},
	"many exemplars": func(_ pmetric.ResourceMetrics, m pmetric.Metric, i int) {
		es := m.SetEmptyExponentialHistogram().DataPoints().AppendEmpty().Exemplars()
		manyOf(es.AppendEmpty, func(e pmetric.Exemplar) { e.SetDoubleValue(float64(i)) })
	},
}

func manyOf[T any](add func() T, fill func(T)) {
	for range 50 {
		fill(add())
	}
}
