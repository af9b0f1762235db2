package target

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// readOpenMetrics reads the text form of OpenMetrics, which is all that some
// targets have (those of Rust's prometheus-client, for one). Families are in order of
// appearance, named as in the other forms: a counter's ends in _total.
func readOpenMetrics(body io.Reader) ([]*dto.MetricFamily, error) {
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	r := openMetrics{Parser: textparse.NewOpenMetricsParser(text, labels.NewSymbolTable()), byName: map[string]*omFamily{}}
	for {
		entry, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r.families, nil
		}
		if err != nil {
			return nil, problemf(ReasonFormat, "has OpenMetrics that cannot be read: %w", err)
		}
		if err := r.take(entry); err != nil {
			return nil, problemf(ReasonFormat, "has OpenMetrics that cannot be read: %w", err)
		}
	}
}

// openMetrics gathers what a parser finds.
type openMetrics struct {
	textparse.Parser
	families []*dto.MetricFamily
	byName   map[string]*omFamily // as OpenMetrics names them
	said     omFamily             // of a family whose first series has not come
}

// omFamily is a family under way.
type omFamily struct {
	name, help, unit string
	kind             model.MetricType
	out              *dto.MetricFamily
	metrics          map[string]*dto.Metric // by their labels
}

func (r *openMetrics) take(entry textparse.Entry) error {
	switch entry {
	case textparse.EntryHelp:
		name, help := r.Help()
		r.describe(string(name)).help = string(help)
	case textparse.EntryType:
		name, kind := r.Type()
		r.describe(string(name)).kind = kind
	case textparse.EntryUnit:
		name, unit := r.Unit()
		r.describe(string(name)).unit = string(unit)
	case textparse.EntrySeries:
		return r.series()
	}
	return nil
}

// describe is what was said of a family before its first series.
func (r *openMetrics) describe(name string) *omFamily {
	if r.said.name != name {
		r.said = omFamily{name: name, kind: model.MetricTypeUnknown}
	}
	return &r.said
}

func (r *openMetrics) series() error {
	_, _, value := r.Series()
	var of labels.Labels
	r.Labels(&of)
	name := of.Get(model.MetricNameLabel)
	family, suffix := r.family(name)
	bound, pairs := "", []*dto.LabelPair(nil)
	var key strings.Builder
	of.Range(func(l labels.Label) {
		switch {
		case l.Name == model.MetricNameLabel:
		case l.Name == "le" && suffix == "_bucket", l.Name == "quantile" && family.kind == model.MetricTypeSummary:
			bound = l.Value
		default:
			n, v := strings.Clone(l.Name), strings.Clone(l.Value)
			pairs = append(pairs, &dto.LabelPair{Name: &n, Value: &v})
			fmt.Fprintf(&key, "%q=%q,", n, v)
		}
	})
	metric := family.metrics[key.String()]
	if metric == nil {
		metric = &dto.Metric{Label: pairs}
		family.metrics[key.String()] = metric
		family.out.Metric = append(family.out.Metric, metric)
	}
	return r.put(metric, family.kind, suffix, bound, value)
}

// suffixes are those that series of a type may add to the family's name.
var suffixes = map[model.MetricType][]string{
	model.MetricTypeCounter:   {"_total", "_created"},
	model.MetricTypeHistogram: {"_bucket", "_sum", "_count", "_created"},
	model.MetricTypeSummary:   {"", "_sum", "_count", "_created"},
	model.MetricTypeInfo:      {"_info"},
	model.MetricTypeGauge:     {""},
	model.MetricTypeStateset:  {""},
}

// family is that of a series, and what the series's name adds to it. One that no
// family claims is one of its own, of unknown type.
func (r *openMetrics) family(series string) (f *omFamily, suffix string) {
	if rest, ok := strings.CutPrefix(series, r.said.name); ok && r.said.name != "" {
		for _, s := range suffixes[r.said.kind] {
			if s == rest {
				return r.begun(r.said), s
			}
		}
	}
	alone := omFamily{name: series, kind: model.MetricTypeUnknown}
	if r.said.name == series {
		alone = r.said
		alone.kind = model.MetricTypeUnknown
	}
	return r.begun(alone), ""
}

