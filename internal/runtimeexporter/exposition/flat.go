package exposition

import (
	"math"
	"slices"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// claims are the names that series of a family have on a page of text. A
// histogram or a summary has its own name, too: readers take what has it, or one
// of the others, for a part of it.
//
// The name that OpenMetrics declares a counter under is not claimed, though it
// should be: client_golang has go_memstats_alloc_bytes and
// go_memstats_alloc_bytes_total, and every reader takes both.
func claims(name string, kind dto.MetricType) []string {
	switch kind {
	case dto.MetricType_SUMMARY:
		return []string{name, name + "_sum", name + "_count"}
	case dto.MetricType_HISTOGRAM, dto.MetricType_GAUGE_HISTOGRAM:
		return []string{name, name + "_bucket", name + "_sum", name + "_count"}
	}
	return []string{name}
}

// flat is the series of a family as families of unknown type. That is how
// Prometheus stores them anyway; exemplars and the native buckets are lost.
// Times of creation are series in OpenMetrics only.
func flat(f *dto.MetricFamily, created bool) []*dto.MetricFamily {
	var out []*dto.MetricFamily
	add := func(name string, m *dto.Metric, value float64, more ...string) {
		i := slices.IndexFunc(out, func(o *dto.MetricFamily) bool { return o.GetName() == name })
		if i < 0 {
			i = len(out)
			out = append(out, &dto.MetricFamily{Name: &name, Help: f.Help, Type: dto.MetricType_UNTYPED.Enum()})
		}
		one := &dto.Metric{Label: m.Label, Untyped: &dto.Untyped{Value: &value}}
		if len(more) > 0 {
			one.Label = append(slices.Clone(m.Label), &dto.LabelPair{Name: &more[0], Value: &more[1]})
			slices.SortFunc(one.Label, func(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
		}
		out[i].Metric = append(out[i].Metric, one)
	}
	since := func(name string, m *dto.Metric, at *timestamppb.Timestamp) {
		if created && at != nil {
			add(name+"_created", m, float64(at.AsTime().UnixNano())/1e9)
		}
	}
	name := f.GetName()
	for _, m := range f.GetMetric() {
		switch {
		case m.Counter != nil:
			add(name, m, m.Counter.GetValue())
			since(strings.TrimSuffix(name, "_total"), m, m.Counter.CreatedTimestamp)
		case m.Gauge != nil:
			add(name, m, m.Gauge.GetValue())
		case m.Untyped != nil:
			add(name, m, m.Untyped.GetValue())
		case m.Summary != nil:
			for _, q := range m.Summary.GetQuantile() {
				add(name, m, q.GetValue(), model.QuantileLabel, number(q.GetQuantile()))
			}
			add(name+"_sum", m, m.Summary.GetSampleSum())
			add(name+"_count", m, float64(m.Summary.GetSampleCount()))
			since(name, m, m.Summary.CreatedTimestamp)
		case m.Histogram != nil:
			h, infinite := m.Histogram, false
			for _, b := range h.GetBucket() {
				infinite = infinite || math.IsInf(b.GetUpperBound(), 1)
				add(name+"_bucket", m, count(b.GetCumulativeCountFloat(), b.GetCumulativeCount()), model.BucketLabel, number(b.GetUpperBound()))
			}
			if !infinite {
				add(name+"_bucket", m, count(h.GetSampleCountFloat(), h.GetSampleCount()), model.BucketLabel, "+Inf")
			}
			add(name+"_sum", m, h.GetSampleSum())
			add(name+"_count", m, count(h.GetSampleCountFloat(), h.GetSampleCount()))
			since(name, m, h.CreatedTimestamp)
		}
	}
	return out
}

// count is a histogram's, which has one of two forms.
func count(float float64, whole uint64) float64 {
	if float > 0 {
		return float
	}
	return float64(whole)
}

// number is a bound as Prometheus writes it: 1.0, not 1.
func number(v float64) string {
	s := strconv.FormatFloat(v, 'g', -1, 64)
	if strings.ContainsAny(s, ".eIN") {
		return s
	}
	return s + ".0"
}

// onlyFlat reports whether the text forms have no other way to write the family:
// OpenMetrics 1.0 knows neither histograms with fractions nor gauge histograms
// as the encoder writes them.
func onlyFlat(f *dto.MetricFamily) bool {
	return f.GetType() == dto.MetricType_GAUGE_HISTOGRAM || slices.ContainsFunc(f.GetMetric(), func(m *dto.Metric) bool {
		h := m.GetHistogram()
		return h.GetSampleCountFloat() > 0 || slices.ContainsFunc(h.GetBucket(), func(b *dto.Bucket) bool { return b.GetCumulativeCountFloat() > 0 })
	})
}
