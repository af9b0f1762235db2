//go:build stack

package dashboards

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var nan = math.NaN()

// Everything that a person can see or click on is asked of the real servers, after
// two real runs. One platform serves all, for it takes a minute to fill.
func TestNothingOnADashboardIsDead(t *testing.T) {
	l := startPlatform(t)
	l.play(t)
	for _, p := range definitions() {
		t.Run(p.uid, func(t *testing.T) { l.look(t, &p) })
	}
	t.Run("links", func(t *testing.T) { l.follow(t) })
	t.Run("rules", func(t *testing.T) { l.evaluate(t) })
	t.Run("nothing was lost", func(t *testing.T) {
		found, err := l.instant(l.fill(lost(total), map[string]string{"collector": ".*"}), l.until)
		require.NoError(t, err)
		require.Len(t, found, 1)
		assert.Zero(t, found[0].last())
	})
}

// look asks whatever a dashboard asks.
func (l *live) look(t *testing.T, p *definition) {
	chosen := map[string]string{}
	for _, v := range p.variables {
		found := l.options(t, v, chosen)
		if len(found) == 0 {
			require.NotEmpty(t, v.empty, "variable %s has no values", v.name)
			found = []string{""}
		}
		chosen[v.name] = found[0]
		if v.several {
			chosen[v.name] = v.all
		}
		if v.chosen != "" {
			chosen[v.name] = v.chosen
		}
	}
	t.Logf("%v", chosen)
	for _, e := range p.events {
		found, err := l.logLines(l.fill(e.expr, chosen))
		require.NoError(t, err, e.name)
		assert.True(t, len(found) > 0 || e.empty != "", "event %s marks nothing: %s", e.name, e.expr)
	}
	empty, asked := 0, 0
	for _, s := range p.sections {
		for _, panel := range s.panels {
			for _, q := range panel.queries {
				if panel.kind == figure || panel.kind == bars {
					q.how = atTheEnd
				}
				if panel.kind == heatmap {
					q.how = asHeatmap
				}
				asked++
				if !l.holds(t, panel.title, q, chosen) {
					empty++
				}
			}
		}
	}
	t.Logf("%d queries, of which %d found nothing, for their reasons", asked, empty)
}

// holds asks a query and says whether it found anything; if not it must say why.
func (l *live) holds(t *testing.T, title string, q query, chosen map[string]string) bool {
	t.Helper()
	expr := l.fill(q.expr, chosen)
	found, err := l.count(q, expr, chosen)
	if !assert.NoError(t, err, "%s: %s", title, expr) {
		return false
	}
	if found == 0 {
		assert.NotEmpty(t, q.empty, "%s: finds nothing, and does not say why it may: %s%v", title, expr, q.search)
		return false
	}
	if q.how == exemplary || q.how == asHeatmap {
		l.resolve(t, title, expr)
	}
	return true
}

// count is how many series, lines or traces a query finds. Series that the legend
// cannot name are a fault.
func (l *live) count(q query, expr string, chosen map[string]string) (int, error) {
	switch {
	case q.search != nil:
		found, err := l.find(q.search.filled(chosen))
		return len(found), err
	case q.from == Loki && q.legend == "":
		found, err := l.logLines(expr)
		return len(found), err
	}
	found, err := l.figures(q, expr)
	if err != nil {
		return 0, err
	}
	return len(found), named(q.legend, found)
}

// figures are the series of a query that show anything.
func (l *live) figures(q query, expr string) ([]series, error) {
	switch {
	case q.from == Loki:
		return shows(l.logFigures(expr, q.how))
	case q.how == atTheEnd:
		return shows(l.instant(expr, l.until))
	case q.how == asHeatmap:
		found, err := l.overTime(expr)
		return slices.DeleteFunc(found, func(s series) bool { return !s.native() }), err
	default:
		return shows(l.overTime(expr))
	}
}

func shows(all []series, err error) ([]series, error) {
	return slices.DeleteFunc(all, func(s series) bool { return !s.data() }), err
}

