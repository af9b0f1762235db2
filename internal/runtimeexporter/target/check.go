package target

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// exemplarRunes bounds the labels of an exemplar, as OpenMetrics does.
const exemplarRunes = 128

// check says why a family cannot stand on a page, or nil. It takes away what a
// family can do without: exemplars, times of creation and units that are
// invalid. It sorts buckets.
func check(f *dto.MetricFamily) error {
	if !model.UTF8Validation.IsValidMetricName(f.GetName()) {
		return errors.New("its name is invalid")
	}
	if !utf8.ValidString(f.GetHelp()) {
		f.Help = nil
	}
	if u := f.GetUnit(); u == "" || !strings.HasSuffix(strings.TrimSuffix(f.GetName(), "_total"), "_"+u) {
		f.Unit = nil
	}
	for _, m := range f.GetMetric() {
		if m == nil {
			return errors.New("one of its metrics is empty")
		}
		if err := checkLabels(m.GetLabel(), reserved(f.GetType())); err != nil {
			return err
		}
		if err := checkValue(f.GetType(), m); err != nil {
			return err
		}
	}
	return nil
}

// reserved is the label that the series of a type have of their own.
func reserved(t dto.MetricType) string {
	switch t {
	case dto.MetricType_HISTOGRAM, dto.MetricType_GAUGE_HISTOGRAM:
		return model.BucketLabel
	case dto.MetricType_SUMMARY:
		return model.QuantileLabel
	}
	return ""
}

func checkLabels(all []*dto.LabelPair, reserved string) error {
	seen := map[string]bool{}
	for _, l := range all {
		switch n := l.GetName(); {
		case !model.UTF8Validation.IsValidLabelName(n) || n == model.MetricNameLabel || n == reserved:
			return fmt.Errorf("a label cannot have the name %q", n)
		case seen[n]:
			return fmt.Errorf("the label %q is there twice", n)
		case !utf8.ValidString(l.GetValue()):
			return fmt.Errorf("the label %q has a value that is no UTF-8", n)
		default:
			seen[n] = true
		}
	}
	return nil
}

// checkValue holds the value to the family's type.
func checkValue(t dto.MetricType, m *dto.Metric) error {
	there := false
	switch t {
	case dto.MetricType_COUNTER:
		if there = m.Counter != nil; there {
			m.Counter.Exemplar, m.Counter.CreatedTimestamp = sound(m.Counter.Exemplar), since(m.Counter.CreatedTimestamp)
		}
		there = there && m.Counter.Value != nil
	case dto.MetricType_GAUGE:
		there = m.Gauge != nil && m.Gauge.Value != nil
	case dto.MetricType_UNTYPED:
		there = m.Untyped != nil && m.Untyped.Value != nil
	case dto.MetricType_SUMMARY:
		if there = m.Summary != nil; there {
			return checkSummary(m.Summary)
		}
	case dto.MetricType_HISTOGRAM, dto.MetricType_GAUGE_HISTOGRAM:
		if there = m.Histogram != nil; there {
			return checkHistogram(m.Histogram)
		}
	default:
		return fmt.Errorf("its type %v is unknown", t)
	}
	if !there {
		return fmt.Errorf("its type is %s, and the value is another's", strings.ToLower(t.String()))
	}
	return nil
}

func checkSummary(s *dto.Summary) error {
	s.CreatedTimestamp = since(s.CreatedTimestamp)
	slices.SortFunc(s.Quantile, func(a, b *dto.Quantile) int { return cmp.Compare(a.GetQuantile(), b.GetQuantile()) })
	for i, q := range s.GetQuantile() {
		if math.IsNaN(q.GetQuantile()) || i > 0 && q.GetQuantile() == s.Quantile[i-1].GetQuantile() {
			return fmt.Errorf("the quantile %v is not a number or there twice", q.GetQuantile())
		}
	}
	return nil
}

