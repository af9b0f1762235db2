package target

import (
	"bytes"
	"context"
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

// readText reads Prometheus's own text form.
func readText(ctx context.Context, body io.Reader, want func(string) bool) (familySet, error) {
	text, err := io.ReadAll(body)
	if err != nil {
		return familySet{}, err
	}
	return prometheusText.read(ctx, text, want, textparse.NewPromParser)
}

// readOpenMetrics reads the text form of OpenMetrics, which is all that some
// targets have (those of Rust's prometheus-client, for one). Families are named
// as in the other forms: a counter's ends in _total. A text that does not end in
// # EOF was cut off.
func readOpenMetrics(ctx context.Context, body io.Reader, want func(string) bool) (familySet, error) {
	text, err := io.ReadAll(body)
	if err != nil {
		return familySet{}, err
	}
	if !bytes.HasSuffix(bytes.TrimSpace(text), []byte("# EOF")) {
		return familySet{}, problemf(ReasonFormat, "has OpenMetrics that does not end in # EOF; it was cut off")
	}
	return openMetricsText.read(ctx, text, want, func(b []byte, st *labels.SymbolTable, typeAndUnit bool) textparse.Parser {
		return textparse.NewOpenMetricsParser(b, st)
	})
}

type newParser func(b []byte, st *labels.SymbolTable, typeAndUnit bool) textparse.Parser

// read reads the families that are wanted. Of the others it reads none, unless
// it needs to know whether the text is one of metrics at all.
func (d dialect) read(ctx context.Context, text []byte, want func(string) bool, parser newParser) (familySet, error) {
	var p familySet
	all, strange := d.blocks(ctx, text)
	symbols := labels.NewSymbolTable()
	for _, b := range all {
		name := b.family(d)
		if !want(name) {
			continue
		}
		f, err := d.parse(ctx, b, parser(append(b.text, d.end...), symbols, false))
		if ctx.Err() != nil {
			break
		}
		p.add(name, f, err)
	}
	for _, b := range all {
		if p.readable || ctx.Err() != nil {
			break
		}
		_, err := d.parse(ctx, b, parser(append(b.text, d.end...), symbols, false))
		p.readable = err == nil
	}
	if p.readable && strange > 0 {
		p.fail(fmt.Errorf("%d lines are no series", strange))
	}
	return p, ctx.Err()
}

// parse makes a family of its block.
func (d dialect) parse(ctx context.Context, b *block, parser textparse.Parser) (*dto.MetricFamily, error) {
	r := familyReader{Parser: parser, block: b, metrics: map[string]*dto.Metric{}, out: empty(b.family(d), b.kind)}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		entry, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r.out, r.finish()
		}
		if err == nil {
			err = r.take(entry)
		}
		if err != nil {
			return nil, err
		}
	}
}

func empty(name string, of model.MetricType) *dto.MetricFamily {
	kind := dto.MetricType_UNTYPED
	switch of {
	case model.MetricTypeCounter:
		kind = dto.MetricType_COUNTER
	case model.MetricTypeGauge, model.MetricTypeStateset, model.MetricTypeInfo:
		kind = dto.MetricType_GAUGE
	case model.MetricTypeHistogram:
		kind = dto.MetricType_HISTOGRAM
	case model.MetricTypeSummary:
		kind = dto.MetricType_SUMMARY
	}
	return &dto.MetricFamily{Name: &name, Type: &kind}
}

// familyReader gathers what a parser finds in a block.
type familyReader struct {
	textparse.Parser
	block   *block
	out     *dto.MetricFamily
	metrics map[string]*dto.Metric // by their labels
}

func (r *familyReader) take(entry textparse.Entry) error {
	switch entry {
	case textparse.EntryHelp:
		_, text := r.Help()
		help := string(text)
		r.out.Help = &help
	case textparse.EntryUnit:
		_, text := r.Unit()
		unit := string(text)
		r.out.Unit = &unit
	case textparse.EntrySeries:
		return r.series()
	}
	return nil
}

func (r *familyReader) series() error {
	_, _, value := r.Series()
	var of labels.Labels
	r.Labels(&of)
	suffix, ok := strings.CutPrefix(of.Get(model.MetricNameLabel), r.block.name)
	if !ok {
		return fmt.Errorf("the series %s is of another family", of)
	}
	bound, pairs := "", []*dto.LabelPair(nil)
	var key strings.Builder
	of.Range(func(l labels.Label) {
		switch {
		case l.Name == model.MetricNameLabel:
		case l.Name == model.BucketLabel && suffix == "_bucket" && r.block.kind == model.MetricTypeHistogram,
			l.Name == model.QuantileLabel && suffix == "" && r.block.kind == model.MetricTypeSummary:
			bound = l.Value
		default:
			n, v := strings.Clone(l.Name), strings.Clone(l.Value)
			pairs = append(pairs, &dto.LabelPair{Name: &n, Value: &v})
			fmt.Fprintf(&key, "%q=%q,", n, v)
		}
	})
	metric := r.metrics[key.String()]
	if metric == nil {
		metric = &dto.Metric{Label: pairs}
		r.metrics[key.String()] = metric
		r.out.Metric = append(r.out.Metric, metric)
	}
	return r.put(metric, suffix, bound, value)
}

