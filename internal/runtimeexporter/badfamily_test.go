package runtimeexporter

import (
	"math"
	"net/http"
	"regexp"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/loadtrace/loadtrace/internal/runtimeexporter/target"
)

// One bad series, label or exemplar costs at most the family that has it, in
// whatever form it comes.
func TestOneBadFamilyCostsThatFamilyAndNotTheTarget(t *testing.T) {
	for _, cases := range []map[string]badFamily{badText, badProtobuf} {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				url := serveMux(t, map[string]http.HandlerFunc{"/metrics": c.serves})
				everything := func(c *target.Config) { c.Pass = regexp.MustCompile("^.*$") }
				for _, form := range []string{asText, asOpen, asProtobuf} {
					response := answer(t, url, form, everything)
					require.Equal(t, http.StatusOK, response.Code, form)
					series := parsed(t, form, response.Body.Bytes())
					noneTwice(t, series)
					fault := c.fault
					if c.fault == "type_conflict" && form == asProtobuf && !strings.Contains(name, "runtime") {
						fault = c.typed
					}
					c.check(t, form, fault, strings.ReplaceAll(strings.Join(series, "\n"), strings.TrimPrefix(url, "http://"), "HOST"))
				}
			})
		}
	}
}

func noneTwice(t *testing.T, series []string) {
	names := map[string]bool{}
	for _, s := range series {
		name := s[:strings.LastIndex(s, "} ")]
		assert.False(t, names[name], "%s is there twice", s)
		names[name] = true
	}
}

// check a page in some form, which reports a fault for a reason, or none.
func (c badFamily) check(t *testing.T, form, fault, page string) {
	for _, want := range append(c.has, `http_good\{service_instance_id="HOST",service_name="auth-service"\} 1`, `target_up\{.*\} 1`) {
		assert.Regexp(t, `(?m)^`+want+`$`, page, form)
	}
	for _, no := range c.hasNot {
		assert.NotRegexp(t, `(?m)^`+no+`\b`, page, form)
	}
	if fault != "" {
		assert.Regexp(t, `target_fault\{reason="`+fault+`",.*source="metrics"\} 1`, page, form)
	} else {
		assert.NotRegexp(t, `target_fault\{reason="(bad_format|type_conflict|reserved_name|duplicate)".*\} 1`, page, form)
	}
}

const good = "# TYPE http_good gauge\nhttp_good 1\n"

var goodFamily = family("http_good", dto.MetricType_GAUGE, gauge(1))

func withGood(f *dto.MetricFamily) http.HandlerFunc { return protobuf(f, goodFamily) }

// badFamily is a page with a good family, and what becomes of a bad one.
type badFamily struct {
	serves http.HandlerFunc
	has    []string // patterns, beside http_good
	hasNot []string
	fault  string // reason of the fault of metrics; none without
	typed  string // the same of a page of protobuf, which has types of one name side by side
}

