package dashboards

//lint:file-ignore SA1019 see dashboards.go

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheFilesAreThoseOfTheCode(t *testing.T) {
	files, err := Files()
	require.NoError(t, err)
	there, err := filepath.Glob("json/*.json")
	require.NoError(t, err)
	assert.Len(t, there, len(files))
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("json", name))
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), "%s: run go generate ./dashboards", name)
	}
}

// shown is every dashboard as Grafana would read it.
func shown(t *testing.T) []dashboard.Dashboard {
	t.Helper()
	plugins.RegisterDefaultPlugins()
	files, err := filepath.Glob("json/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var out []dashboard.Dashboard
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		src = withoutSearches(t, src)
		require.Empty(t, unknown(src), file)
		var d dashboard.Dashboard
		require.NoError(t, json.Unmarshal(src, &d))
		out = append(out, d)
	}
	return out
}

// unknown says what the schema does not have, or has as something else. The SDK
// returns an error without words where there is nothing to say.
func unknown(src []byte) string {
	var d dashboard.Dashboard
	if err := d.UnmarshalJSONStrict(src); err != nil {
		return err.Error()
	}
	return ""
}

func TestWhatTheSchemaDoesNotHaveIsFound(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	src, err := os.ReadFile("json/loadtrace-run.json")
	require.NoError(t, err)
	require.Empty(t, unknown(src))
	for old, spoilt := range map[string]string{
		`"graphTooltip":`:    `"graphTolltip":`,    // of a dashboard
		`"expr":`:            `"epxr":`,            // of a query
		`"cellGap": 1`:       `"cellGap": "wide"`,  // of a panel's options
		`"thresholdsStyle":`: `"thresholdsStile":`, // of a field's own options
	} {
		assert.Contains(t, string(src), old)
		assert.NotEmpty(t, unknown([]byte(strings.ReplaceAll(string(src), old, spoilt))), spoilt)
	}
}

// withoutSearches leaves the queries to Jaeger out, of which the SDK knows no
// schema.
func withoutSearches(t *testing.T, src []byte) []byte {
	t.Helper()
	var d map[string]any
	require.NoError(t, json.Unmarshal(src, &d))
	for _, p := range d["panels"].([]any) {
		if p := p.(map[string]any); p["type"] == "table" {
			delete(p, "targets")
		}
	}
	out, err := json.Marshal(d)
	require.NoError(t, err)
	return out
}

func TestGrafanaTakesEveryDashboardFromAFile(t *testing.T) {
	uids := map[string]bool{}
	for _, d := range shown(t) {
		assert.LessOrEqual(t, d.SchemaVersion, uint16(42), "later schemas are not Classic")
		require.NotNil(t, d.Uid)
		assert.False(t, uids[*d.Uid], "%s: a uid is given once", *d.Uid)
		uids[*d.Uid] = true
		assert.LessOrEqual(t, len(*d.Uid), 40)
		assert.Nil(t, d.Id, "an id is the server's to give")
		assert.NotEmpty(t, *d.Description)
		assert.Contains(t, d.Tags, Tag)
		require.Len(t, d.Links, 1)
		assert.Equal(t, []string{Tag}, d.Links[0].Tags)
	}
}

func TestPanelsFillTheGridAndDoNotOverlap(t *testing.T) {
	for _, d := range shown(t) {
		taken := map[[2]uint32]string{}
		var rows uint32
		ids := map[uint32]bool{}
		for _, p := range d.Panels {
			at, title, id := placed(p)
			require.NotZero(t, id)
			assert.False(t, ids[id], "%s: an id is given once", title)
			ids[id] = true
			assert.LessOrEqual(t, at.X+at.W, uint32(24), "%s: %s", *d.Title, title)
			for x := at.X; x < at.X+at.W; x++ {
				for y := at.Y; y < at.Y+at.H; y++ {
					assert.Empty(t, taken[[2]uint32{x, y}], "%s: %s overlaps", *d.Title, title)
					taken[[2]uint32{x, y}] = title
				}
			}
			rows = max(rows, at.Y+at.H)
		}
		assert.Len(t, taken, int(rows)*24, "%s has holes", *d.Title)
	}
}

func placed(p dashboard.PanelOrRowPanel) (at dashboard.GridPos, title string, id uint32) {
	if p.RowPanel != nil {
		return *p.RowPanel.GridPos, *p.RowPanel.Title, p.RowPanel.Id
	}
	return *p.Panel.GridPos, *p.Panel.Title, *p.Panel.Id
}

