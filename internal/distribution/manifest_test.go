package distribution

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"golang.org/x/mod/modfile"
)

type manifest struct {
	Dist struct {
		Version string `yaml:"version"`
	} `yaml:"dist"`
	Receivers  []module `yaml:"receivers"`
	Processors []module `yaml:"processors"`
	Exporters  []module `yaml:"exporters"`
	Extensions []module `yaml:"extensions"`
	Connectors []module `yaml:"connectors"`
	Providers  []module `yaml:"providers"`
}

type module struct {
	Gomod string `yaml:"gomod"`
}

func (m manifest) components() []module {
	var all []module
	for _, list := range [][]module{m.Receivers, m.Processors, m.Exporters, m.Extensions, m.Connectors} {
		all = append(all, list...)
	}
	return all
}

func readManifest(t *testing.T) (manifest, string) {
	src, err := os.ReadFile("../../builder-config.yaml")
	require.NoError(t, err)
	var m manifest
	require.NoError(t, yaml.Unmarshal(src, &m))
	require.Greater(t, len(m.components()), 10)
	return m, string(src)
}

// Two lists of components would drift apart: they must hold what the
// manifest lists, no more and no less.
func TestComponentsAreThoseOfTheManifest(t *testing.T) {
	m, src := readManifest(t)
	for file, full := range map[string]bool{"components_full.go": true, "components.go": false} {
		generated, err := os.ReadFile(file)
		require.NoError(t, err)
		listed := 0
		for _, c := range m.components() {
			isFull := strings.Contains(src, c.Gomod+" # full")
			if full || !isFull {
				assert.Contains(t, string(generated), `"`+c.Gomod+`"`, file)
				listed++
			} else {
				assert.NotContains(t, string(generated), c.Gomod, file)
			}
		}
		// Each component stands twice: as a factory, and in the map of modules.
		assert.Len(t, regexp.MustCompile(`\.NewFactory\(\)[,.]`).FindAllString(string(generated), -1), 2*listed+1, file)
	}
}

// The page marks with ¹ what the small build does not have.
func TestTheDocumentationListsTheComponentsOfThisBuild(t *testing.T) {
	text, err := os.ReadFile("../../docs/collector.md")
	require.NoError(t, err)
	factories, err := components()
	require.NoError(t, err)
	for kind, built := range map[string][]string{
		"receivers": typesOf(factories.Receivers), "processors": typesOf(factories.Processors),
		"exporters": typesOf(factories.Exporters), "extensions": typesOf(factories.Extensions),
	} {
		row := regexp.MustCompile(`(?m)^\| ` + kind + ` \| (.+) \|$`).FindStringSubmatch(string(text))
		require.Len(t, row, 2, kind)
		var listed []string
		for _, name := range strings.Split(row[1], ", ") {
			if _, full := strings.CutSuffix(name, "¹"); !full || Whole {
				listed = append(listed, strings.Trim(name, "`¹"))
			}
		}
		assert.ElementsMatch(t, built, listed, kind)
	}
}

// typesOf are the types of the factories, without their deprecated aliases.
func typesOf[F component.Factory](factories map[component.Type]F) (names []string) {
	for name, factory := range factories {
		if factory.Type() == name {
			names = append(names, name.String())
		}
	}
	return names
}

// The Collector Builder takes versions from the manifest, a plain go build from
// go.mod: they must not make two collectors.
func TestManifestAndGoModAgreeOnVersions(t *testing.T) {
	m, _ := readManifest(t)
	src, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	mod, err := modfile.Parse("go.mod", src, nil)
	require.NoError(t, err)
	versions := map[string]string{mod.Module.Mod.Path: "v" + Version}
	for _, r := range mod.Require {
		versions[r.Mod.Path] = r.Mod.Version
	}
	for _, c := range append(m.components(), m.Providers...) {
		path, v, ok := strings.Cut(c.Gomod, " ")
		require.True(t, ok, c.Gomod)
		assert.Equal(t, versions[path], v, path)
	}
	assert.Equal(t, Version, m.Dist.Version)
}

func TestProvidersAreThoseOfTheManifest(t *testing.T) {
	m, _ := readManifest(t)
	var listed, ours []string
	for _, p := range m.Providers {
		listed = append(listed, p.Gomod)
	}
	for _, p := range providers {
		ours = append(ours, p.module)
	}
	assert.Equal(t, listed, ours)
}