// badText are pages of text.
var badText = map[string]badFamily{
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
	"the same type twice, as of a page put together": {serves: text("# TYPE http_a gauge\nhttp_a{b=\"1\"} 2\n# TYPE http_a gauge\nhttp_a{b=\"2\"} 3\n" + good),
		has: []string{`http_a\{b="1",.*\} 2`, `http_a\{b="2",.*\} 3`}},
	"a series twice": {serves: text("http_a 2\nhttp_a 3\n" + good), hasNot: []string{"http_a"}, fault: "bad_format"},
	"pages one behind the other, OpenMetrics": {serves: open("# TYPE http_a gauge\nhttp_a 2\n# EOF\n" + good + "# EOF\n"), has: []string{`http_a\{.*\} 2`}},
	"an exemplar that is none, OpenMetrics": {serves: open("# TYPE http_a counter\nhttp_a_total 2 # {a=} 1\n" + good + "# EOF\n"),
		hasNot: []string{"http_a"}, fault: "bad_format"},
	"created never, OpenMetrics": {serves: open("# TYPE http_a counter\nhttp_a_total 2\nhttp_a_created 0\n" + good + "# EOF\n"),
		has: []string{`http_a_total\{.*\} 2`}, hasNot: []string{"http_a_created"}},
	"a count above 2^63": {serves: text("# TYPE http_a summary\nhttp_a_count 18446744073709551615\nhttp_a_sum 1\n" + good),
		has: []string{`http_a_count\{.*\} 1.8446744073709552e\+19`}},
	"a count above 2^63, OpenMetrics": {serves: open("# TYPE http_a summary\nhttp_a_count 18446744073709551615\nhttp_a_sum 1\n" + good + "# EOF\n"),
		has: []string{`http_a_count\{.*\} 1.8446744073709552e\+19`}},
	"the exporter's own name":               {serves: text("target_up 7\n" + good), fault: "reserved_name"},
	"a name of the runtime's, as text":      {serves: text("go_goroutines 7\n" + good), has: []string{`go_goroutines\{.*\} 7`}},
	"a name of the runtime's, as a counter": {serves: text("# TYPE go_goroutines counter\ngo_goroutines 7\n" + good), has: []string{`go_goroutines\{.*\} 7`}, fault: "type_conflict"},
	"a name of the runtime's, as a summary": {serves: text("# TYPE go_goroutines summary\ngo_goroutines_count 7\ngo_goroutines_sum 7\n" + good), hasNot: []string{`go_goroutines_count`}, fault: "type_conflict"},
}

// badProtobuf are pages of protobuf.
var badProtobuf = map[string]badFamily{
	"a gauge and a histogram of one name, protobuf": {
		serves: protobuf(family("http_a", dto.MetricType_GAUGE, gauge(2)), family("http_a", dto.MetricType_HISTOGRAM,
			&dto.Metric{Histogram: &dto.Histogram{SampleCount: proto.Uint64(3), SampleSum: proto.Float64(4)}}), goodFamily),
		has: []string{`http_a\{.*\} 2`, `http_a_bucket\{.*le="\+Inf"\} 3`, `http_a_count\{.*\} 3`}, fault: "type_conflict"},
	"a gauge that is a counter": {serves: withGood(family("http_a", dto.MetricType_GAUGE, &dto.Metric{Counter: &dto.Counter{Value: proto.Float64(math.NaN())}})),
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
	"a histogram of fractions": {serves: withGood(family("http_a", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
		SampleCountFloat: proto.Float64(2.5), SampleSum: proto.Float64(1)}})),
		has: []string{`http_a_count\{.*\} 2.5`}},
	"native buckets without spans": {serves: withGood(family("http_a", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
		SampleCount: proto.Uint64(2), Schema: proto.Int32(3), PositiveSpan: []*dto.BucketSpan{{Offset: proto.Int32(0), Length: proto.Uint32(4)}}}})),
		hasNot: []string{"http_a"}, fault: "bad_format"},
	"a field with another's wire type": {serves: withGood(mistyped()), has: []string{`http_a_count\{.*\} 2`}},
	"a family of garbage":              {serves: typed(asProtobuf, "\x03abc"+string(delimited(goodFamily))), fault: "bad_format"},
	"a length beyond the end":          {serves: typed(asProtobuf, string(delimited(goodFamily))+"\xff\xff\xff\xff\xff\x01abc"), fault: "bad_format"},
	"a count above 2^63, protobuf": {serves: withGood(family("http_a", dto.MetricType_SUMMARY, &dto.Metric{Summary: &dto.Summary{
		SampleCount: proto.Uint64(math.MaxUint64), SampleSum: proto.Float64(1)}})),
		has: []string{`http_a_count\{.*\} 1.8446744073709552e\+19`}},
}

// mistyped is a histogram whose sample_count_float is a text.
func mistyped() *dto.MetricFamily {
	h := &dto.Histogram{SampleCount: proto.Uint64(2), SampleSum: proto.Float64(1)}
	h.ProtoReflect().SetUnknown(protowire.AppendString(protowire.AppendTag(nil, 4, protowire.BytesType), "x"))
	return family("http_a", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: h})
}
