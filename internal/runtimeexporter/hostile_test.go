package runtimeexporter

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/loadtrace/loadtrace/internal/runtimeexporter/target"
)

func TestThirtyHostileTargetsTakeNothingFromAHealthyOne(t *testing.T) {
	elsewhere := httptest.NewServer(healthy(t))
	defer elsewhere.Close()
	hostile := slices.Concat(hostileProtobuf, hostileText, hostileHTTP(elsewhere.URL))
	require.Len(t, hostile, 30)
	well := serveMux(t, map[string]http.HandlerFunc{"/metrics": healthy(t)})
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

// steady are the series of the healthy target. The numbers of the runtime change from one
// scrape to the next.
func steady(all []string) (out []string) {
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

// hostileNames are those of the healthy target's families, and of our own.
var hostileNames = []string{"http_requests_total", "http_request_duration_seconds", "http_response_size_bytes", "go_goroutines", "target_up", "go_gc_duration_seconds"}

// everyName is a page of a type with all of hostileNames.
func everyName(kind string, more func(name string) string) string {
	var s strings.Builder
	for _, n := range hostileNames {
		fmt.Fprintf(&s, "# TYPE %s %s\n%s", n, kind, more(n))
	}
	return s.String()
}

func gauges(names ...string) http.HandlerFunc {
	var all []*dto.MetricFamily
	for _, n := range names {
		all = append(all, family(n, dto.MetricType_GAUGE, gauge(1)))
	}
	return protobuf(all...)
}

var hostileProtobuf = []http.HandlerFunc{
	gauges(hostileNames...),
	gauges("http_request_duration_seconds_count", "http_request_duration_seconds_bucket", "http_response_size_bytes_sum"),
	protobuf(family("http_requests_total", dto.MetricType_COUNTER, gauge(1))),
	protobuf(family("http_request_duration_seconds", dto.MetricType_HISTOGRAM, &dto.Metric{})),
	protobuf(family("http_request_duration_seconds", dto.MetricType_GAUGE_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{SampleCount: proto.Uint64(1)}})),
	protobuf(family("http_request_duration_seconds", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{SampleCountFloat: proto.Float64(1.5)}})),
	protobuf(family("http_request_duration_seconds", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
		SampleCount: proto.Uint64(1), Bucket: []*dto.Bucket{{UpperBound: proto.Float64(math.NaN())}}}})),
	protobuf(family("http_request_duration_seconds", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
		SampleCount: proto.Uint64(1), ZeroThreshold: proto.Float64(1), PositiveDelta: []int64{1, 2}}})),
	protobuf(family("http_requests_total", 99, gauge(1))),
	protobuf(family("http_requests_total", dto.MetricType_COUNTER, &dto.Metric{Counter: &dto.Counter{Value: proto.Float64(1),
		Exemplar: &dto.Exemplar{Timestamp: &timestamppb.Timestamp{Nanos: -1}}}})),
	protobuf(family("http_requests_total", dto.MetricType_COUNTER, &dto.Metric{Counter: &dto.Counter{Value: proto.Float64(1),
		CreatedTimestamp: &timestamppb.Timestamp{Seconds: math.MinInt64}}})),
	protobuf(family("http_requests_total", dto.MetricType_COUNTER, &dto.Metric{Counter: &dto.Counter{Value: proto.Float64(1)},
		Label: labelPairs([]string{"service_name", "auth-service", "exported_service_name", "x", "a:b", "c", "a.b", "d", "le\n", "e"})})),
	protobuf(&dto.MetricFamily{Name: proto.String("http_requests_total"), Help: proto.String("\xff\n# TYPE x y"), Unit: proto.String("a\nb"),
		Type: dto.MetricType_COUNTER.Enum(), Metric: []*dto.Metric{{Counter: &dto.Counter{Value: proto.Float64(1)}}}}),
	protobuf(family("http_\nbad{} 1", dto.MetricType_GAUGE, gauge(1)), family("http.requests.total", dto.MetricType_GAUGE, gauge(2))),
	typed(asProtobuf, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
	typed(asProtobuf, strings.Repeat("\x00", 1_000)),
}

var hostileText = []http.HandlerFunc{
	text(everyName("gauge", func(n string) string { return n + " 1\n" })),
	text(everyName("counter", func(n string) string { return n + " 1\n" })),
	text(everyName("untyped", func(n string) string { return n + " 1\n" })),
	text(everyName("summary", func(n string) string { return n + "_sum 1\n" + n + "_count 1\n" })),
	text(everyName("histogram", func(n string) string { return n + "_bucket{le=\"+Inf\"} 1\n" + n + "_sum 1\n" + n + "_count 1\n" })),
	open(everyName("info", func(n string) string { return n + "_info 1\n" }) + "# EOF\n"),
	text("http_requests_total 1 9223372036854775807\nhttp_requests_total{a=\"\"} 2\n"),
	text(strings.Repeat("# TYPE http_requests_total gauge\n# TYPE http_requests_total counter\n", 500) + "http_requests_total 1"),
	text("http_requests_total{le=\"1\",quantile=\"2\",__name__=\"x\"} 1\n# TYPE http_b histogram\nhttp_b_bucket{le=\"1\",le=\"2\"} 1\n"),
	open("# TYPE http_requests counter\nhttp_requests_total 1 # {a=\"" + strings.Repeat("b", 1000) + "\"} 1\n# EOF\n"),
}

// hostileHTTP are targets whose answer is not the page that it should be.
func hostileHTTP(elsewhere string) []http.HandlerFunc {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(bytes.Repeat([]byte("http_requests_total 1\n"), 1000))
	_ = w.Close()
	cut := b.Bytes()[:40]
	return []http.HandlerFunc{
		func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(cut)
		},
		func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			_, _ = io.WriteString(w, "http_requests_total 1\n")
		},
		func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere+r.URL.Path, http.StatusFound)
		},
		func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) },
	}
}

// Types that can be kept are: a target that says none takes none from the others,
// nor does one whose histogram no page of text can have.
func TestAFamilyKeepsItsTypeBesideOneThatHasNone(t *testing.T) {
	durations := "# TYPE http_a histogram\nhttp_a_bucket{le=\"+Inf\"} 1\nhttp_a_count 1\nhttp_a_sum 1\n"
	fractions := protobuf(family("http_a", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{SampleCountFloat: proto.Float64(1.5)}}))
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
			server := serveMux(t, map[string]http.HandlerFunc{"/metrics": protobuf(c.families...)})
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
