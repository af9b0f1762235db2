package logsource

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

var (
	idA = pcommon.TraceID{0x0a, 1}
	idB = pcommon.TraceID{0x0b, 2}
)

func TestQueriesAskForIdsWhereTheyAre(t *testing.T) {
	c := valid()
	c.Selector = `{app="x"}`
	l := newLanguage(c)
	assert.Equal(t, `{app="x"} | trace_id!=""`, l.traced())
	assert.Equal(t, `{app="x"} | trace_id=~"`+idA.String()+`|`+idB.String()+`"`, l.of([]pcommon.TraceID{idA, idB}))

	c.Fields = Fields{In: InJSON, TraceID: "ctx.trace-id", SpanID: "ctx.span"}
	assert.Equal(t, `{app="x"} |= "trace-id" | json loadtrace_trace_id="[\"ctx\"][\"trace-id\"]", `+
		`loadtrace_span_id="[\"ctx\"][\"span\"]", loadtrace_severity="[\"level\"]" | loadtrace_trace_id!=""`, newLanguage(c).traced())

	c.Fields = Fields{In: InLogfmt, TraceID: "traceID", Severity: "lvl"}
	assert.Equal(t, `{app="x"} |= "traceID" | logfmt loadtrace_trace_id="traceID", loadtrace_severity="lvl"`+
		` | loadtrace_trace_id!=""`, newLanguage(c).traced())
}

func TestANarrowedQueryTakesEitherCase(t *testing.T) {
	l := newLanguage(valid())
	assert.Equal(t, `Q | trace_id=~"0[aA][0-9a-fA-F]{30}"`, l.within("Q", "0a"))
	assert.Equal(t, `Q | trace_id=~"`+strings.Repeat("1", 32)+`"`, l.within("Q", strings.Repeat("1", 32)))
}

func TestABatchFitsIntoTheQuery(t *testing.T) {
	l := newLanguage(valid())
	assert.Equal(t, 500, l.batch(64<<10, 500))
	for _, most := range []int{1024 + len(valid().Selector), 2000, 64 << 10} {
		n := l.batch(most, 1_000_000)
		ids := slices.Repeat([]pcommon.TraceID{idA}, n)
		longest := l.within(l.of(ids), strings.Repeat("f", 31))
		assert.LessOrEqual(t, len(longest), most)
		assert.Greater(t, len(longest)+40, most, "and no smaller than need be")
	}
}

func TestALinkOpensExploreOnTheTracesLines(t *testing.T) {
	c := valid()
	c.Grafana.Endpoint = "https://grafana.example.com/g/"
	l := &Loki{config: c, language: newLanguage(c)}
	from := time.UnixMilli(1_700_000_000_000).Add(300 * time.Microsecond)
	link := l.Link(idA, from, from.Add(time.Second))
	u, err := url.Parse(link)
	require.NoError(t, err)
	assert.Equal(t, "/g/explore", u.Path)
	assert.Equal(t, "1", u.Query().Get("schemaVersion"))
	assert.Equal(t, "1", u.Query().Get("orgId"))
	var panes map[string]any
	require.NoError(t, json.Unmarshal([]byte(u.Query().Get("panes")), &panes))
	assert.Equal(t, map[string]any{"logs": map[string]any{
		"datasource": "loki",
		"queries": []any{map[string]any{
			"refId": "A", "datasource": map[string]any{"type": "loki", "uid": "loki"}, "editorMode": "code", "queryType": "range",
			"expr": `{service_name=~".+"} | trace_id=~"` + idA.String() + `"`,
		}},
		"range": map[string]any{"from": "1700000000000", "to": "1700000001001"},
	}}, panes)
	l.config.Grafana.Endpoint = ""
	assert.Empty(t, l.Link(idA, from, from))
}
