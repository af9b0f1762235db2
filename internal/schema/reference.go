package schema

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
)

// keyDescription is what the reference says of a key of a plan.
type keyDescription struct {
	required bool
	preset   string // empty: none, or none that is a value
	meaning  string
	example  any // nil: none
}

// readReference reads the tables of docs/plan.md. Keys are paths such as
// attacks[].http.url.
func readReference(path string) (map[string]keyDescription, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	entries := map[string]keyDescription{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) != 5 || !strings.HasPrefix(line, "| `") {
			continue
		}
		key := strings.Trim(cells[0], "` ")
		e := keyDescription{required: cells[2] == "required", meaning: plain(cells[3])}
		if m := wholeCode.FindStringSubmatch(cells[2]); m != nil {
			e.preset = m[1]
		}
		if m := wholeCode.FindStringSubmatch(strings.TrimSpace(cells[4])); m != nil {
			var example map[string]any
			if err := yaml.Unmarshal([]byte(m[1]), &example); err != nil {
				return nil, fmt.Errorf("the example of %s: %w", key, err)
			}
			for _, v := range example {
				e.example = v
			}
		}
		entries[key] = e
	}
	return entries, nil
}

var (
	wholeCode = regexp.MustCompile("^`([^`]+)`$")
	link      = regexp.MustCompile(`\[([^\]]+)\]\([^)]+\)`)
	seeMore   = regexp.MustCompile(` \[(More|the reasons)\]\([^)]+\)\.?`)
)

// plain is a cell without links and marks of code.
func plain(cell string) string {
	cell = seeMore.ReplaceAllString(cell, "")
	cell = link.ReplaceAllString(cell, "$1")
	return strings.TrimSpace(strings.ReplaceAll(cell, "`", ""))
}
