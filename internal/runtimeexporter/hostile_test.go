package runtimeexporter

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/config"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	promlabels "github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/loadtrace/loadtrace/internal/runtimeexporter/target"
)

// Forms that a page can be asked for.
const (
	asText     = "text/plain;version=0.0.4"
	asOpen     = "application/openmetrics-text;version=1.0.0"
	asProtobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
)

// protobuf serves families as they are.
func protobuf(t testing.TB, families ...*dto.MetricFamily) http.HandlerFunc {
	var body bytes.Buffer
	for _, f := range families {
		_, err := protodelim.MarshalTo(&body, f)
		require.NoError(t, err)
	}
	return typed(asProtobuf, body.String())
}

func open(body string) http.HandlerFunc { return typed(asOpen, body) }

func typed(kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, body)
	}
}

func family(name string, kind dto.MetricType, metrics ...*dto.Metric) *dto.MetricFamily {
	return &dto.MetricFamily{Name: &name, Type: &kind, Metric: metrics}
}

func gauge(v float64, pairs ...string) *dto.Metric {
	return &dto.Metric{Gauge: &dto.Gauge{Value: &v}, Label: labelPairs(pairs)}
}

func labelPairs(pairs []string) (out []*dto.LabelPair) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, &dto.LabelPair{Name: &pairs[i], Value: &pairs[i+1]})
	}
	return out
}

