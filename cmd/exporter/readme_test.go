package main

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/runtimeexporter"
)

func TestTheReadmeListsTheFlagsThatThereAre(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var help bytes.Buffer
	require.Zero(t, runtimeexporter.Main(t.Context(), []string{"--help"}, &help, io.Discard))
	there := names(regexp.MustCompile(`(?m)^ +--([a-z-]+)`), help.String())
	var rows []string
	for line := range strings.Lines(string(readme)) {
		if strings.HasPrefix(line, "| `--") {
			rows = append(rows, strings.Split(line, "|")[1])
		}
	}
	listed := names(regexp.MustCompile("`--([a-z-]+)`"), strings.Join(rows, "\n"))
	require.NotEmpty(t, there)
	assert.ElementsMatch(t, there, listed)
}

func names(pattern *regexp.Regexp, text string) (found []string) {
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}
