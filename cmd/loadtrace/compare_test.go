package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

func TestTwoSummariesAreComparedOnlyIfTheirEnvironmentIsOne(t *testing.T) {
	tg := newTestTarget(t)
	dir := t.TempDir()
	c := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 100/s, count: 20}]"), "--json", "--quiet")
	c.run(t, 0)
	first := filepath.Join(dir, "first.json")
	require.NoError(t, os.WriteFile(first, c.out.Bytes(), 0o600))

	c = loadtrace(t, "compare", first, first)
	c.run(t, 0)
	assert.Contains(t, c.out.String(), "response time p99")
	assert.Contains(t, c.out.String(), "+0.0 %")
	assert.Contains(t, c.out.String(), "neither run knows the environment of its target")

	s := read(t, first)
	s.Environment.Generator.CPU.Model = "another"
	src, err := json.Marshal(s)
	require.NoError(t, err)
	second := filepath.Join(dir, "second.json")
	require.NoError(t, os.WriteFile(second, src, 0o600))
	c = loadtrace(t, "compare", first, second)
	c.run(t, exitFindings)
	assert.Contains(t, c.out.String(), "not comparable  a change would mean nothing, so none is shown:")
	assert.Contains(t, c.out.String(), "and another")
	assert.NotContains(t, c.out.String(), "+0.0 %")
	assert.Contains(t, c.err.String(), "the generators differ in processor")

	c = loadtrace(t, "compare", "--json", first, second)
	c.run(t, exitFindings)
	var got summary.Comparability
	require.NoError(t, json.Unmarshal(c.out.Bytes(), &got))
	assert.Equal(t, environment.Different, got.Answer)
}

func read(t *testing.T, path string) *summary.Summary {
	s, err := readSummary(path)
	require.NoError(t, err)
	return s
}

func TestWhatIsNoSummaryIsNotCompared(t *testing.T) {
	file := writeConfig(t, "{}")
	many := writeConfig(t, `{"run_id": "x", "attacks": [`+strings.Repeat("{},", maxAttacks)+"{}]}") // 200,000 took minutes
	const endless = "/dev/zero"                                                                     // which took all memory
	for _, args := range [][]string{{"compare"}, {"compare", file}, {"compare", file, file}, {"compare", file, file + ".none"}, {"compare", many, many}, {"compare", endless, file}} {
		loadtrace(t, args...).run(t, 2)
	}
}

// Runs of two plans of one name were once compared, with changes of "+33571.5 %", and
// runs of one plan under two names were not.
func TestRunsAreMatchedByWhatTheirPlansDo(t *testing.T) {
	tg := newTestTarget(t)
	dir := t.TempDir()
	run := func(file, plan string, args ...string) string {
		c := loadtrace(t, append([]string{"run", plan, "--json", "--quiet"}, args...)...)
		c.run(t, 0)
		path := filepath.Join(dir, file)
		require.NoError(t, os.WriteFile(path, c.out.Bytes(), 0o600))
		return path
	}
	plan := writePlan(t, tg.url, "[{constant: 100/s, count: 20}]")
	base := run("base.json", plan)
	renamed := run("renamed.json", plan, "--set", "name=other", "--set", "attacks[0].name=b")
	faster := run("faster.json", plan, "--set", "attacks[0].load[0].constant=200/s")

	c := loadtrace(t, "compare", base, renamed)
	c.run(t, 0)
	assert.Contains(t, c.out.String(), "first: a · second: b")
	assert.Contains(t, c.out.String(), "also: the plans are named test and other")
	assert.Contains(t, c.out.String(), "change\n")

	c = loadtrace(t, "compare", base, faster)
	c.run(t, exitFindings)
	assert.Contains(t, c.out.String(), "attack a is not the same in both runs: it differs in the load")
	assert.NotRegexp(t, `[+-][0-9.]+ %|-fold`, c.out.String())
	assert.Contains(t, c.err.String(), "the figures may not be compared: attack a is not the same in both runs")
}