var labelOf = regexp.MustCompile(`{{(\w+)}}`)

// named holds that a legend's labels are labels of the series: to sum by one that is
// not there finds something, under no name.
func named(legend string, found []series) error {
	for _, label := range labelOf.FindAllStringSubmatch(legend, -1) {
		if len(found) > 0 && !slices.ContainsFunc(found, func(s series) bool { return s.Metric[label[1]] != "" }) {
			return fmt.Errorf("no series has the label %s of the legend %s", label[1], legend)
		}
	}
	return nil
}

// resolve holds that each exemplar is a trace in Jaeger, which a click on it opens.
func (l *live) resolve(t *testing.T, title, expr string) {
	t.Helper()
	label := sources(t)[Prometheus].JSONData.ExemplarTraceIDDestinations[0].Name
	found, err := l.exemplars(expr)
	require.NoError(t, err, "%s: %s", title, expr)
	require.NotEmpty(t, found, "%s: no exemplars: %s", title, expr)
	seen := map[string]bool{}
	for _, e := range found {
		id := e[label]
		if !assert.NotEmpty(t, id, "%s: an exemplar has no %s: %v", title, label, e) {
			return
		}
		if seen[id] {
			continue
		}
		seen[id] = true
		got, err := l.trace(id)
		if assert.NoError(t, err, "%s: an exemplar's trace is not in Jaeger", title) {
			assert.NotEmpty(t, got.Spans)
		}
	}
	t.Logf("%s: %d traces of %d exemplars are in Jaeger", title, len(seen), len(found))
}

// options are the values of a variable, in the order in which Grafana shows them.
func (l *live) options(t *testing.T, v variable, chosen map[string]string) (out []string) {
	t.Helper()
	switch {
	case v.query == "":
		return v.options
	case strings.HasPrefix(v.query, "label_values("):
		label := v.query[strings.LastIndex(v.query, ", ")+2 : len(v.query)-1]
		var a struct{ Data []string }
		require.NoError(t, ask(l.prometheus+"/api/v1/label/"+label+"/values", url.Values{
			"match[]": {l.fill(v.inner(), chosen)}, "start": {seconds(l.from)}, "end": {seconds(l.until)},
		}, &a), v.query)
		return a.Data
	}
	found, err := l.instant(l.fill(v.inner(), chosen), l.until)
	require.NoError(t, err, v.query)
	pattern := regexp.MustCompile(strings.Trim(v.pattern, "/"))
	for i := range found {
		match := pattern.FindStringSubmatch(written(found[i].Metric))
		require.NotNil(t, match, "%s does not match %s", v.pattern, written(found[i].Metric))
		out = append(out, match[1])
	}
	return out
}

// written is a series as Grafana writes it before it takes a value out of it.
func written(labels map[string]string) string {
	var pairs []string
	for name, value := range labels {
		pairs = append(pairs, fmt.Sprintf("%s=%q", name, value))
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

// fill puts in what Grafana would for its macros and the variables.
func (l *live) fill(text string, chosen map[string]string) string {
	macros := map[string]string{
		"$__rate_interval": rateInterval.String(),
		"$__range":         fmt.Sprintf("%ds", int(l.until.Sub(l.from).Seconds())),
		"$__auto":          step.String(),
	}
	for macro, value := range macros {
		text = strings.ReplaceAll(text, macro, value)
	}
	return used.ReplaceAllStringFunc(text, func(name string) string {
		value, ok := chosen[strings.Trim(name, "${}")]
		if !ok {
			return name // the server's complaint is the test's
		}
		return value
	})
}

func (s *search) filled(chosen map[string]string) (out search) {
	put := func(text string) string {
		return used.ReplaceAllStringFunc(text, func(name string) string { return chosen[strings.Trim(name, "${}")] })
	}
	for _, tag := range s.tags {
		out.tags = append(out.tags, put(tag))
	}
	out.slowest = put(s.slowest)
	return out
}

// evaluate holds that the server has the shipped rules and can evaluate them all,
// and that what they record of a run is there.
func (l *live) evaluate(t *testing.T) {
	var a struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Health, LastError string }
			}
		}
	}
	require.NoError(t, ask(l.prometheus+"/api/v1/rules", nil, &a))
	healthy := map[string]bool{}
	for _, g := range a.Data.Groups {
		for _, r := range g.Rules {
			assert.Equal(t, "ok", r.Health, "%s: %s", r.Name, r.LastError)
			healthy[r.Name] = true
		}
	}
	limited := regexp.MustCompile("^instance:goruntime_cgroup_") // of instances with a CPU limit
	for _, r := range rules(t) {
		assert.True(t, healthy[r.Record+r.Alert], "%s is not evaluated", r.Record+r.Alert)
		if r.Record == "" || limited.MatchString(r.Record) {
			continue
		}
		found, err := shows(l.overTime(r.Record))
		require.NoError(t, err)
		assert.NotEmpty(t, found, "%s has recorded nothing", r.Record)
	}
}

