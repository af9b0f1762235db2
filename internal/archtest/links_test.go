package archtest

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	fence   = regexp.MustCompile("(?ms)^```.*?^```")
)

// A page that is moved or a heading that is reworded must not leave a link behind.
func TestEveryLinkOfTheDocumentationLeadsSomewhere(t *testing.T) {
	checked := 0
	for _, page := range pages(t) {
		text := prose(t, page)
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			target, err := url.Parse(match[1])
			require.NoError(t, err, page)
			if target.IsAbs() {
				continue
			}
			checked++
			file := page
			if target.Path != "" {
				file = filepath.Join(filepath.Dir(page), target.Path)
			}
			if _, err := os.Stat(file); !assert.NoError(t, err, "%s links to %s", page, match[1]) {
				continue
			}
			if target.Fragment != "" {
				assert.Contains(t, anchors(prose(t, file)), target.Fragment, "%s links to %s", page, match[1])
			}
		}
	}
	assert.Greater(t, checked, 100, "the links were not found")
}

// pages are the Markdown files of the project.
func pages(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir("../..", func(path string, d os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), "_") || d.Name() == ".git"):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".md"):
			found = append(found, path)
		}
		return nil
	})
	require.NoError(t, err)
	return found
}

// prose is a page without its blocks of code.
func prose(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	return fence.ReplaceAllString(string(text), "")
}

// anchors are the fragments of a page's headings, as GitHub makes them: in lower case,
// with hyphens for spaces and without punctuation.
func anchors(text string) []string {
	var found []string
	for _, match := range heading.FindAllStringSubmatch(text, -1) {
		found = append(found, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, match[1]))
	}
	return found
}
