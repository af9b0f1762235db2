package dashboards

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rule is one of deploy/prometheus/rules.
type rule struct {
	Record, Alert, Expr string
	Labels, Annotations map[string]string
}

func rules(t *testing.T) (out []rule) {
	t.Helper()
	files, err := filepath.Glob("../deploy/prometheus/rules/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		var groups struct{ Groups []struct{ Rules []rule } }
		require.NoError(t, yaml.Unmarshal(src, &groups), file)
		for _, g := range groups.Groups {
			out = append(out, g.Rules...)
		}
	}
	require.NotEmpty(t, out)
	return out
}

// Who is woken up by an alert must know what it means and where to look.
func TestEveryAlertLeadsToADashboardAndARunbook(t *testing.T) {
	guide, err := os.ReadFile("../docs/grafana.md")
	require.NoError(t, err)
	runbooks := map[string]bool{}
	for _, r := range rules(t) {
		if r.Alert == "" {
			continue
		}
		assert.NotEmpty(t, r.Annotations["summary"], r.Alert)
		assert.NotEmpty(t, r.Annotations["description"], r.Alert)
		assert.Contains(t, []string{"warning", "critical"}, r.Labels["severity"], r.Alert)

		uid, query, _ := strings.Cut(strings.TrimPrefix(r.Annotations["dashboard_url"], "/d/"), "?")
		names := variablesOf(uid)
		require.NotEmpty(t, names, "%s: there is no dashboard %q", r.Alert, uid)
		for _, setting := range strings.FieldsFunc(query, func(r rune) bool { return r == '&' }) {
			name, _, _ := strings.Cut(strings.TrimPrefix(setting, "var-"), "=")
			assert.Contains(t, names, name, "%s: %s has no such variable", r.Alert, uid)
		}

		const runbook = "https://github.com/loadtrace/loadtrace/blob/main/docs/runbooks/"
		require.True(t, strings.HasPrefix(r.Annotations["runbook_url"], runbook), r.Alert)
		file := path.Base(r.Annotations["runbook_url"])
		runbooks[file] = true
		text, err := os.ReadFile(filepath.Join("../docs/runbooks", file))
		require.NoError(t, err, r.Alert)
		assert.Contains(t, string(text), "`"+r.Alert+"`", "%s is of another alert", file)
		assert.Contains(t, string(guide), "["+r.Alert+"](runbooks/"+file+")", "the guide does not list it")
	}
	all, err := filepath.Glob("../docs/runbooks/*.md")
	require.NoError(t, err)
	assert.Len(t, all, len(runbooks), "every runbook is of an alert")
}

func variablesOf(uid string) (names []string) {
	for _, p := range definitions() {
		if p.uid == uid {
			for _, v := range p.variables {
				names = append(names, v.name)
			}
		}
	}
	return names
}

// A runbook speaks of panels and sections; they must be there by that name.
func TestRunbooksNamePanelsAndSectionsThatThereAre(t *testing.T) {
	titles := map[string]bool{}
	for _, p := range definitions() {
		for _, s := range p.sections {
			titles[s.title] = true
			for _, panel := range s.panels {
				title, _, _ := strings.Cut(panel.title, ":")
				titles[title] = true
			}
		}
	}
	files, err := filepath.Glob("../docs/runbooks/*.md")
	require.NoError(t, err)
	named := 0
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		for i, text := range strings.Split(string(src), "*") {
			if i%2 == 1 && text != "undecided" {
				named++
				assert.True(t, titles[text], "%s: there is no panel %q", file, text)
			}
		}
	}
	assert.Positive(t, named)
}