// follow follows the links of one known request, both ways.
func (l *live) follow(t *testing.T) {
	client, server, id := l.knownRequest(t)
	all := sources(t)
	t.Run("from a trace to its lines, and from a line to its trace", func(t *testing.T) {
		links := all[Jaeger].JSONData.TracesToLogs
		found, err := l.logLines(strings.ReplaceAll(links.Query, "${__trace.traceId}", id))
		require.NoError(t, err)
		require.NotEmpty(t, found, "the request logged a line")
		field := all[Loki].JSONData.DerivedFields[0]
		require.Equal(t, "label", field.MatcherType)
		matches := regexp.MustCompile(field.MatcherRegex)
		for _, line := range found {
			targets := 0
			for name, value := range line.labels {
				if matches.MatchString(name) {
					targets++
					assert.Equal(t, id, strings.ReplaceAll(field.URL, "${__value.raw}", value), "the link of %s", line.text)
				}
			}
			assert.Equal(t, 1, targets, "links of the line %q", line.text)
		}
		t.Logf("%d lines of trace %s", len(found), id)
	})
	t.Run("from a span to its metrics", func(t *testing.T) {
		links := all[Jaeger].JSONData.TracesToMetrics
		for _, q := range links.Queries {
			tags := client
			if strings.Contains(q.Name, "server") {
				tags = server
			}
			var matchers []string
			for _, tag := range links.Tags {
				if value := tags[tag.Key]; value != "" {
					matchers = append(matchers, fmt.Sprintf("%s=%q", tag.Value, value))
				}
			}
			require.NotEmpty(t, matchers)
			found, err := shows(l.overTime(strings.ReplaceAll(q.Query, "$__tags", strings.Join(matchers, ", "))))
			require.NoError(t, err, q.Name)
			assert.NotEmpty(t, found, "%s finds nothing for {%s}", q.Name, strings.Join(matchers, ", "))
		}
	})
}

// knownRequest is one that an exemplar names: the tags of the generator's span and
// of the server's, and the trace's id.
func (l *live) knownRequest(t *testing.T) (client, server map[string]string, id string) {
	t.Helper()
	found, err := l.exemplars(selector(responseTime, is(attackName, "http")))
	require.NoError(t, err)
	require.NotEmpty(t, found)
	id = found[0]["trace_id"]
	got, err := l.trace(id)
	require.NoError(t, err)
	for _, s := range got.Spans {
		tags := got.tags(s)
		switch {
		case tags["loadgen.run.id"] != "":
			client = tags
			assert.Equal(t, found[0]["span_id"], s.SpanID, "the exemplar names the generator's span")
		case tags["span.kind"] == "server" && tags["http.route"] == "/auth/validate":
			server = tags
		}
	}
	src, err := json.Marshal(got)
	require.NoError(t, err)
	require.NotNil(t, client, "%s", src)
	require.NotNil(t, server, "%s", src)
	return client, server, id
}
