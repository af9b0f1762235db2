package schema

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/starterplan"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

const root = "../.."

func TestThePublishedSchemasAreThoseOfTheTypes(t *testing.T) {
	files, err := Files(root)
	require.NoError(t, err)
	require.Len(t, files, 3)
	for name, want := range files {
		have, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		assert.Equal(t, string(want), string(have), "run go generate ./internal/schema")
	}
}

// published is the schema of a plan as it is in docs/schema.
func published(t *testing.T) (*jsonschema.Schema, *jsonschema.Resolved) {
	text, err := os.ReadFile(root + "/docs/schema/plan.schema.json")
	require.NoError(t, err)
	s := &jsonschema.Schema{}
	require.NoError(t, json.Unmarshal(text, s))
	resolved, err := s.Resolve(nil)
	require.NoError(t, err)
	return s, resolved
}

// check holds a plan's source against the schema.
func check(t *testing.T, schema *jsonschema.Resolved, src string) error {
	text, err := yaml.YAMLToJSON([]byte(src))
	require.NoError(t, err, src)
	var plan any
	require.NoError(t, json.Unmarshal(text, &plan), "%s", text)
	return schema.Validate(plan)
}

func TestEveryPlanThatIsShippedMeetsTheSchema(t *testing.T) {
	_, schema := published(t)
	examples, err := filepath.Glob(root + "/examples/plans/*.yaml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(examples), 7)
	for _, path := range append(examples, root+"/internal/demo/demo.yaml", root+"/internal/ladderrun/ladder.yaml") {
		src, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.NoError(t, check(t, schema, string(src)), path)
	}
	assert.NoError(t, check(t, schema, starterplan.Text))
	reference, err := os.ReadFile(root + "/docs/plan.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```yaml\n(attacks:.*?)```").FindAllStringSubmatch(string(reference), -1)
	require.Greater(t, len(blocks), 5)
	for _, block := range blocks {
		assert.NoError(t, check(t, schema, block[1]), block[1])
	}
}

func TestExamplesNameTheirSchema(t *testing.T) {
	examples, err := filepath.Glob(root + "/examples/plans/*.yaml")
	require.NoError(t, err)
	for _, path := range examples {
		src, err := os.ReadFile(path)
		require.NoError(t, err)
		first, _, _ := strings.Cut(string(src), "\n")
		named, ok := strings.CutPrefix(first, "# yaml-language-server: $schema=")
		require.True(t, ok, path)
		assert.FileExists(t, filepath.Join(filepath.Dir(path), named))
	}
	s, _ := published(t)
	assert.Contains(t, starterplan.Text, "$schema="+s.ID+"\n")
}

// The parser lists the keys that it knows where it finds one that it does not.
func TestTheSchemaHasTheKeysOfTheParser(t *testing.T) {
	s, _ := published(t)
	checked := 0
	var walk func(s *jsonschema.Schema, before, after string)
	walk = func(s *jsonschema.Schema, before, after string) {
		if s.Items != nil {
			walk(s.Items, before+"[", "]"+after)
		}
		if len(s.Properties) == 0 {
			return
		}
		_, err := planfile.Parse("plan.yaml", []byte(before+"{zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz: 1}"+after))
		require.Error(t, err)
		m := regexp.MustCompile(`unknown key; the keys here are (.*)`).FindStringSubmatch(err.Error())
		require.NotNil(t, m, "%s: %v", before, err)
		assert.ElementsMatch(t, strings.Split(m[1], ", "), slices.Collect(maps.Keys(s.Properties)), before)
		checked++
		for name, p := range s.Properties {
			walk(p, before+"{"+name+": ", "}"+after)
		}
	}
	walk(s, "", "")
	assert.Greater(t, checked, 15)
}

func TestTheSchemaKnowsWhatTheParserRefuses(t *testing.T) {
	_, schema := published(t)
	const http, load = "http: {url: 'http://h/'}", "load: [{constant: 1/s, count: 1}]"
	good := "attacks: [{" + http + ", " + load + "}]"
	require.NoError(t, check(t, schema, good))
	for name, src := range map[string]string{
		"no attacks":                 "name: x",
		"an unknown key":             good + "\nlimit: {grace: 1s}",
		"a duration without unit":    good + "\nlimits: {grace: 10}",
		"a rate without unit":        "attacks: [{" + http + ", load: [{constant: 1, count: 1}]}]",
		"two shapes":                 "attacks: [{" + http + ", load: [{constant: 1/s, max: {workers: 1}, count: 1}]}]",
		"neither duration nor count": "attacks: [{" + http + ", load: [{constant: 1/s}]}]",
		"both protocols":             "attacks: [{" + http + ", grpc: {target: 'h:1', method: a.B/C}, " + load + "}]",
		"an unknown protocol":        "attacks: [{http: {url: 'http://h/', protocol: http/3}, " + load + "}]",
		"an unknown metric":          good + "\nthresholds: [{metric: errors, at_most: 1%}]",
		"a size without unit":        "attacks: [{http: {url: 'http://h/', max_body: 10}, " + load + "}]",
		"a text for a number":        "attacks: [{" + http + ", " + load + ", workers: many}]",
	} {
		_, err := planfile.Parse("plan.yaml", []byte(src))
		assert.Error(t, err, name)
		assert.Error(t, check(t, schema, src), name)
	}
	t.Setenv("N", "3")
	withVariables := "attacks: [{" + http + ", load: [{constant: \"${env:R:-5/s}\", count: \"${env:N}\"}], workers: \"${env:N}\", baggage: \"${env:B:-true}\"}]"
	_, err := planfile.Parse("plan.yaml", []byte(withVariables))
	require.NoError(t, err)
	assert.NoError(t, check(t, schema, withVariables), "a variable may stand for any value")
}

func TestKeysAreDescribed(t *testing.T) {
	s, _ := published(t)
	timeout := s.Properties["attacks"].Items.Properties["http"].Properties["timeout"]
	assert.Equal(t, "The time limit from sending the request to the last byte of the response.", timeout.Description)
	assert.JSONEq(t, `"30s"`, string(timeout.Default))
	assert.Equal(t, []any{"5s"}, timeout.Examples)
	workers := s.Properties["attacks"].Items.Properties["workers"]
	assert.JSONEq(t, `10`, string(workers.Default))
}

func TestTheDocumentationHasTheKeysOfASummary(t *testing.T) {
	text, err := os.ReadFile(root + "/docs/outputs.md")
	require.NoError(t, err)
	_, section, ok := strings.Cut(string(text), "## The JSON summary")
	require.True(t, ok)
	section, _, _ = strings.Cut(section, "\n## ")
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*`) \\|").FindAllStringSubmatch(section, -1) {
		documented = append(documented, strings.Split(strings.ReplaceAll(row[1], "`", ""), ", ")...)
	}
	s, err := Summary(root)
	require.NoError(t, err)
	assert.ElementsMatch(t, documented, slices.Collect(maps.Keys(s.Properties)))
}
