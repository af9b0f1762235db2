package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/runs/archive"
)

// archived is the one archive in a folder.
func archived(t *testing.T, root string) *archive.Run {
	entries, err := archive.List(root)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	run, err := archive.Open(entries[0].Dir)
	require.NoError(t, err)
	return run
}

func rowsOf(t *testing.T, run *archive.Run) (n int) {
	for _, err := range run.Requests() {
		require.NoError(t, err)
		n++
	}
	return n
}

func TestARunIsArchivedAndSaysWhere(t *testing.T) {
	tg := newTestTarget(t)
	state := t.TempDir()
	c := loadtrace(t, "run", writePlan(t, tg.url+"/?token=hidden", "[{constant: 100/s, count: 50}]"), "--json", "--listen", "none", "--set", "sampling=0")
	c.Env = append(c.Env, "XDG_STATE_HOME="+state)
	c.Run()
	sum := c.summary(t)
	run := archived(t, filepath.Join(state, "loadtrace", "runs"))
	assert.Equal(t, 1, strings.Count(c.err.String(), "Run "+sum.RunID+" is archived in "+run.Dir()), &c.err)
	info := run.Info()
	assert.True(t, info.Complete)
	assert.Equal(t, 50, rowsOf(t, run), "a request without a span has a row")
	want, err := json.Marshal(sum.WithoutSecrets())
	require.NoError(t, err)
	got, err := json.Marshal(info.Summary)
	require.NoError(t, err)
	assert.JSONEq(t, string(want), string(got))
	for _, name := range []string{"run.json", "requests.parquet"} {
		src, err := os.ReadFile(filepath.Join(run.Dir(), name))
		require.NoError(t, err)
		assert.NotContains(t, string(src), "hidden", name)
	}
	src, err := os.ReadFile(filepath.Join(run.Dir(), "run.json"))
	require.NoError(t, err)
	requireValidBy(t, "run", src)
}

func TestWhereNothingIsArchived(t *testing.T) {
	tg := newTestTarget(t)
	plan := writePlan(t, tg.url, "[{constant: 100/s, count: 10}]")
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	config := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(config, nil, 0o600))
	for _, c := range []struct {
		name   string
		args   []string
		state  string
		refuse bool
		says   string
	}{
		{"none", []string{"--archive", "none"}, t.TempDir(), false, ""},
		{"a default that cannot be written", nil, file, false, "The run is not archived: make the folder of archives"},
		{"a directory that cannot be written", []string{"--archive", filepath.Join(file, "x")}, t.TempDir(), true, "name a directory that can be written, or none"},
		{"an empty name", []string{"--archive", ""}, t.TempDir(), true, "--archive: is empty"},
		{"a configuration", []string{"--config", config, "--archive", t.TempDir()}, t.TempDir(), true, "put the exporter run_archive into the configuration"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := loadtrace(t, append([]string{"run", plan, "--json", "--listen", "none"}, c.args...)...)
			p.Env = append(p.Env, "XDG_STATE_HOME="+c.state)
			p.Run()
			assert.Contains(t, p.err.String(), c.says)
			assert.NotContains(t, p.err.String(), "is archived")
			assert.NoDirExists(t, filepath.Join(c.state, "loadtrace"))
			if c.refuse {
				assert.Equal(t, 2, p.ProcessState.ExitCode(), &p.err)
			} else {
				assert.EqualValues(t, 10, p.summary(t).Total.Requests.Finished)
			}
		})
	}
}

func TestAKilledRunLeavesWhatItHadWritten(t *testing.T) {
	tg := newTestTarget(t)
	root := t.TempDir()
	c := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 200/s, duration: 1h}]"), "--archive", root, "--listen", "none", "--quiet")
	require.NoError(t, c.Start())
	require.Eventually(t, func() bool {
		found, _ := filepath.Glob(filepath.Join(root, "*", "segments", "records", "*.parquet"))
		return len(found) >= 2
	}, patience(t), 20*time.Millisecond)
	require.NoError(t, c.Process.Signal(syscall.SIGKILL))
	c.Wait()
	run := archived(t, root)
	assert.False(t, run.Info().Complete)
	assert.Nil(t, run.Info().Summary)
	assert.Positive(t, rowsOf(t, run))
}

// The summary counts what the archive has a row of.
func TestTheArchiveHasOfEachRequestWhatTheTargetTold(t *testing.T) {
	address, err := freeAddress()
	require.NoError(t, err)
	target, root := startTarget(t, "http://"+address), t.TempDir()
	c := loadtrace(t, "run", writePlan(t, "http://"+target, "[{constant: 100/s, duration: 3s}]"), "--listen", "http://"+address, "--json", "--archive", root,
		"--set", "attacks[0].http.url=http://"+target+"/auth/validate", "--set", "attacks[0].http.headers={Authorization: Bearer demo-0001}")
	c.Run()
	sum := c.summary(t)
	run := archived(t, root)
	require.True(t, run.Info().Complete, run.Info().Incomplete)
	complete, lines := 0, 0
	for row, err := range run.Requests() {
		require.NoError(t, err)
		if row.JoinStatus != "complete" {
			continue
		}
		complete++
		lines += row.LogLines
		assert.Equal(t, "auth-service", row.ServerService)
		assert.Equal(t, "/auth/validate", row.ServerRoute)
		assert.True(t, row.ServerDuration.OK && row.RuntimeGoroutines.OK)
		var took time.Duration
		for _, component := range row.Components() {
			took += component.Took
		}
		assert.InDelta(t, row.ResponseTime, took, 10, "the components add up, to the digits of a span's seconds")
	}
	require.NotNil(t, sum.Telemetry.Join)
	assert.EqualValues(t, sum.Telemetry.Join.Complete, complete)
	assert.Positive(t, complete)
	found := 0
	for line, err := range run.Logs() {
		require.NoError(t, err)
		if line.Request {
			found++
		}
	}
	assert.Equal(t, lines, found)
	samples := 0
	for sample, err := range run.Runtime() {
		require.NoError(t, err)
		assert.Equal(t, "auth-service", sample.Service)
		samples++
	}
	assert.Positive(t, samples)
}