// One bad series, label or exemplar costs at most the family that has it, in
// whatever form it comes.
func TestOneBadFamilyCostsThatFamilyAndNotTheTarget(t *testing.T) {
	good := "# TYPE http_good gauge\nhttp_good 1\n"
	goodFamily := family("http_good", dto.MetricType_GAUGE, gauge(1))
	withGood := func(f *dto.MetricFamily) http.HandlerFunc { return protobuf(t, f, goodFamily) }
	nan := math.NaN()
	for name, c := range map[string]struct {
		serves http.HandlerFunc
		has    []string // patterns, beside http_good
		hasNot []string
		fault  string // reason of the fault of metrics; none without
		typed  string // the same of a page of protobuf, which has types of one name side by side
	}{
		"a UTF-8 label in text": {serves: text(`http_a{"a.b"="c"} 2` + "\n" + good), has: []string{`http_a\{a_b="c",.*\} 2`}},
		"a UTF-8 label and its escaped form": {serves: text(`http_a{"a.b"="c",a_b="d"} 2` + "\n" + good),
			has: []string{`http_a\{a_b="d",exported_a_b="c",.*\} 2`}},
		"two UTF-8 labels that become one": {serves: text(`http_a{"a.b"="c","a-b"="d"} 2` + "\n" + good),
			has: []string{`http_a\{a_b="d",exported_a_b="c",.*\} 2`}},
		"a label with a colon": {serves: text(`http_a{"a:b"="c"} 2` + "\n" + good), has: []string{`http_a\{a_b="c",.*\} 2`}},
		"a label that is ours, and its renamed form": {serves: text(`http_a{service_name="x",exported_service_name="y"} 2` + "\n" + good),
			has: []string{`http_a\{exported_exported_service_name="x",exported_service_name="y",.*service_name="auth-service"\} 2`}},
		"a label twice":                    {serves: text(`http_a{b="1",b="2"} 2` + "\n" + good), hasNot: []string{"http_a"}, fault: "bad_format"},
		"no final newline":                 {serves: text(strings.TrimSpace(good)), fault: ""},
		"no final newline, OpenMetrics":    {serves: open(good + "# EOF"), fault: ""},
		"a value that is none":             {serves: text("http_a{} bad\n" + good), hasNot: []string{"http_a"}, fault: "bad_format"},
		"a line that is none":              {serves: text("}{\n" + good), fault: "bad_format"},
		"a line that is none, OpenMetrics": {serves: open("}{\n" + good + "# EOF\n"), fault: "bad_format"},
		"a type that is none":              {serves: text("# TYPE http_a none\nhttp_a 2\n" + good), has: []string{`http_a\{.*\} 2`}},
		"a histogram with a bad bound": {serves: text("# TYPE http_a histogram\nhttp_a_bucket{le=\"x\"} 2\nhttp_a_count 2\nhttp_a_sum 2\n" + good),
			hasNot: []string{"http_a"}, fault: "bad_format"},
		"a histogram with half a count": {serves: open("# TYPE http_a histogram\nhttp_a_bucket{le=\"+Inf\"} 1.5\nhttp_a_count 1.5\nhttp_a_sum 2\n" + good + "# EOF\n"),
			hasNot: []string{"http_a"}, fault: "bad_format"},
		"a histogram without a count": {serves: text("# TYPE http_a histogram\nhttp_a_bucket{le=\"1\"} 2\nhttp_a_bucket{le=\"+Inf\"} 3\n" + good),
			has: []string{`http_a_count\{.*\} 3`, `http_a_sum\{.*\} NaN`}},
		"a name with two types": {serves: text("# TYPE http_a gauge\nhttp_a{b=\"1\"} 2\n# TYPE http_a counter\nhttp_a{b=\"2\"} 3\n" + good),
			has: []string{`http_a\{b="1",.*\} 2`, `http_a\{b="2",.*\} 3`}, fault: "type_conflict"},
		"a name with two types, OpenMetrics": {serves: open("# TYPE http_a gauge\nhttp_a 2\n# TYPE http_a counter\nhttp_a_total 3\n" + good + "# EOF\n"),
			has: []string{`http_a\{.*\} 2`, `http_a_total\{.*\} 3`}},
		"a gauge and a histogram of one name, OpenMetrics": {
			serves: open("# TYPE http_a gauge\nhttp_a 2\n# TYPE http_a histogram\nhttp_a_bucket{le=\"+Inf\"} 3\nhttp_a_count 3\nhttp_a_sum 4\n" + good + "# EOF\n"),
			has:    []string{`http_a\{.*\} 2`, `http_a_bucket\{.*le="\+Inf"\} 3`, `http_a_count\{.*\} 3`}, fault: "type_conflict"},
		"a gauge with the name of a histogram's bucket": {serves: text("# TYPE http_a histogram\nhttp_a_bucket{le=\"1\"} 2\nhttp_a_bucket{le=\"+Inf\"} 3\nhttp_a_count 3\nhttp_a_sum 1\n" + good +
			"# TYPE http_a_bucket gauge\nhttp_a_bucket{le=\"1.0\"} 5\n"), fault: "type_conflict", typed: "duplicate"},
		"a gauge and a histogram of one name, protobuf": {
			serves: protobuf(t, family("http_a", dto.MetricType_GAUGE, gauge(2)), family("http_a", dto.MetricType_HISTOGRAM,
				&dto.Metric{Histogram: &dto.Histogram{SampleCount: proto.Uint64(3), SampleSum: proto.Float64(4)}}), goodFamily),
			has: []string{`http_a\{.*\} 2`, `http_a_bucket\{.*le="\+Inf"\} 3`, `http_a_count\{.*\} 3`}, fault: "type_conflict"},
		"the same type twice, as of a page put together": {serves: text("# TYPE http_a gauge\nhttp_a{b=\"1\"} 2\n# TYPE http_a gauge\nhttp_a{b=\"2\"} 3\n" + good),
			has: []string{`http_a\{b="1",.*\} 2`, `http_a\{b="2",.*\} 3`}},
		"a series twice": {serves: text("http_a 2\nhttp_a 3\n" + good), hasNot: []string{"http_a"}, fault: "bad_format"},
		"pages one behind the other, OpenMetrics": {serves: open("# TYPE http_a gauge\nhttp_a 2\n# EOF\n" + good + "# EOF\n"), has: []string{`http_a\{.*\} 2`}},
		"an exemplar that is none, OpenMetrics": {serves: open("# TYPE http_a counter\nhttp_a_total 2 # {a=} 1\n" + good + "# EOF\n"),
			hasNot: []string{"http_a"}, fault: "bad_format"},
		"a gauge that is a counter": {serves: withGood(family("http_a", dto.MetricType_GAUGE, &dto.Metric{Counter: &dto.Counter{Value: &nan}})),
			hasNot: []string{"http_a"}, fault: "bad_format"},
		"a histogram that is nothing": {serves: withGood(family("http_a", dto.MetricType_HISTOGRAM, &dto.Metric{})),
			hasNot: []string{"http_a"}, fault: "bad_format"},
		"a type that is none, protobuf": {serves: withGood(family("http_a", 77, gauge(1))), hasNot: []string{"http_a"}, fault: "bad_format"},
		"a label twice, protobuf":       {serves: withGood(family("http_a", 1, gauge(1, "b", "1", "b", "2"))), hasNot: []string{"http_a"}, fault: "bad_format"},
		"a label that is no UTF-8":      {serves: withGood(family("http_a", 1, gauge(1, "b", "\xff"))), hasNot: []string{"http_a"}, fault: "bad_format"},
		"a label without a name":        {serves: withGood(family("http_a", 1, gauge(1, "", "x"))), hasNot: []string{"http_a"}, fault: "bad_format"},
		"an exemplar at no time": {serves: withGood(family("http_a_total", dto.MetricType_COUNTER, &dto.Metric{Counter: &dto.Counter{
			Value: proto.Float64(2), Exemplar: &dto.Exemplar{Value: proto.Float64(1), Timestamp: &timestamppb.Timestamp{Seconds: math.MaxInt64}}}})),
			has: []string{`http_a_total\{.*\} 2`}},
		"an exemplar beyond the limit": {serves: withGood(family("http_a_total", dto.MetricType_COUNTER, &dto.Metric{Counter: &dto.Counter{
			Value: proto.Float64(2), Exemplar: &dto.Exemplar{Value: proto.Float64(1), Label: labelPairs([]string{"a", strings.Repeat("x", 200)})}}})),
			has: []string{`http_a_total\{.*\} 2`}},
		"created never": {serves: withGood(family("http_a_total", dto.MetricType_COUNTER, &dto.Metric{Counter: &dto.Counter{
			Value: proto.Float64(2), CreatedTimestamp: &timestamppb.Timestamp{}}})),
			has: []string{`http_a_total\{.*\} 2`}, hasNot: []string{"http_a_created"}},
		"created never, OpenMetrics": {serves: open("# TYPE http_a counter\nhttp_a_total 2\nhttp_a_created 0\n" + good + "# EOF\n"),
			has: []string{`http_a_total\{.*\} 2`}, hasNot: []string{"http_a_created"}},
		"a histogram of fractions": {serves: withGood(family("http_a", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
			SampleCountFloat: proto.Float64(2.5), SampleSum: proto.Float64(1)}})),
			has: []string{`http_a_count\{.*\} 2.5`}},
		"native buckets without spans": {serves: withGood(family("http_a", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
			SampleCount: proto.Uint64(2), Schema: proto.Int32(3), PositiveSpan: []*dto.BucketSpan{{Offset: proto.Int32(0), Length: proto.Uint32(4)}}}})),
			hasNot: []string{"http_a"}, fault: "bad_format"},
		"a field with another's wire type": {serves: withGood(mistyped(t)), has: []string{`http_a_count\{.*\} 2`}},
		"a family of garbage":              {serves: typed(asProtobuf, "\x03abc"+string(delimited(t, goodFamily))), fault: "bad_format"},
		"a length beyond the end":          {serves: typed(asProtobuf, string(delimited(t, goodFamily))+"\xff\xff\xff\xff\xff\x01abc"), fault: "bad_format"},
		"a count above 2^63": {serves: text("# TYPE http_a summary\nhttp_a_count 18446744073709551615\nhttp_a_sum 1\n" + good),
			has: []string{`http_a_count\{.*\} 1.8446744073709552e\+19`}},
		"a count above 2^63, OpenMetrics": {serves: open("# TYPE http_a summary\nhttp_a_count 18446744073709551615\nhttp_a_sum 1\n" + good + "# EOF\n"),
			has: []string{`http_a_count\{.*\} 1.8446744073709552e\+19`}},
		"a count above 2^63, protobuf": {serves: withGood(family("http_a", dto.MetricType_SUMMARY, &dto.Metric{Summary: &dto.Summary{
			SampleCount: proto.Uint64(math.MaxUint64), SampleSum: proto.Float64(1)}})),
			has: []string{`http_a_count\{.*\} 1.8446744073709552e\+19`}},
		"the exporter's own name":               {serves: text("target_up 7\n" + good), fault: "reserved_name"},
		"a name of the runtime's, as text":      {serves: text("go_goroutines 7\n" + good), has: []string{`go_goroutines\{.*\} 7`}},
		"a name of the runtime's, as a counter": {serves: text("# TYPE go_goroutines counter\ngo_goroutines 7\n" + good), has: []string{`go_goroutines\{.*\} 7`}, fault: "type_conflict"},
		"a name of the runtime's, as a summary": {serves: text("# TYPE go_goroutines summary\ngo_goroutines_count 7\ngo_goroutines_sum 7\n" + good), hasNot: []string{`go_goroutines_count`}, fault: "type_conflict"},
	} {
		t.Run(name, func(t *testing.T) {
			url := serveMux(t, map[string]http.HandlerFunc{"/metrics": c.serves})
			everything := func(c *target.Config) { c.Pass = regexp.MustCompile("^.*$") }
			for _, form := range []string{asText, asOpen, asProtobuf} {
				response := answer(t, url, form, everything)
				require.Equal(t, http.StatusOK, response.Code, form)
				series := parsed(t, form, response.Body.Bytes())
				names := map[string]bool{}
				for _, s := range series {
					name := s[:strings.LastIndex(s, "} ")]
					assert.False(t, names[name], "%s is there twice", s)
					names[name] = true
				}
				assert.Len(t, slices.Compact(slices.Clone(series)), len(series), "none is there twice")
				got := strings.Join(series, "\n")
				host := strings.TrimPrefix(url, "http://")
				got = strings.ReplaceAll(got, host, "HOST")
				for _, want := range append(c.has, `http_good\{service_instance_id="HOST",service_name="auth-service"\} 1`, `target_up\{.*\} 1`) {
					assert.Regexp(t, `(?m)^`+want+`$`, got, form)
				}
				for _, no := range c.hasNot {
					assert.NotRegexp(t, `(?m)^`+no+`\b`, got, form)
				}
				fault := c.fault
				if c.fault == "type_conflict" && form == asProtobuf && !strings.Contains(name, "runtime") {
					fault = c.typed
				}
				if fault != "" {
					assert.Regexp(t, `target_fault\{reason="`+fault+`",.*source="metrics"\} 1`, got, form)
				} else {
					assert.NotRegexp(t, `target_fault\{reason="(bad_format|type_conflict|reserved_name|duplicate)".*\} 1`, got, form)
				}
			}
		})
	}
}

