package dashboards

import (
	"fmt"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/loki"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
)

// The data sources, as deploy/grafana provisions them.
const (
	Prometheus = "prometheus"
	Loki       = "loki"
	Jaeger     = "jaeger"
)

// source is a reference to one; its type is its uid.
func source(uid string) common.DataSourceRef {
	return common.DataSourceRef{Type: cog.ToPtr(uid), Uid: cog.ToPtr(uid)}
}

// query asks one data source. Exactly one of expr and search is set.
type query struct {
	from   string
	expr   string  // PromQL or LogQL
	search *search // of traces
	legend string
	how    how
	// empty is why the query may find nothing, if it may.
	empty string
}

// how a query is to be answered.
type how int

const (
	overTime  how = iota
	atTheEnd      // one value, of the end of the time range
	asHeatmap     // with exemplars
	exemplary     // over time, with exemplars
)

// search of traces by attributes of one span, in Jaeger. Only variables and
// whole attributes: a Jaeger matches them exactly.
type search struct {
	tags    []string // key=value
	slowest string   // at least this long, with a unit
}

func prom(expr, legend string) query { return query{from: Prometheus, expr: expr, legend: legend} }

func lines(expr string) query { return query{from: Loki, expr: expr} }

func traces(s search) query { return query{from: Jaeger, search: &s} }

func (q query) at(h how) query { q.how = h; return q }

// mayBeEmpty says why it may find nothing in a run that is well.
func (q query) mayBeEmpty(why string) query { q.empty = why; return q }

func (q query) render(ref string) cog.Builder[variants.Dataquery] {
	switch q.from {
	case Loki:
		return q.renderLoki(ref)
	case Jaeger:
		return q.renderJaeger(ref)
	default:
		return q.renderPrometheus(ref)
	}
}

func (q query) renderPrometheus(ref string) cog.Builder[variants.Dataquery] {
	b := prometheus.NewDataqueryBuilder().RefId(ref).Datasource(source(Prometheus)).
		EditorMode(prometheus.QueryEditorModeCode).Expr(q.expr).LegendFormat(q.legend)
	switch q.how {
	case atTheEnd:
		b.Instant()
	case asHeatmap:
		b.Range().Exemplar(true).Format(prometheus.PromQueryFormatHeatmap)
	case exemplary:
		b.Range().Exemplar(true)
	default:
		b.Range()
	}
	return b
}

func (q query) renderLoki(ref string) cog.Builder[variants.Dataquery] {
	b := loki.NewDataqueryBuilder().RefId(ref).Datasource(source(Loki)).
		EditorMode(loki.QueryEditorModeCode).Expr(q.expr).QueryType("range")
	if q.legend != "" {
		b.LegendFormat(q.legend)
	}
	if q.how == atTheEnd {
		b.QueryType("instant")
	}
	return b
}

// renderJaeger writes what Grafana's Jaeger data source reads; the SDK has no
// type for it.
func (q query) renderJaeger(ref string) cog.Builder[variants.Dataquery] {
	out := variants.UnknownDataquery{
		"refId": ref, "datasource": map[string]any{"type": Jaeger, "uid": Jaeger},
		"queryType": "search", "service": "loadtrace", "tags": strings.Join(q.search.tags, " "), "limit": 100,
	}
	if q.search.slowest != "" {
		out["minDuration"] = q.search.slowest
	}
	return variants.NewUnknownDataqueryBuilderFromObject(out)
}

// selector of a metric's series.
func selector(metric string, matchers ...string) string {
	return metric + "{" + strings.Join(matchers, ", ") + "}"
}

// is a matcher: a label has a value, or one of a variable's values.
func is(label, value string) string {
	if strings.HasPrefix(value, "$") {
		return fmt.Sprintf("%s=~%q", label, value)
	}
	return fmt.Sprintf("%s=%q", label, value)
}

// not is a matcher: a label has another value.
func not(label, value string) string { return fmt.Sprintf("%s!=%q", label, value) }

// wasError is a matcher: an error of the target's or on the way to it. A request that
// the stop of the run cut off is none.
func wasError() string { return fmt.Sprintf("%s!~%q", errorType, "|cancelled") }

// rate is per second, over an interval that Grafana fits to the points.
func rate(series string) string { return "rate(" + series + "[$__rate_interval])" }

// total is the last value within the time range. A run's counters are its own and
// begin at zero, so it is exact where an increase is an estimate.
func total(series string) string { return "last_over_time(" + series + "[$__range])" }

// now is the value as long as somebody still tells it: Prometheus itself goes on
// showing the last one for five minutes after the end of a run.
func now(series string) string { return "last_over_time(" + series + "[$__rate_interval])" }

// sum over everything but the labels.
func sum(expr string, by ...string) string {
	if len(by) == 0 {
		return "sum(" + expr + ")"
	}
	return "sum by (" + strings.Join(by, ", ") + ") (" + expr + ")"
}

// quantile of native histograms.
func quantile(q float64, expr string) string {
	return fmt.Sprintf("histogram_quantile(%v, %s)", q, expr)
}

// classic is the quantile of histograms with fixed buckets.
func classic(q float64, metric string, matchers []string, by ...string) string {
	return quantile(q, sum(rate(selector(metric+"_bucket", matchers...)), append([]string{"le"}, by...)...))
}
