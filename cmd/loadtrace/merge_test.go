package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// requireMerged merges the summaries that processes printed, of a run of so many requests.
func requireMerged(t *testing.T, processes []*command, planned uint64) {
	dir := t.TempDir()
	var logs strings.Builder
	for i, c := range processes {
		requireValid(t, c.out.Bytes())
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.json", i)), c.out.Bytes(), 0o600))
		fmt.Fprintf(&logs, "shard %d begins\n%sError: a line\n", i, &c.out)
	}
	junit := filepath.Join(dir, "junit.xml")
	c := loadtrace(t, "merge", dir, "--json", "--junit", junit)
	c.run(t, 0)
	requireValid(t, c.out.Bytes())
	s := c.summary(t)
	assert.Equal(t, verdict.Pass, s.Verdict.Verdict)
	assert.Equal(t, planned, s.Total.Requests.OK)
	assert.Equal(t, planned, s.Total.ResponseTime.Count)
	assert.Equal(t, 3.0, s.Verdict.Thresholds[0].Limit, "the limit of the plan, not a shard's")
	assert.Len(t, s.Shards, len(processes))
	text, err := os.ReadFile(junit)
	require.NoError(t, err)
	assert.Contains(t, string(text), `tests="3" failures="0" errors="0"`)

	c = loadtrace(t, "merge", "-")
	c.Stdin = strings.NewReader(logs.String())
	c.run(t, 0)
	assert.Contains(t, c.out.String(), fmt.Sprintf("merged from %d of %[1]d shards; their own verdicts: %[1]d pass", len(processes)))

	c = loadtrace(t, "merge", filepath.Join(dir, "0.json"), "--markdown", "-")
	c.run(t, exitUndecided)
	assert.Contains(t, c.err.String(), "undecided: 2 of 3 shards are missing: shards 1/3 and 2/3")
	assert.Contains(t, c.out.String(), "Merged from 1 of 3 shards")
}

// shardFiles are the summaries of two shards of a run, as two processes print them.
func shardFiles(t *testing.T) (dir string) {
	tg := newTestTarget(t)
	file := writePlan(t, tg.url, "[{constant: 200/s, count: 100}]")
	dir = t.TempDir()
	begin := time.Now().Add(3 * time.Second).Format(time.RFC3339Nano)
	var processes []*command
	for i := range 2 {
		c := loadtrace(t, append([]string{"run", file, "--run-id", "2b9c72011d13ef2c",
			"--shard", fmt.Sprintf("%d/2", i), "--start-at", begin, "--set", "thresholds=[{metric: error_ratio, at_most: 0%}]"}, trustAll...)...)
		require.NoError(t, c.Start())
		processes = append(processes, c)
	}
	for i, c := range processes {
		c.wait(t, 0)
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.json", i)), c.out.Bytes(), 0o600))
	}
	return dir
}

func TestShardsAreMergedOrRefusedWithOneClearMessage(t *testing.T) {
	dir := shardFiles(t)
	first, second := filepath.Join(dir, "0.json"), filepath.Join(dir, "1.json")
	text, err := os.ReadFile(second)
	require.NoError(t, err)
	bent := func(bend func(s *summary.Summary)) string {
		s := read(t, second)
		bend(s)
		src, err := json.Marshal(s)
		require.NoError(t, err)
		return write(t, "bent.json", string(src))
	}
	whole := loadtrace(t, "merge", first, second)
	whole.run(t, 0)
	assert.Contains(t, whole.out.String(), "planned       100")

	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"nothing":            {nil, 2, "want the summaries of shards"},
		"no file":            {[]string{first, "/none"}, 2, "no such file"},
		"an empty directory": {[]string{t.TempDir()}, 2, "has no *.json files"},
		"truncated":          {[]string{first, write(t, "cut.json", string(text[:len(text)/2]))}, 2, "is no summary of a run: it is truncated"},
		"without end":        {[]string{"/dev/zero"}, 2, "/dev/zero is longer than 64 MiB"},
		"the plan":           {[]string{"../../examples/plans/quick.yaml"}, 2, "has no summary of a run"},
		"another run":        {[]string{first, bent(func(s *summary.Summary) { s.RunID = "ffff" })}, 2, "these are shards of 2 runs"},
		"another version":    {[]string{first, bent(func(s *summary.Summary) { s.Addends.Version = 99 })}, 2, "its addends are of version 99"},
		"a stranger's text":  {[]string{first, bent(func(s *summary.Summary) { s.RunID = hostile })}, 2, "these are shards of 2 runs"},
		"a stranger's name":  {[]string{first, bent(func(s *summary.Summary) { s.Plan = hostile })}, 2, "they differ in the name of the plan"},
		"a stranger's target": {[]string{first, bent(func(s *summary.Summary) {
			s.Attacks[0].Target, s.Addends.Plan.Attacks[0].Digest.Address = hostile, hostile
		})}, exitUndecided, "attacked different addresses"},
		"doubled":       {[]string{first, second, first}, exitUndecided, "undecided: shard 0/2 came more than once"},
		"colours":       {[]string{first, second, "--color", "red"}, 2, "--color"},
		"two to stdout": {[]string{first, second, "--json", "--junit", "-"}, 2, "would both be written to standard output"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := loadtrace(t, append([]string{"merge"}, c.args...)...)
			cmd.run(t, c.code)
			assert.Contains(t, cmd.err.String(), c.want)
			cmd.plain(t)
		})
	}
}

func TestAWholeRunMergesIntoItself(t *testing.T) {
	tg := newTestTarget(t)
	c := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 100/s, count: 20}]"), "--json", "--quiet", "--shard", "0/1",
		"--run-id", "2b9c72011d13ef2c", "--start-at", time.Now().Add(2*time.Second).Format(time.RFC3339Nano))
	c.run(t, 0)
	m := loadtrace(t, "merge", write(t, "one.json", c.out.String()), "--json")
	m.run(t, 0)
	assert.Equal(t, c.out.String(), m.out.String())
}