func checkHistogram(h *dto.Histogram) error {
	h.CreatedTimestamp = since(h.CreatedTimestamp)
	h.Exemplars = slices.DeleteFunc(h.Exemplars, func(e *dto.Exemplar) bool { return sound(e) == nil })
	slices.SortFunc(h.Bucket, func(a, b *dto.Bucket) int { return cmp.Compare(a.GetUpperBound(), b.GetUpperBound()) })
	for i, b := range h.GetBucket() {
		if math.IsNaN(b.GetUpperBound()) || i > 0 && b.GetUpperBound() == h.Bucket[i-1].GetUpperBound() {
			return fmt.Errorf("the bound %v of a bucket is not a number or there twice", b.GetUpperBound())
		}
		b.Exemplar = sound(b.Exemplar)
	}
	return native(h)
}

// IsNative reports whether Prometheus reads a histogram's native buckets.
func IsNative(h *dto.Histogram) bool {
	return len(h.GetPositiveSpan())+len(h.GetNegativeSpan()) > 0 || h.GetZeroThreshold() > 0 || h.GetZeroCount() > 0 || h.GetZeroCountFloat() > 0
}

// native holds the buckets of a native histogram to their spans, as Prometheus
// does: it takes nothing of a page that has one that disagrees.
func native(h *dto.Histogram) error {
	spans := func(all []*dto.BucketSpan) (out []histogram.Span) {
		for _, s := range all {
			out = append(out, histogram.Span{Offset: s.GetOffset(), Length: s.GetLength()})
		}
		return out
	}
	if !IsNative(h) {
		return nil
	}
	schema := h.GetSchema()
	if histogram.IsExponentialSchemaReserved(schema) {
		schema = min(schema, histogram.ExponentialSchemaMax) // Prometheus takes finer ones and makes them coarser
	}
	if bound := uint32(1 << 16); slices.ContainsFunc(slices.Concat(h.PositiveSpan, h.NegativeSpan),
		func(s *dto.BucketSpan) bool { return s.GetLength() > bound }) {
		return fmt.Errorf("a span of its native buckets is longer than %d", bound)
	}
	if h.GetSampleCountFloat() > 0 || h.GetZeroCountFloat() > 0 {
		return (&histogram.FloatHistogram{
			Schema: schema, Count: h.GetSampleCountFloat(), Sum: h.GetSampleSum(),
			ZeroThreshold: h.GetZeroThreshold(), ZeroCount: h.GetZeroCountFloat(),
			PositiveSpans: spans(h.PositiveSpan), NegativeSpans: spans(h.NegativeSpan),
			PositiveBuckets: h.PositiveCount, NegativeBuckets: h.NegativeCount,
		}).Validate()
	}
	return (&histogram.Histogram{
		Schema: schema, Count: h.GetSampleCount(), Sum: h.GetSampleSum(),
		ZeroThreshold: h.GetZeroThreshold(), ZeroCount: h.GetZeroCount(),
		PositiveSpans: spans(h.PositiveSpan), NegativeSpans: spans(h.NegativeSpan),
		PositiveBuckets: h.PositiveDelta, NegativeBuckets: h.NegativeDelta,
	}).Validate()
}

// sound is the exemplar, or nil if it is invalid.
func sound(e *dto.Exemplar) *dto.Exemplar {
	if e == nil || checkLabels(e.GetLabel(), "") != nil || e.Timestamp != nil && e.Timestamp.CheckValid() != nil {
		return nil
	}
	runes := 0
	for _, l := range e.GetLabel() {
		runes += utf8.RuneCountInString(l.GetName()) + utf8.RuneCountInString(l.GetValue())
	}
	if runes > exemplarRunes {
		return nil
	}
	return e
}

// since is a time of creation, or nil if it is invalid or stands for never.
func since(t *timestamppb.Timestamp) *timestamppb.Timestamp {
	if t == nil || t.CheckValid() != nil || t.GetSeconds() <= 0 {
		return nil
	}
	return t
}
