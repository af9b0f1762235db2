package dashboards

import (
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// provisioned is a data source of deploy/grafana.
type provisioned struct {
	Name, UID, Type, URL string
	JSONData             struct {
		TimeInterval                string    `yaml:"timeInterval"`
		ExemplarTraceIDDestinations []linkTo  `yaml:"exemplarTraceIdDestinations"`
		TracesToLogs                *tracesTo `yaml:"tracesToLogsV2"`
		TracesToMetrics             *tracesTo `yaml:"tracesToMetrics"`
		DerivedFields               []linkTo  `yaml:"derivedFields"`
	} `yaml:"jsonData"`
}

// linkTo is a link from an exemplar, or from a field of a line.
type linkTo struct {
	Name          string
	MatcherType   string `yaml:"matcherType"`
	MatcherRegex  string `yaml:"matcherRegex"`
	URL           string
	DatasourceUID string `yaml:"datasourceUid"`
}

// tracesTo are the links from a span.
type tracesTo struct {
	DatasourceUID string `yaml:"datasourceUid"`
	CustomQuery   bool   `yaml:"customQuery"`
	Query         string
	Tags          []struct{ Key, Value string }
	Queries       []struct{ Name, Query string }
}

// sources are the data sources by uid, as Grafana has them once it has replaced the
// variables of its environment: $$ is $.
func sources(t *testing.T) map[string]provisioned {
	t.Helper()
	src, err := os.ReadFile("../deploy/grafana/provisioning/datasources/loadtrace.yaml")
	require.NoError(t, err)
	assert.NotContains(t, strings.ReplaceAll(string(src), "$$", ""), "${", "a $ of Grafana's own is written $$")
	var file struct{ Datasources []provisioned }
	require.NoError(t, yaml.Unmarshal([]byte(strings.ReplaceAll(string(src), "$$", "$")), &file))
	out := map[string]provisioned{}
	for _, d := range file.Datasources {
		out[d.UID] = d
	}
	return out
}

func TestEveryDataSourceOfADashboardAndOfALinkIsProvisioned(t *testing.T) {
	all := sources(t)
	for _, uid := range []string{Prometheus, Loki, Jaeger} {
		require.Contains(t, all, uid)
		assert.Equal(t, uid, all[uid].Type, "dashboards name the type after the uid")
	}
	assert.Len(t, all, 3)
	require.Len(t, all[Prometheus].JSONData.ExemplarTraceIDDestinations, 1)
	assert.Equal(t, Jaeger, all[Prometheus].JSONData.ExemplarTraceIDDestinations[0].DatasourceUID)
	assert.Equal(t, Loki, all[Jaeger].JSONData.TracesToLogs.DatasourceUID)
	assert.Equal(t, Prometheus, all[Jaeger].JSONData.TracesToMetrics.DatasourceUID)
	require.Len(t, all[Loki].JSONData.DerivedFields, 1)
	assert.Equal(t, Jaeger, all[Loki].JSONData.DerivedFields[0].DatasourceUID)
}

// A line filter, which is what the link has without a query of its own, finds
// nothing: a trace's id is beside the line, not in it.
func TestTheLinkToLogsFiltersByTheTracesIDBesideTheLine(t *testing.T) {
	links := sources(t)[Jaeger].JSONData.TracesToLogs
	assert.True(t, links.CustomQuery)
	assert.Contains(t, links.Query, `| trace_id="${__trace.traceId}"`)
}

func TestMetricsOfSpansExistInCode(t *testing.T) {
	e := allExisting(t)
	queries := sources(t)[Jaeger].JSONData.TracesToMetrics.Queries
	require.NotEmpty(t, queries)
	for _, q := range queries {
		assert.Contains(t, q.Query, "$__tags", q.Name)
		e.hold(t, q.Name, strings.ReplaceAll(q.Query, "$__tags", `instance="some"`))
	}
}

// Nobody mounts the dashboards where the provider does not look.
func TestTheProviderReadsDashboardsFromAFolder(t *testing.T) {
	src, err := os.ReadFile("../deploy/grafana/provisioning/dashboards/loadtrace.yaml")
	require.NoError(t, err)
	var file struct {
		Providers []struct {
			Type    string
			Options struct{ Path string }
		}
	}
	require.NoError(t, yaml.Unmarshal(src, &file))
	require.Len(t, file.Providers, 1)
	assert.Equal(t, "file", file.Providers[0].Type)
	assert.Equal(t, "/etc/grafana/dashboards", file.Providers[0].Options.Path)
}
