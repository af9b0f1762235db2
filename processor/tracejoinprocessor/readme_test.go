package tracejoinprocessor

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// readDocumented is the README, and the names of internal/attr's join.go.
func readDocumented(t *testing.T) (readme string, names []string) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	src, err := os.ReadFile("../../internal/attr/join.go")
	require.NoError(t, err)
	for _, m := range regexp.MustCompile(`"(join\.[a-z0-9_.]*[a-z0-9])"`).FindAllStringSubmatch(string(src), -1) {
		names = append(names, m[1])
	}
	require.Greater(t, len(names), 40)
	return string(text), names
}