// begun is a family that has a series.
func (r *openMetrics) begun(f omFamily) *omFamily {
	if there := r.byName[f.name]; there != nil {
		return there
	}
	f.metrics = map[string]*dto.Metric{}
	name, kind := f.name, dto.MetricType_UNTYPED
	switch f.kind {
	case model.MetricTypeCounter:
		name, kind = name+"_total", dto.MetricType_COUNTER
	case model.MetricTypeInfo:
		name, kind = name+"_info", dto.MetricType_GAUGE
	case model.MetricTypeGauge, model.MetricTypeStateset:
		kind = dto.MetricType_GAUGE
	case model.MetricTypeHistogram:
		kind = dto.MetricType_HISTOGRAM
	case model.MetricTypeSummary:
		kind = dto.MetricType_SUMMARY
	}
	f.out = &dto.MetricFamily{Name: &name, Type: &kind}
	if f.help != "" {
		f.out.Help = &f.help
	}
	if f.unit != "" {
		f.out.Unit = &f.unit
	}
	r.byName[f.name] = &f
	r.families = append(r.families, f.out)
	return &f
}

// put puts the value of a series into its metric.
func (r *openMetrics) put(m *dto.Metric, kind model.MetricType, suffix, bound string, value float64) error {
	switch kind {
	case model.MetricTypeCounter:
		if m.Counter == nil {
			m.Counter = &dto.Counter{}
		}
		if suffix == "_created" {
			m.Counter.CreatedTimestamp = created(value)
			return nil
		}
		m.Counter.Value, m.Counter.Exemplar = &value, r.exemplar()
	case model.MetricTypeHistogram:
		if m.Histogram == nil {
			m.Histogram = &dto.Histogram{}
		}
		return r.putHistogram(m.Histogram, suffix, bound, value)
	case model.MetricTypeSummary:
		if m.Summary == nil {
			m.Summary = &dto.Summary{}
		}
		return putSummary(m.Summary, suffix, bound, value)
	case model.MetricTypeUnknown:
		m.Untyped = &dto.Untyped{Value: &value}
	default:
		m.Gauge = &dto.Gauge{Value: &value}
	}
	return nil
}

func (r *openMetrics) putHistogram(h *dto.Histogram, suffix, bound string, value float64) error {
	switch suffix {
	case "_sum":
		h.SampleSum = &value
	case "_count":
		h.SampleCount = whole(value)
	case "_created":
		h.CreatedTimestamp = created(value)
	default:
		le, err := strconv.ParseFloat(bound, 64)
		if err != nil {
			return fmt.Errorf("the bound %q of a bucket is no number", bound)
		}
		h.Bucket = append(h.Bucket, &dto.Bucket{UpperBound: &le, CumulativeCount: whole(value), Exemplar: r.exemplar()})
	}
	return nil
}

func putSummary(s *dto.Summary, suffix, bound string, value float64) error {
	switch suffix {
	case "_sum":
		s.SampleSum = &value
	case "_count":
		s.SampleCount = whole(value)
	case "_created":
		s.CreatedTimestamp = created(value)
	default:
		q, err := strconv.ParseFloat(bound, 64)
		if err != nil {
			return fmt.Errorf("the quantile %q of a summary is no number", bound)
		}
		s.Quantile = append(s.Quantile, &dto.Quantile{Quantile: &q, Value: &value})
	}
	return nil
}

// exemplar is that of the series at hand, or nil.
func (r *openMetrics) exemplar() *dto.Exemplar {
	var e exemplar.Exemplar
	if !r.Exemplar(&e) {
		return nil
	}
	out := &dto.Exemplar{Value: &e.Value}
	e.Labels.Range(func(l labels.Label) {
		n, v := strings.Clone(l.Name), strings.Clone(l.Value)
		out.Label = append(out.Label, &dto.LabelPair{Name: &n, Value: &v})
	})
	if e.HasTs {
		out.Timestamp = timestamppb.New(time.UnixMilli(e.Ts))
	}
	return out
}

// created is a time in seconds since 1970.
func created(seconds float64) *timestamppb.Timestamp {
	whole, part := math.Modf(seconds)
	return timestamppb.New(time.Unix(int64(whole), int64(part*1e9)))
}

// whole is a count, which OpenMetrics writes as any number; one that is none
// counts as 0.
func whole(v float64) *uint64 {
	n := uint64(0)
	if v >= 0 && v < 1<<63 {
		n = uint64(v)
	}
	return &n
}