// put puts the value of a series into its metric.
func (r *familyReader) put(m *dto.Metric, suffix, bound string, value float64) error {
	switch r.block.kind {
	case model.MetricTypeCounter:
		if m.Counter == nil {
			m.Counter = &dto.Counter{}
		}
		if suffix == "_created" {
			m.Counter.CreatedTimestamp = created(value)
			return nil
		}
		return r.once(&m.Counter.Value, value, func() { m.Counter.Exemplar = r.exemplar() })
	case model.MetricTypeHistogram:
		if m.Histogram == nil {
			m.Histogram = &dto.Histogram{}
		}
		return r.putHistogram(m.Histogram, suffix, bound, value)
	case model.MetricTypeSummary:
		if m.Summary == nil {
			m.Summary = &dto.Summary{}
		}
		return r.putSummary(m.Summary, suffix, bound, value)
	case model.MetricTypeGauge, model.MetricTypeStateset, model.MetricTypeInfo:
		if m.Gauge == nil {
			m.Gauge = &dto.Gauge{}
		}
		return r.once(&m.Gauge.Value, value, nil)
	}
	if m.Untyped == nil {
		m.Untyped = &dto.Untyped{}
	}
	return r.once(&m.Untyped.Value, value, nil)
}

// once sets a value. A series that is there twice says two things at one time.
func (r *familyReader) once(to **float64, value float64, then func()) error {
	if *to != nil {
		return errors.New("one of its series is there twice")
	}
	*to = &value
	if then != nil {
		then()
	}
	return nil
}

func (r *familyReader) putHistogram(h *dto.Histogram, suffix, bound string, value float64) (err error) {
	switch suffix {
	case "_sum":
		return r.once(&h.SampleSum, value, nil)
	case "_created":
		h.CreatedTimestamp = created(value)
		return nil
	case "_count":
		if h.SampleCount != nil {
			return errors.New("one of its series is there twice")
		}
		h.SampleCount, err = whole(value)
		return err
	}
	le, err := strconv.ParseFloat(bound, 64)
	if err != nil {
		return fmt.Errorf("the bound %q of a bucket is not a number", bound)
	}
	count, err := whole(value)
	h.Bucket = append(h.Bucket, &dto.Bucket{UpperBound: &le, CumulativeCount: count, Exemplar: r.exemplar()})
	return err
}

func (r *familyReader) putSummary(s *dto.Summary, suffix, bound string, value float64) (err error) {
	switch suffix {
	case "_sum":
		return r.once(&s.SampleSum, value, nil)
	case "_created":
		s.CreatedTimestamp = created(value)
		return nil
	case "_count":
		if s.SampleCount != nil {
			return errors.New("one of its series is there twice")
		}
		s.SampleCount, err = whole(value)
		return err
	}
	q, err := strconv.ParseFloat(bound, 64)
	if err != nil {
		return fmt.Errorf("the quantile %q of a summary is not a number", bound)
	}
	s.Quantile = append(s.Quantile, &dto.Quantile{Quantile: &q, Value: &value})
	return nil
}

// finish fills in what follows from the rest: the forms of the page have no
// histogram without a count and a sum.
func (r *familyReader) finish() error {
	for _, m := range r.out.GetMetric() {
		h := m.GetHistogram()
		if h == nil {
			continue
		}
		for _, b := range h.GetBucket() {
			if h.SampleCount == nil && math.IsInf(b.GetUpperBound(), 1) {
				h.SampleCount = b.CumulativeCount
			}
		}
		if h.SampleCount == nil {
			return errors.New("it has neither a count nor a bucket without a bound")
		}
		if h.SampleSum == nil {
			unknown := math.NaN()
			h.SampleSum = &unknown
		}
	}
	return nil
}

// exemplar is that of the series at hand, or nil.
func (r *familyReader) exemplar() *dto.Exemplar {
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

// created is a time in seconds since 1970; 0 and less stand for never.
func created(seconds float64) *timestamppb.Timestamp {
	if !(seconds > 0 && seconds < 1<<40) {
		return nil
	}
	whole, part := math.Modf(seconds)
	return timestamppb.New(time.Unix(int64(whole), int64(part*1e9)))
}

// whole is a count, which the text forms write as any number. The greatest is
// read as 2^64, as its text has more digits than a float64.
func whole(v float64) (*uint64, error) {
	n := uint64(math.MaxUint64)
	switch {
	case !(v >= 0 && v <= 1<<64) || v != math.Trunc(v):
		return nil, fmt.Errorf("its count %v is not a whole number of 64 bits", v)
	case v < 1<<64:
		n = uint64(v)
	}
	return &n, nil
}
