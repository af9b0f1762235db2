package logsource

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Link is a URL of Grafana's Explore that shows the lines of one trace within a
// span of time, or empty if no Grafana is configured.
func (l *Loki) Link(trace pcommon.TraceID, from, to time.Time) string {
	return l.config.Grafana.explore(l.language.of([]pcommon.TraceID{trace}), from, to)
}

// pane is one of Explore's, in the form of schemaVersion 1
// (grafana.com/docs/grafana/latest/explore, "generate Explore URLs from external
// tools").
type pane struct {
	Datasource string      `json:"datasource"`
	Queries    []paneQuery `json:"queries"`
	Range      paneRange   `json:"range"`
}

type paneQuery struct {
	RefID      string         `json:"refId"`
	Datasource paneDatasource `json:"datasource"`
	EditorMode string         `json:"editorMode"`
	Expr       string         `json:"expr"`
	QueryType  string         `json:"queryType"`
}

type paneDatasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// paneRange is in milliseconds since 1970.
type paneRange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

func (g Grafana) explore(query string, from, to time.Time) string {
	if g.Endpoint == "" {
		return ""
	}
	panes, err := json.Marshal(map[string]pane{"logs": {
		Datasource: g.DatasourceUID,
		Queries: []paneQuery{{
			RefID: "A", Datasource: paneDatasource{Type: "loki", UID: g.DatasourceUID},
			EditorMode: "code", Expr: query, QueryType: "range",
		}},
		// Whole milliseconds around the span, so that neither end is cut off.
		Range: paneRange{
			From: strconv.FormatInt(from.UnixMilli(), 10),
			To:   strconv.FormatInt(to.Add(time.Millisecond-1).UnixMilli(), 10),
		},
	}})
	if err != nil {
		return "" // strings alone cannot fail to marshal
	}
	return strings.TrimRight(g.Endpoint, "/") + "/explore?schemaVersion=1&panes=" + url.QueryEscape(string(panes)) +
		"&orgId=" + strconv.Itoa(g.OrgID)
}
