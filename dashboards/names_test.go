package dashboards

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/common/model"
	"github.com/prometheus/otlptranslator"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/loadtrace/loadtrace/goruntime"
	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor"
)

// existing are the names, in Prometheus, of the metrics that our code emits, found
// by having it emit them; and of those that it declares, where they depend on what
// the machine has.
type existing map[string]bool

func (e existing) add(name, unit string, kind otlptranslator.MetricType) {
	name = translated(name, unit, kind)
	e[name] = true
	if kind == otlptranslator.MetricTypeHistogram {
		e[name+"_bucket"], e[name+"_count"], e[name+"_sum"] = true, true, true
	}
}

func allExisting(t *testing.T) existing {
	t.Helper()
	e := existing{}
	e.addGenerator(t)
	e.addJoin(t)
	e.addRuntime(t)
	e.addCollector(t)
	for _, name := range []string{cpuPeriods, cpuThrottled, memoryLimit} { // of a limited group only
		e[name] = true
	}
	for _, name := range []string{serverTime, serverCallTime} { // of the target's instrumentation
		e[name+"_bucket"], e[name+"_count"] = true, true
	}
	return e
}

// addGenerator adds those of the generator's own golden files.
func (e existing) addGenerator(t *testing.T) {
	files, err := filepath.Glob("../receiver/loadgenreceiver/internal/loadmetrics/testdata/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		md, err := (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics(src)
		require.NoError(t, err)
		e.addPoints(md)
	}
}

func (e existing) addPoints(md pmetric.Metrics) {
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				kind := otlptranslator.MetricType(otlptranslator.MetricTypeGauge)
				switch m.Type() {
				case pmetric.MetricTypeSum:
					if m.Sum().IsMonotonic() {
						kind = otlptranslator.MetricTypeMonotonicCounter
					}
				case pmetric.MetricTypeHistogram, pmetric.MetricTypeExponentialHistogram:
					kind = otlptranslator.MetricTypeHistogram
				}
				e.add(m.Name(), m.Unit(), kind)
			}
		}
	}
}

// addJoin adds those of a join that joins one request.
func (e existing) addJoin(t *testing.T) {
	f := tracejoinprocessor.NewFactory()
	cfg := f.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{
		"wait": "1ms", "metrics": map[string]any{"interval": "10ms"},
	}).Unmarshal(cfg))
	metrics := new(consumertest.MetricsSink)
	set := processortest.NewNopSettings(f.Type())
	mp, err := f.CreateMetrics(t.Context(), set, cfg, metrics)
	require.NoError(t, err)
	tp, err := f.CreateTraces(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	for _, p := range []component.Component{mp, tp} {
		require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	}
	require.NoError(t, tp.ConsumeTraces(t.Context(), oneRequest()))
	require.Eventually(t, func() bool { return metrics.DataPointCount() > 0 }, time.Minute, 5*time.Millisecond)
	require.NoError(t, tp.Shutdown(t.Context()))
	require.NoError(t, mp.Shutdown(t.Context()))
	for _, md := range metrics.AllMetrics() {
		e.addPoints(md)
	}
}

func oneRequest() ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr(attr.ServiceName, attr.ServiceLoadtrace)
	s := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	s.SetKind(ptrace.SpanKindClient)
	s.SetTraceID(pcommon.TraceID{1})
	s.SetSpanID(pcommon.SpanID{1})
	s.SetStartTimestamp(pcommon.NewTimestampFromTime(time.Now().Add(-time.Second)))
	s.SetEndTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	s.Attributes().PutStr(attr.RunID, "0102030405060708")
	s.Attributes().PutStr(attr.AttackName, "http")
	return td
}

// addRuntime adds those of this process.
func (e existing) addRuntime(t *testing.T) {
	reader := sdkmetric.NewManualReader(sdkmetric.WithProducer(goruntime.NewProducer()))
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	stop, err := goruntime.Start(goruntime.WithMeterProvider(provider), goruntime.WithCycleLook(0))
	require.NoError(t, err)
	defer stop()
	var rm metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &rm))
	require.NotEmpty(t, rm.ScopeMetrics)
	for _, sm := range rm.ScopeMetrics {
		for _, m := range sm.Metrics {
			e.add(m.Name, m.Unit, kindOf(m.Data))
		}
	}
}

func kindOf(data metricdata.Aggregation) otlptranslator.MetricType {
	switch d := data.(type) {
	case metricdata.Histogram[float64]:
		return otlptranslator.MetricTypeHistogram
	case metricdata.Sum[int64]:
		if d.IsMonotonic {
			return otlptranslator.MetricTypeMonotonicCounter
		}
	case metricdata.Sum[float64]:
		if d.IsMonotonic {
			return otlptranslator.MetricTypeMonotonicCounter
		}
	}
	return otlptranslator.MetricTypeGauge
}