// mistyped is a histogram whose sample_count_float is a text.
func mistyped(t testing.TB) *dto.MetricFamily {
	h := &dto.Histogram{SampleCount: proto.Uint64(2), SampleSum: proto.Float64(1)}
	h.ProtoReflect().SetUnknown(protowire.AppendString(protowire.AppendTag(nil, 4, protowire.BytesType), "x"))
	return family("http_a", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: h})
}

func delimited(t testing.TB, f *dto.MetricFamily) []byte {
	var body bytes.Buffer
	_, err := protodelim.MarshalTo(&body, f)
	require.NoError(t, err)
	return body.Bytes()
}

// parsed are the series of a page as Prometheus reads them, sorted: name{labels}
// value. In text, the stricter parser of prometheus/common has to read it, too.
func parsed(t testing.TB, form string, page []byte) (all []string) {
	symbols := promlabels.NewSymbolTable()
	var p textparse.Parser
	switch form {
	case asText:
		parser := expfmt.NewTextParser(model.UTF8Validation)
		_, err := parser.TextToMetricFamilies(bytes.NewReader(page))
		require.NoError(t, err, "%s", page)
		p = textparse.NewPromParser(page, symbols, false)
	case asOpen:
		p = textparse.NewOpenMetricsParser(page, symbols)
	case asProtobuf:
		decoder := expfmt.NewDecoder(bytes.NewReader(page), expfmt.NewFormat(expfmt.TypeProtoDelim))
		for {
			err := decoder.Decode(&dto.MetricFamily{})
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
		}
		p = textparse.NewProtobufParser(page, false, true, false, false, symbols)
	}
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err, "%s", page)
		var of promlabels.Labels
		switch entry {
		case textparse.EntrySeries:
			_, _, v := p.Series()
			p.Labels(&of)
			all = append(all, fmt.Sprintf("%s %v", written(of), v))
			var e exemplar.Exemplar
			p.Exemplar(&e)
		case textparse.EntryHistogram:
			_, _, h, fh := p.Histogram()
			p.Labels(&of)
			if h != nil {
				if h.Schema > histogram.ExponentialSchemaMax { // as the scrape loop does
					require.NoError(t, h.ReduceResolution(histogram.ExponentialSchemaMax))
				}
				require.NoError(t, h.Validate())
				all = append(all, fmt.Sprintf("%s native %v", written(of), h))
			} else {
				if fh.Schema > histogram.ExponentialSchemaMax {
					require.NoError(t, fh.ReduceResolution(histogram.ExponentialSchemaMax))
				}
				require.NoError(t, fh.Validate())
			}
		}
	}
	slices.Sort(all)
	return all
}

