package dashboards

import (
	"fmt"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// variable is a choice at the top of a dashboard.
type variable struct {
	name, title, about string
	// query of Prometheus, for its values; empty for a list of options.
	query   string
	pattern string // takes a value out of a line of the answer
	options []string
	chosen  string // of the options, at first
	several bool
	all     string // the regular expression of All
	// empty is why it may have no values, if it may.
	empty string
}

// runs has the runs of the time range, the newest first, so that it is chosen
// when the dashboard is opened.
func runs(name, title, except string) variable {
	series := planned
	if except != "" {
		series = selector(planned, not(runID, except))
	}
	return variable{
		name: name, title: title, about: "Identity of a run; the newest within the time range comes first.",
		query: fmt.Sprintf("query_result(sort_desc(max by (%s) (max_over_time(timestamp(%s)[$__range:15s]))))", runID, series),
		// Grafana shows each series as {label="value"} and its sample.
		pattern: fmt.Sprintf(`/%s="([^"]+)"/`, runID),
	}
}

// values of a label. All of them are also the series that have none, so that those
// over a metric's limit, which have no attack, are seen.
func values(name, title, about, label, series string) variable {
	return variable{
		name: name, title: title, about: about, several: true, all: ".*",
		query: fmt.Sprintf("label_values(%s, %s)", series, label),
	}
}

func attacks(run string) variable {
	return values("attack", "Attack", "Attacks of the run.", attackName, selector(planned, is(runID, run)))
}

// services that report a Go runtime. Loki wants All to exclude the empty name.
func services() variable {
	v := values("service", "Service", "Services that report a Go runtime.", "job", goroutines)
	v.all = ".+"
	return v
}

func (v variable) render() cog.Builder[dashboard.VariableModel] {
	if v.query == "" {
		return v.list()
	}
	b := dashboard.NewQueryVariableBuilder(v.name).Label(v.title).Description(v.about).
		Datasource(source(Prometheus)).Definition(v.query).
		Query(dashboard.StringOrMap{Map: map[string]any{
			"query": v.query, "refId": "Variable-" + v.name, "qryType": classicQuery,
		}}).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged)
	if v.pattern != "" {
		b.Regex(v.pattern).Sort(dashboard.VariableSortDisabled)
	} else {
		b.Sort(dashboard.VariableSortAlphabeticalAsc)
	}
	if v.several {
		b.Multi(true).IncludeAll(true).AllValue(v.all).Current(option("All", "$__all"))
	}
	return b
}

// classicQuery has Grafana's editor show the text as it stands.
const classicQuery = 5

func (v variable) list() cog.Builder[dashboard.VariableModel] {
	return dashboard.NewCustomVariableBuilder(v.name).Label(v.title).Description(v.about).
		Values(dashboard.StringOrMap{String: cog.ToPtr(strings.Join(v.options, ","))}).
		Current(option(v.chosen, v.chosen))
}

func option(text, value string) dashboard.VariableOption {
	return dashboard.VariableOption{
		Selected: cog.ToPtr(true),
		Text:     dashboard.StringOrArrayOfString{String: &text},
		Value:    dashboard.StringOrArrayOfString{String: &value},
	}
}
