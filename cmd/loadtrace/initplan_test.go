package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/distribution"
)

// startDemo starts the demo service, which is killed at the end of the test.
func startDemo(t *testing.T) (listens struct{ HTTP, GRPC string }) {
	service := loadtrace(t, "target", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--otlp", "", "--log-level", "error")
	service.Stdout = nil
	out, err := service.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, service.Start())
	t.Cleanup(func() { service.Process.Kill(); service.Wait() })
	require.NoError(t, json.NewDecoder(out).Decode(&listens))
	return listens
}

func TestAWrittenPlanRunsAgainstTheDemoService(t *testing.T) {
	plan := filepath.Join(t.TempDir(), "plan.yaml")
	c := loadtrace(t, "init", plan)
	c.run(t, 0)
	assert.Contains(t, c.err.String(), "loadtrace run "+plan)
	assert.Empty(t, c.out.String())

	listens := startDemo(t)
	c = loadtrace(t, append([]string{"run", plan, "--set", "attacks.validate.http.url=http://" + listens.HTTP + "/auth/validate",
		"--set", "attacks.validate.load=[{name: steady, constant: 100/s, count: 100}]", "--set", "thresholds[0].at_most=1h"}, trustAll...)...)
	c.run(t, 0)
	s := c.summary(t)
	assert.Equal(t, "first", s.Plan)
	assert.Len(t, s.Verdict.Thresholds, 2)
}

func TestInitOverwritesNothingUnasked(t *testing.T) {
	plan := filepath.Join(t.TempDir(), "plan.yaml")
	require.NoError(t, os.WriteFile(plan, []byte("mine"), 0o600))
	c := loadtrace(t, "init", plan)
	c.run(t, 2)
	assert.Equal(t, "Error: "+plan+" is there already; name another file, or overwrite it with --force\n", c.err.String())
	loadtrace(t, "init", plan, "--force").run(t, 0)
	text, err := os.ReadFile(plan)
	require.NoError(t, err)
	assert.NotEqual(t, "mine", string(text))

	c = loadtrace(t, "init")
	c.Dir = t.TempDir()
	c.run(t, 0)
	assert.FileExists(t, filepath.Join(c.Dir, "plan.yaml"))

	c = loadtrace(t, "init", "-")
	c.run(t, 0)
	assert.Equal(t, string(text), c.out.String())
	assert.Empty(t, c.err.String())

	loadtrace(t, "init", filepath.Join(plan, "below-a-file")).run(t, 2)
}

func TestTheVersionSaysWhatTheProgramWasBuiltFrom(t *testing.T) {
	c := loadtrace(t, "version")
	c.run(t, 0)
	for _, want := range []string{"loadtrace  " + distribution.Version, runtime.Version(), "collector  v", runtime.GOOS + "/" + runtime.GOARCH} {
		assert.Contains(t, c.out.String(), want)
	}
	c = loadtrace(t, "version", "--json")
	c.run(t, 0)
	var v map[string]any
	require.NoError(t, json.Unmarshal(c.out.Bytes(), &v))
	assert.Equal(t, distribution.Version, v["version"])
	assert.Equal(t, runtime.Version(), v["go"])
	assert.Regexp(t, `^v\d`, v["collector"])
	loadtrace(t, "version", "now").run(t, 2)
}