// written is a series with its own labels last, as on a page of text.
func written(of promlabels.Labels) string {
	var own, last []string
	of.Range(func(l promlabels.Label) {
		switch pair := fmt.Sprintf("%s=%q", l.Name, l.Value); l.Name {
		case model.MetricNameLabel:
		case model.BucketLabel, model.QuantileLabel:
			last = append(last, pair)
		default:
			own = append(own, pair)
		}
	})
	return of.Get(model.MetricNameLabel) + "{" + strings.Join(append(own, last...), ",") + "}"
}

// healthy is a service with all that one may have: counters, a histogram with
// classic and native buckets and exemplars, a summary, the runtime.
func healthy(t testing.TB) http.HandlerFunc {
	registry := prometheus.NewRegistry()
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "http_requests_total", Help: "Requests."}, []string{"code"})
	durations := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "http_request_duration_seconds", Help: "Durations.",
		Buckets: []float64{0.1, 1}, NativeHistogramBucketFactor: 1.1})
	sizes := prometheus.NewSummary(prometheus.SummaryOpts{Name: "http_response_size_bytes", Help: "Sizes.", Objectives: map[float64]float64{0.5: 0.05}})
	registry.MustRegister(requests, durations, sizes, collectors.NewGoCollector())
	requests.WithLabelValues("200").Add(3)
	durations.(prometheus.ExemplarObserver).ObserveWithExemplar(0.05, prometheus.Labels{"trace_id": "2b9c72011d13ef2c78ddec04c386dd6b"})
	sizes.Observe(100)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}).ServeHTTP
}