// addCollector adds those that components declare of themselves, ours and the
// collector's.
func (e existing) addCollector(t *testing.T) {
	files := []string{
		"../receiver/loadgenreceiver/metadata.yaml", "../processor/tracejoinprocessor/metadata.yaml",
	}
	for _, module := range []string{"exporter/exporterhelper", "receiver/receiverhelper", "service"} {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "go.opentelemetry.io/collector/"+module).Output()
		require.NoError(t, err, "find the source of the collector's %s", module)
		files = append(files, filepath.Join(strings.TrimSpace(string(out)), "metadata.yaml"))
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		var metadata struct {
			Telemetry struct {
				Metrics map[string]struct {
					Unit string                    `yaml:"unit"`
					Sum  *struct{ Monotonic bool } `yaml:"sum"`
				} `yaml:"metrics"`
			} `yaml:"telemetry"`
		}
		require.NoError(t, yaml.Unmarshal(src, &metadata), file)
		require.NotEmpty(t, metadata.Telemetry.Metrics, file)
		for name, m := range metadata.Telemetry.Metrics {
			kind := otlptranslator.MetricType(otlptranslator.MetricTypeGauge)
			if m.Sum != nil && m.Sum.Monotonic {
				kind = otlptranslator.MetricTypeMonotonicCounter
			}
			e.add("otelcol_"+name, m.Unit, kind)
		}
	}
}

// filled puts a value in for each of Grafana's macros and variables.
func filled(text string) string {
	for macro, value := range map[string]string{"$__rate_interval": "20s", "$__range": "10m", "$__auto": "10s"} {
		text = strings.ReplaceAll(text, macro, value)
	}
	return used.ReplaceAllString(text, "some")
}

func TestEveryMetricOfADashboardExistsInCode(t *testing.T) {
	e := allExisting(t)
	found := 0
	for _, p := range definitions() {
		for _, s := range p.sections {
			for _, panel := range s.panels {
				for _, q := range panel.queries {
					if q.from == Prometheus {
						found += e.hold(t, panel.title, filled(q.expr))
					}
				}
			}
		}
		for _, v := range p.variables {
			if v.query != "" {
				found += e.hold(t, v.name, filled(v.inner()))
			}
		}
	}
	assert.Greater(t, found, 100)
}

// inner is the PromQL of a variable.
func (v variable) inner() string {
	if series, ok := strings.CutPrefix(v.query, "label_values("); ok {
		return series[:strings.LastIndex(series, ", ")]
	}
	return strings.TrimSuffix(strings.TrimPrefix(v.query, "query_result("), ")")
}

func TestEveryMetricOfARuleExistsInCodeOrIsRecorded(t *testing.T) {
	e := allExisting(t)
	all := rules(t)
	for _, r := range all {
		if r.Record != "" {
			e[r.Record] = true
		}
	}
	for _, r := range all {
		assert.Positive(t, e.hold(t, r.Record+r.Alert, r.Expr))
	}
}

func TestANameThatDoesNotExistIsFound(t *testing.T) {
	e := existing{"loadgen_requests_total": true}
	assert.Empty(t, e.missing(t, `sum(rate(loadgen_requests_total[1m]))`))
	assert.Equal(t, []string{"loadgen_request_total"}, e.missing(t, `sum(rate(loadgen_request_total[1m]))`))
	assert.Equal(t, []string{"otelcol_.+"}, e.missing(t, `{__name__=~"otelcol_.+"}`))
}

// hold says which metrics of a query do not exist, and returns how many it has.
func (e existing) hold(t *testing.T, where, expr string) int {
	t.Helper()
	assert.Empty(t, e.missing(t, expr), "%s: %s", where, expr)
	return len(selectors(t, expr))
}

func selectors(t *testing.T, expr string) (out []*labels.Matcher) {
	t.Helper()
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	require.NoError(t, err, expr)
	parser.Inspect(parsed, func(n parser.Node, _ []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok {
			for _, m := range v.LabelMatchers {
				if m.Name == model.MetricNameLabel {
					out = append(out, m)
				}
			}
		}
		return nil
	})
	return out
}

func (e existing) missing(t *testing.T, expr string) (out []string) {
	t.Helper()
	for _, m := range selectors(t, expr) {
		if m.Type == labels.MatchEqual && e[m.Value] {
			continue
		}
		if m.Type == labels.MatchRegexp && e.matches(m.Value) {
			continue
		}
		out = append(out, m.Value)
	}
	return out
}

func (e existing) matches(pattern string) bool {
	whole := regexp.MustCompile("^(?:" + pattern + ")$")
	for name := range e {
		if whole.MatchString(name) {
			return true
		}
	}
	return false
}
