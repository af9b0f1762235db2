//go:build stack

package runtimeexporter

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/stack"
)

// promtool's rules are those of the library that the other test asks, and more.
func TestPromtoolFindsNothingAmissWithThePage(t *testing.T) {
	promtool, err := stack.BuildPromtool(t.Context(), os.Stderr)
	require.NoError(t, err)
	check := func(page string) (string, error) {
		cmd := exec.Command(promtool, "check", "metrics")
		cmd.Stdin = strings.NewReader(page)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for _, parts := range [][]string{{"vars", "pprof"}, {"pprof"}, {"metrics"}, {"vars", "pprof", "metrics"}, {}} {
		out, err := check(scrape(t, goService(t, parts...)))
		assert.NoError(t, err, parts)
		assert.Empty(t, out, parts)
	}

	out, err := check("# TYPE requests counter\nrequests 1\n")
	assert.Error(t, err, "it does find what is amiss")
	assert.Contains(t, out, "_total")
}