func TestEveryPanelSaysWhatItShowsInWhichUnitAndWhereItGetsBad(t *testing.T) {
	panels := 0
	for _, d := range shown(t) {
		for _, p := range d.Panels {
			if p.Panel == nil {
				continue
			}
			panels++
			about := fmt.Sprintf("%s: %s", *d.Title, *p.Panel.Title)
			require.NotNil(t, p.Panel.Description, about)
			assert.Greater(t, len(*p.Panel.Description), 20, about)
			assert.True(t, strings.HasSuffix(*p.Panel.Description, "."), about)
			require.NotNil(t, p.Panel.FieldConfig, about)
			defaults := p.Panel.FieldConfig.Defaults
			if p.Panel.Type != "logs" {
				require.NotNil(t, defaults.Unit, about)
				assert.NotEmpty(t, *defaults.Unit, about)
			}
			require.NotNil(t, defaults.Thresholds, about)
			steps := defaults.Thresholds.Steps
			require.NotEmpty(t, steps, about)
			assert.Nil(t, steps[0].Value, "%s: thresholds begin at minus infinity", about)
			for i := 2; i < len(steps); i++ {
				assert.Less(t, *steps[i-1].Value, *steps[i].Value, about)
			}
			require.NotNil(t, p.Panel.Datasource, about)
		}
	}
	assert.Greater(t, panels, 40)
}

// A panel that leaves something out is refused, not shown half.
func TestAPanelThatDoesNotExplainItselfIsRefused(t *testing.T) {
	whole := panel{title: "Rate", about: "Requests per second.", unit: "reqps", w: 6, h: 4, queries: []query{prom("up", "up")}}
	_, err := whole.render()
	require.NoError(t, err)
	for want, spoil := range map[string]func(*panel){
		"has no title":                 func(p *panel) { p.title = "" },
		"does not say what it shows":   func(p *panel) { p.about = "" },
		"has no size":                  func(p *panel) { p.w = 25 },
		"asks nothing":                 func(p *panel) { p.queries = nil },
		"has no unit":                  func(p *panel) { p.unit = "" },
		"has a query without a legend": func(p *panel) { p.queries = []query{prom("up", "")} },
		"asks several data sources":    func(p *panel) { p.queries = []query{prom("up", "up"), lines("{}")} },
	} {
		p := whole
		spoil(&p)
		_, err := p.render()
		assert.ErrorContains(t, err, want)
	}
}

// One meaning has one colour, wherever it is shown.
func TestALegendHasOneColour(t *testing.T) {
	colours := map[string]string{}
	for _, p := range definitions() {
		for _, s := range p.sections {
			for _, panel := range s.panels {
				for legend, colour := range panel.look.colours {
					if before := colours[legend]; before != "" {
						assert.Equal(t, before, colour, "%s on %s, %s", legend, p.title, panel.title)
					}
					colours[legend] = colour
				}
			}
		}
	}
	assert.NotEmpty(t, colours)
}

var used = regexp.MustCompile(`\$(\w+)|\$\{(\w+)[}:]`)

// A variable that is not there would be sent to the server as it stands.
func TestQueriesUseVariablesThatTheDashboardHas(t *testing.T) {
	macros := []string{"__rate_interval", "__range", "__auto"}
	for _, p := range definitions() {
		var names, taken []string
		for _, v := range p.variables {
			names = append(names, v.name)
		}
		for _, text := range p.texts() {
			for _, found := range used.FindAllStringSubmatch(text, -1) {
				name := found[1] + found[2]
				taken = append(taken, name)
				assert.True(t, slices.Contains(names, name) || slices.Contains(macros, name), "%s uses $%s in %s", p.title, name, text)
			}
		}
		for _, name := range names {
			assert.Contains(t, taken, name, "%s has a variable that nothing uses", p.title)
		}
	}
}

// texts are all that the dashboard sends to a server, and the titles.
func (p *definition) texts() (out []string) {
	for _, v := range p.variables {
		out = append(out, v.query)
	}
	for _, e := range p.events {
		out = append(out, e.expr)
	}
	for _, s := range p.sections {
		for _, panel := range s.panels {
			out = append(out, panel.title)
			for _, q := range panel.queries {
				out = append(out, q.expr)
				if q.search != nil {
					out = append(append(out, q.search.tags...), q.search.slowest)
				}
			}
		}
	}
	return out
}