func TestThirtyHostileTargetsTakeNothingFromAHealthyOne(t *testing.T) {
	gauges := func(names ...string) http.HandlerFunc {
		var all []*dto.MetricFamily
		for _, n := range names {
			all = append(all, family(n, dto.MetricType_GAUGE, gauge(1)))
		}
		return protobuf(t, all...)
	}
	names := []string{"http_requests_total", "http_request_duration_seconds", "http_response_size_bytes", "go_goroutines", "target_up", "go_gc_duration_seconds"}
	zipped := func(body []byte) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write(body)
		_ = w.Close()
		return b.Bytes()
	}
	cut := zipped(bytes.Repeat([]byte("http_requests_total 1\n"), 1000))[:40]
	elsewhere := httptest.NewServer(healthy(t))
	defer elsewhere.Close()
	every := func(kind string, more func(name string) string) string {
		var s strings.Builder
		for _, n := range names {
			fmt.Fprintf(&s, "# TYPE %s %s\n%s", n, kind, more(n))
		}
		return s.String()
	}
	hostile := []http.HandlerFunc{
		gauges(names...),
		gauges("http_request_duration_seconds_count", "http_request_duration_seconds_bucket", "http_response_size_bytes_sum"),
		text(every("gauge", func(n string) string { return n + " 1\n" })),
		text(every("counter", func(n string) string { return n + " 1\n" })),
		text(every("untyped", func(n string) string { return n + " 1\n" })),
		text(every("summary", func(n string) string { return n + "_sum 1\n" + n + "_count 1\n" })),
		text(every("histogram", func(n string) string { return n + "_bucket{le=\"+Inf\"} 1\n" + n + "_sum 1\n" + n + "_count 1\n" })),
		open(every("info", func(n string) string { return n + "_info 1\n" }) + "# EOF\n"),
		protobuf(t, family("http_requests_total", dto.MetricType_COUNTER, gauge(1))),
		protobuf(t, family("http_request_duration_seconds", dto.MetricType_HISTOGRAM, &dto.Metric{})),
		protobuf(t, family("http_request_duration_seconds", dto.MetricType_GAUGE_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{SampleCount: proto.Uint64(1)}})),
		protobuf(t, family("http_request_duration_seconds", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{SampleCountFloat: proto.Float64(1.5)}})),
		protobuf(t, family("http_request_duration_seconds", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
			SampleCount: proto.Uint64(1), Bucket: []*dto.Bucket{{UpperBound: proto.Float64(math.NaN())}}}})),
		protobuf(t, family("http_request_duration_seconds", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
			SampleCount: proto.Uint64(1), ZeroThreshold: proto.Float64(1), PositiveDelta: []int64{1, 2}}})),
		protobuf(t, family("http_requests_total", 99, gauge(1))),
		protobuf(t, family("http_requests_total", dto.MetricType_COUNTER, &dto.Metric{Counter: &dto.Counter{Value: proto.Float64(1),
			Exemplar: &dto.Exemplar{Timestamp: &timestamppb.Timestamp{Nanos: -1}}}})),
		protobuf(t, family("http_requests_total", dto.MetricType_COUNTER, &dto.Metric{Counter: &dto.Counter{Value: proto.Float64(1),
			CreatedTimestamp: &timestamppb.Timestamp{Seconds: math.MinInt64}}})),
		protobuf(t, family("http_requests_total", dto.MetricType_COUNTER, &dto.Metric{Counter: &dto.Counter{Value: proto.Float64(1)},
			Label: labelPairs([]string{"service_name", "auth-service", "exported_service_name", "x", "a:b", "c", "a.b", "d", "le\n", "e"})})),
		protobuf(t, &dto.MetricFamily{Name: proto.String("http_requests_total"), Help: proto.String("\xff\n# TYPE x y"), Unit: proto.String("a\nb"),
			Type: dto.MetricType_COUNTER.Enum(), Metric: []*dto.Metric{{Counter: &dto.Counter{Value: proto.Float64(1)}}}}),
		protobuf(t, family("http_\nbad{} 1", dto.MetricType_GAUGE, gauge(1)), family("http.requests.total", dto.MetricType_GAUGE, gauge(2))),
		typed(asProtobuf, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
		typed(asProtobuf, strings.Repeat("\x00", 1_000)),
		text("http_requests_total 1 9223372036854775807\nhttp_requests_total{a=\"\"} 2\n"),
		text(strings.Repeat("# TYPE http_requests_total gauge\n# TYPE http_requests_total counter\n", 500) + "http_requests_total 1"),
		text("http_requests_total{le=\"1\",quantile=\"2\",__name__=\"x\"} 1\n# TYPE http_b histogram\nhttp_b_bucket{le=\"1\",le=\"2\"} 1\n"),
		open("# TYPE http_requests counter\nhttp_requests_total 1 # {a=\"" + strings.Repeat("b", 1000) + "\"} 1\n# EOF\n"),
		func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(cut)
		},
		func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			_, _ = io.WriteString(w, "http_requests_total 1\n")
		},
		func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusFound)
		},
		func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) },
	}
	require.Len(t, hostile, 30)
	well := serveMux(t, map[string]http.HandlerFunc{"/metrics": healthy(t)})
	// The numbers of the runtime change from one scrape to the next.
	steady := func(all []string) (out []string) {
		for _, s := range all {
			if strings.Contains(s, `service_name="well"`) {
				name, _, _ := strings.Cut(s, "} ")
				if strings.HasPrefix(s, "http_") {
					name = s
				}
				if !strings.HasPrefix(s, "target_fault") {
					out = append(out, name)
				}
			}
		}
		slices.Sort(out)
		return out
	}
	for _, last := range []bool{false, true} {
		var configs []target.Config
		for i, h := range hostile {
			configs = append(configs, target.Config{Service: fmt.Sprint("hostile", i), Address: serveMux(t, map[string]http.HandlerFunc{"/metrics": h})})
		}
		at := 0
		if last {
			at = len(configs)
		}
		configs = slices.Insert(configs, at, target.Config{Service: "well", Address: well})
		for _, form := range []string{asText, asOpen, asProtobuf} {
			t.Run(fmt.Sprint(form, last), func(t *testing.T) {
				alone := steady(parsed(t, form, pageFor(t, form, configs[at])))
				require.Greater(t, len(alone), 40)
				assert.Equal(t, alone, steady(parsed(t, form, pageFor(t, form, configs...))))
			})
		}
	}
}

