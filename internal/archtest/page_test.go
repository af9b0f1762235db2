package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const architecture = "docs/architecture.md"

// packagePath is how the page writes a package: as code in the text, in bold in the
// diagram.
var packagePath = regexp.MustCompile("(?:`|<b>)([a-z0-9]+(?:/[a-z0-9]+)*)(?:`|</b>)")

// A page that names a package which has moved sends its readers nowhere.
func TestThePageOnArchitectureNamesOnlyPackagesThatExist(t *testing.T) {
	files := moduleFiles(t)
	named := namedPackages(t)
	assert.Greater(t, len(named), 20, "the page's packages were not found")
	for pkg := range named {
		if strings.Contains(pkg, "/") { // a single word may be any piece of code
			assert.True(t, holdsGo(files, pkg), "%s names %s, which has no Go files", architecture, pkg)
		}
	}
}

// A newcomer looks for a top-level directory on the page before opening it.
func TestThePageOnArchitectureNamesEveryTopLevelDirectory(t *testing.T) {
	named := namedPackages(t)
	tops := map[string]bool{}
	for _, f := range moduleFiles(t) {
		if first, _, below := strings.Cut(f.name, "/"); below {
			tops[first] = true
		}
	}
	for _, other := range []string{"docs", "examples", "findings"} {
		tops[other] = true
	}
	require.Greater(t, len(tops), 8)
	for top := range tops {
		found := named[top]
		for pkg := range named {
			found = found || strings.HasPrefix(pkg, top+"/")
		}
		assert.True(t, found, "%s does not name %s", architecture, top)
	}
}

func namedPackages(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", architecture))
	require.NoError(t, err)
	named := map[string]bool{}
	for _, match := range packagePath.FindAllStringSubmatch(string(text), -1) {
		named[match[1]] = true
	}
	return named
}

// holdsGo reports whether a Go file is in the package or below it.
func holdsGo(files []file, pkg string) bool {
	for _, f := range files {
		if f.pkg == "./"+pkg || strings.HasPrefix(f.pkg, "./"+pkg+"/") {
			return true
		}
	}
	return false
}
