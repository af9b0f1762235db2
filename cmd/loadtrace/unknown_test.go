//go:build !full

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const needsTheWhole = `
receivers: {otlp: {protocols: {grpc: {endpoint: 127.0.0.1:0}}}}
exporters: {load_balancing: {}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [load_balancing]}}}
`

// A build that does not have a component says which has it.
func TestAComponentOfTheWholeDistributionIsNamedAsSuch(t *testing.T) {
	config := filepath.Join(t.TempDir(), "c.yaml")
	require.NoError(t, os.WriteFile(config, []byte(needsTheWhole), 0o600))
	var stdout, stderr bytes.Buffer
	assert.Equal(t, 2, execute(t.Context(), []string{"validate", "--config", config}, &stdout, &stderr))
	assert.Contains(t, stderr.String(), `'exporters' unknown type: "load_balancing"`)
	assert.Contains(t, stderr.String(), `go build -tags full ./cmd/loadtrace`)
}

// What a newcomer compiles first is what a run needs, and no more: each package of
// others counts in how long the first result takes; ours compile in seconds. Forty of them
// are for the archive of a run, which is written by default: Parquet and its compression. Two are
// of vegeta's module and bring uPlot, with which the report draws.
func TestTheSmallBuildStaysSmall(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	require.NoError(t, err)
	others := slices.DeleteFunc(strings.Fields(string(out)), func(p string) bool { return strings.HasPrefix(p, "github.com/loadtrace/loadtrace/") })
	assert.LessOrEqual(t, len(others), 1174)
	for _, p := range others {
		for _, of := range []string{"k8s.io/", "github.com/aws/aws-sdk-go", "github.com/Azure/", "github.com/prometheus/prometheus"} {
			assert.False(t, strings.HasPrefix(p, of), p)
		}
	}
}