func pageFor(t testing.TB, form string, configs ...target.Config) []byte {
	var all []*target.Target
	for _, c := range configs {
		c.Pass, c.Timeout, c.HTTP = regexp.MustCompile("^.*$"), time.Minute, config.DefaultHTTPClientConfig
		one, err := target.New(c)
		require.NoError(t, err)
		defer one.Close()
		all = append(all, one)
	}
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", form)
	response := httptest.NewRecorder()
	newHandler(all, slog.New(slog.DiscardHandler)).ServeHTTP(response, request)
	require.Equal(t, http.StatusOK, response.Code, response.Body)
	return response.Body.Bytes()
}

// Types that can be kept are: a target that says none takes none from the others,
// nor does one whose histogram no page of text can have.
func TestAFamilyKeepsItsTypeBesideOneThatHasNone(t *testing.T) {
	durations := "# TYPE http_a histogram\nhttp_a_bucket{le=\"+Inf\"} 1\nhttp_a_count 1\nhttp_a_sum 1\n"
	fractions := protobuf(t, family("http_a", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{SampleCountFloat: proto.Float64(1.5)}}))
	for name, c := range map[string]struct {
		well, other http.HandlerFunc
		want        string
	}{
		"a gauge":               {text("# TYPE http_a gauge\nhttp_a 1\n"), text("http_a 2\n"), "gauge"},
		"a counter":             {text("# TYPE http_a counter\nhttp_a 1\n"), text("http_a 2\n"), "counter"},
		"a histogram":           {text(durations), fractions, "histogram"},
		"a histogram of theirs": {fractions, text(durations), "histogram"},
		"none":                  {text("http_a 1\n"), text("http_a 2\n"), "untyped"},
		"of two types":          {text("# TYPE http_a counter\nhttp_a 1\n"), text("# TYPE http_a gauge\nhttp_a 2\n"), "untyped"},
	} {
		page := string(pageFor(t, asText, target.Config{Service: "well", Address: serveMux(t, map[string]http.HandlerFunc{"/metrics": c.well})},
			target.Config{Service: "other", Address: serveMux(t, map[string]http.HandlerFunc{"/metrics": c.other})}))
		assert.Contains(t, page, "\n# TYPE http_a "+c.want+"\n", name)
		if c.want != "histogram" {
			assert.Equal(t, 2, strings.Count(page, "\nhttp_a{"), name)
		}
	}
}

