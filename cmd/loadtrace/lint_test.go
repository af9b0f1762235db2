package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/lint"
)

func writeConfig(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "collector.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestAConfigurationThatMustNotBeMergedExitsWith97(t *testing.T) {
	path := writeConfig(t, "exporters:\n  debug: {}\n")
	c := loadtrace(t, "lint", path)
	c.run(t, exitFindings)
	assert.Contains(t, c.out.String(), path+":2:3: error: debug-exporter: exporter debug: writes telemetry")
	assert.Equal(t, "Error: lint found 1 error and 0 warnings in 1 file\n", c.err.String())

	c = loadtrace(t, "lint", "--json", path)
	c.run(t, exitFindings)
	var r lint.Report
	require.NoError(t, json.Unmarshal(c.out.Bytes(), &r))
	require.Len(t, r.Findings, 1)
	assert.Equal(t, 2, r.Findings[0].Line)
}

func TestAWarningCountsOnlyIfItShould(t *testing.T) {
	path := writeConfig(t, "exporters:\n  otlp_http: {endpoint: https://x.test}\n")
	c := loadtrace(t, "lint", path)
	c.run(t, 0)
	assert.Contains(t, c.out.String(), "warning: queue-in-memory")
	assert.Equal(t, "0 errors and 1 warning in 1 file\n", c.err.String())
	loadtrace(t, "lint", "--strict", path).run(t, exitFindings)
}

func TestWhatLintCannotReadExitsWith2(t *testing.T) {
	good := writeConfig(t, "exporters: {nop: }\n")
	for name, args := range map[string][]string{
		"no file":         {"lint"},
		"a missing file":  {"lint", good, good + ".none"},
		"no config":       {"lint", writeConfig(t, "a: 1\n")},
		"a format":        {"lint", "--format", "xml", good},
		"no end":          {"lint", "/dev/zero"}, // which once took all memory
		"rules of no end": {"lint", "--rules", "/dev/zero", good},
		"missing rules":   {"lint", "--rules", good + ".none", good},
		"rules that fail": {"lint", "--rules", writeConfig(t, "rules: [{id: x}]\n"), good},
	} {
		t.Run(name, func(t *testing.T) {
			c := loadtrace(t, args...)
			c.run(t, 2)
			assert.NotContains(t, c.err.String(), "goroutine")
		})
	}
	loadtrace(t, "lint", good).run(t, 0)
	c := loadtrace(t, "lint", "--list")
	c.run(t, 0)
	assert.Contains(t, c.out.String(), "loadgen-without-allow-list")
}