// A histogram's count came twice, once of a gauge that is called so: Prometheus makes
// series of what a page of protobuf has, and refuses one of the two.
func TestNoPageHasASeriesTwiceWhateverTheFormatsCallIt(t *testing.T) {
	histogram := &dto.Metric{Histogram: &dto.Histogram{SampleCount: proto.Uint64(3), SampleSum: proto.Float64(4),
		Bucket: []*dto.Bucket{{UpperBound: proto.Float64(1), CumulativeCount: proto.Uint64(2)}}}}
	summary := &dto.Metric{Summary: &dto.Summary{SampleCount: proto.Uint64(3), Quantile: []*dto.Quantile{{Quantile: proto.Float64(0.5), Value: proto.Float64(1)}}}}
	for name, c := range map[string]struct {
		families []*dto.MetricFamily
		fault    bool
	}{
		"a gauge behind":  {[]*dto.MetricFamily{family("http_a", dto.MetricType_HISTOGRAM, histogram), family("http_a_count", dto.MetricType_GAUGE, gauge(7))}, true},
		"a gauge before":  {[]*dto.MetricFamily{family("http_a_sum", dto.MetricType_GAUGE, gauge(7)), family("http_a", dto.MetricType_HISTOGRAM, histogram)}, true},
		"a bucket":        {[]*dto.MetricFamily{family("http_a", dto.MetricType_HISTOGRAM, histogram), family("http_a_bucket", dto.MetricType_GAUGE, gauge(7, "le", "+Inf"))}, true},
		"a summary":       {[]*dto.MetricFamily{family("http_a", dto.MetricType_SUMMARY, summary), family("http_a_count", dto.MetricType_COUNTER, &dto.Metric{Counter: &dto.Counter{Value: proto.Float64(1)}})}, true},
		"other labels":    {[]*dto.MetricFamily{family("http_a", dto.MetricType_HISTOGRAM, histogram), family("http_a_count", dto.MetricType_GAUGE, gauge(7, "b", "1"))}, false},
		"no other bucket": {[]*dto.MetricFamily{family("http_a", dto.MetricType_HISTOGRAM, histogram), family("http_a_bucket", dto.MetricType_GAUGE, gauge(7, "le", "9.0"))}, false},
		"one of our own":  {[]*dto.MetricFamily{family("go_goroutine", dto.MetricType_SUMMARY, summary)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := serveMux(t, map[string]http.HandlerFunc{"/metrics": protobuf(t, c.families...)})
			got := parsed(t, asProtobuf, pageFor(t, asProtobuf, target.Config{Service: "a", Address: server}))
			seen := map[string]bool{}
			for _, line := range got {
				series := line[:strings.LastIndex(line, " ")]
				assert.False(t, seen[series], series)
				seen[series] = true
			}
			assert.Equal(t, c.fault, slices.ContainsFunc(got, func(line string) bool {
				return strings.HasPrefix(line, "target_fault") && strings.Contains(line, target.ReasonDuplicate)
			}), "%v", got)
			whole := 0
			for s := range seen {
				if strings.HasPrefix(s, "http_a_count{service") || strings.HasPrefix(s, "go_goroutine_count{service") {
					whole++
				}
			}
			assert.Equal(t, 1, whole, "the histogram stays: %v", seen)
		})
	}
}
