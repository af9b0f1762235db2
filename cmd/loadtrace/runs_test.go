package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
	"github.com/loadtrace/loadtrace/runs/archive"
)

var archiveBegan = time.Now().Add(-time.Hour)

// archivedRun makes an archive of n requests of 1 to n ms, of which every third was not sent,
// and returns its folder. Without an end it is that of a run that was killed.
func archivedRun(t *testing.T, root string, id byte, n int, ended bool, name string) string {
	plan := &loadgen.Plan{Name: name, Attacks: []loadgen.Attack{{Name: "web", HTTP: &loadgen.HTTP{}, Load: []pace.Stage{{}}}}}
	run := loadgen.RunID{id}
	w, err := archive.Create(root, archive.Start{Run: run, Plan: plan, Began: archiveBegan}, 0)
	require.NoError(t, err)
	sum := summary.New(plan, run, archiveBegan)
	target := &loadgen.Target{Method: "GET", URL: "http://127.0.0.1/" + name}
	for i := range n {
		at := archiveBegan.Add(time.Duration(i) * time.Millisecond)
		r := &loadgen.Record{Seq: uint64(i), Open: true, Intended: at, Sent: at, Done: at.Add(time.Duration(i+1) * time.Millisecond), Target: target, Status: 200}
		if i%3 == 2 {
			r.Outcome, r.NotSent, r.Sent, r.Done, r.Status = loadgen.NotSent, loadgen.NotSentLate, time.Time{}, time.Time{}, 0
		}
		w.Record(r)
		sum.Add(r)
	}
	require.NoError(t, w.Flush(context.Background()))
	if ended {
		s := sum.Summary(archiveBegan.Add(time.Second), summary.Conclusion{})
		s.Attacks[0].Target = "GET " + target.URL
		s.Faults, s.Verdict = nil, verdict.Report{Verdict: verdict.Pass, Trusted: true, Thresholds: []verdict.Result{}}
		require.NoError(t, w.Conclude(&s))
	}
	if ended {
		require.NoError(t, w.Close(context.Background()))
	} else {
		t.Cleanup(func() { require.NoError(t, w.Close(context.Background())) })
	}
	return w.Dir()
}

// runs runs a command of loadtrace runs on a folder of archives.
func runs(t *testing.T, root string, exit int, args ...string) *command {
	t.Helper()
	c := loadtrace(t, append([]string{"runs"}, args...)...)
	c.Env = append(c.Env, "XDG_STATE_HOME="+root)
	c.run(t, exit)
	c.plain(t)
	return c
}

// shelfIn is where archives are for XDG_STATE_HOME.
func shelfIn(root string) string { return filepath.Join(root, "loadtrace", "runs") }

func TestArchivedRunsHaveTheirDoors(t *testing.T) {
	state := t.TempDir()
	assert.Contains(t, runs(t, state, 0).out.String(), "no run is archived in "+shelfIn(state))
	assert.Equal(t, "[]\n", runs(t, state, 0, "--json").out.String())
	dir := archivedRun(t, shelfIn(state), 1, 30, true, "shop")

	list := runs(t, state, 0).out.String()
	assert.Contains(t, list, "\n01000000  ")
	assert.Contains(t, list, " shop ")
	assert.Contains(t, list, "pass              30")
	var lines []map[string]any
	require.NoError(t, json.Unmarshal(runs(t, state, 0, "list", "--json").out.Bytes(), &lines))
	require.Len(t, lines, 1)
	assert.Equal(t, "0100000000000000", lines[0]["run_id"])

	shown := runs(t, state, 0, "show", "last").out.String()
	assert.Contains(t, shown, "shop completed in 1.0 s")
	assert.Contains(t, shown, "too late × 10")
	for _, name := range []string{"01", dir} {
		assert.Equal(t, shown, runs(t, state, 0, "show", name).out.String(), name)
	}
	requireValid(t, runs(t, state, 0, "show", "01", "--json").out.Bytes())

	found := runs(t, state, 0, "query", "last", "service_time > 20ms", "--sort", "service_time", "--limit", "2").out.String()
	assert.Contains(t, found, "6 of 30 requests match; the 2 with the greatest service_time:\n\nseq  service_time")
	assert.Contains(t, found, "\n 28       29.0 ms ")
	var answer struct {
		RunID            string `json:"run_id"`
		Matched, Scanned int
		Requests         []map[string]any
	}
	require.NoError(t, json.Unmarshal(runs(t, state, 0, "query", "last", "seq in [1, 2]", "--columns", "seq,service_time,outcome,sent", "--json").out.Bytes(), &answer))
	require.Len(t, answer.Requests, 2)
	assert.InDelta(t, 0.002, answer.Requests[0]["service_time"], 1e-9)
	assert.Equal(t, map[string]any{"seq": 2.0, "outcome": "not_sent"}, answer.Requests[1])
	assert.Contains(t, runs(t, state, 0, "columns").out.String(), "service_time ")
}

func TestARunIsExported(t *testing.T) {
	state := t.TempDir()
	archivedRun(t, shelfIn(state), 1, 30, true, "shop")
	rows, err := csv.NewReader(&runs(t, state, 0, "export", "last", "--columns", "seq,outcome", "--where", "not ok").out).ReadAll()
	require.NoError(t, err)
	assert.Len(t, rows, 11)
	assert.Equal(t, []string{"2", "not_sent"}, rows[1])

	file := filepath.Join(t.TempDir(), "results.gob")
	c := runs(t, state, 0, "export", "last", "--format", "vegeta", "-o", file)
	assert.Empty(t, c.out.String())
	assert.Equal(t, "not in the export: 10 requests that had not been sent\n", c.err.String())
	src, err := os.ReadFile(file)
	require.NoError(t, err)
	decode := vegeta.DecoderFor(bytes.NewReader(src))
	require.NotNil(t, decode)
	n := 0
	for decode(&vegeta.Result{}) == nil {
		n++
	}
	assert.Equal(t, 20, n)
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "for the user alone")
	assert.Contains(t, runs(t, state, 0, "export", "last", "--format", "k6").out.String(), `"http_req_duration"`)
}

func TestForeignResultsAreImportedAndCompared(t *testing.T) {
	state := t.TempDir()
	var out bytes.Buffer
	encode := vegeta.NewEncoder(&out)
	for i := range 20 {
		require.NoError(t, encode(&vegeta.Result{Attack: "web", Seq: uint64(i), Code: 200, Timestamp: archiveBegan.Add(time.Duration(i) * time.Second),
			Latency: time.Millisecond, Method: "GET", URL: "http://127.0.0.1/shop"}))
	}
	file := filepath.Join(t.TempDir(), "r.gob")
	require.NoError(t, os.WriteFile(file, out.Bytes(), 0o600))
	c := runs(t, state, 0, "import", file)
	id, _, _ := strings.Cut(strings.TrimPrefix(c.out.String(), "run "), ":")
	assert.Contains(t, c.out.String(), ": 20 requests of vegeta's results in r.gob\n  unknown: when each request was to be sent, and so its response time;")
	assert.Contains(t, runs(t, state, 2, "import", file).err.String(), "it was imported before, as run ")
	assert.Contains(t, runs(t, state, 0).out.String(), " imported ")
	shown := runs(t, state, 0, "show", "last")
	assert.Contains(t, shown.out.String(), "imported from vegeta's results in r.gob")
	assert.NotContains(t, shown.out.String(), "trace id")
	requireValid(t, runs(t, state, 0, "show", "last", "--json").out.Bytes())

	archivedRun(t, shelfIn(state), 1, 30, true, "shop")
	compare := loadtrace(t, "compare", id, "0100", "--archive", shelfIn(state))
	compare.run(t, 0)
	compare.plain(t)
	assert.Contains(t, compare.out.String(), "run was imported from vegeta's results")
	assert.Contains(t, compare.out.String(), "service time p99")
	summary := filepath.Join(t.TempDir(), "summary.json")
	require.NoError(t, os.WriteFile(summary, runs(t, state, 0, "show", "0100", "--json").out.Bytes(), 0o600))
	compare = loadtrace(t, "compare", summary, "0100", "--archive", shelfIn(state))
	compare.run(t, 0)
	assert.Contains(t, compare.out.String(), "+0.0 %")
}

func TestARunThatIsUnderWayIsReadAsFarAsItIsWritten(t *testing.T) {
	state := t.TempDir()
	archivedRun(t, shelfIn(state), 1, 30, false, "shop")
	assert.Contains(t, runs(t, state, 0).out.String(), "under way")
	c := runs(t, state, 1, "show", "last")
	assert.Contains(t, c.out.String(), "? shop has no result")
	assert.Contains(t, c.err.String(), "the run is under way, or what wrote the archive was killed")
	assert.Empty(t, runs(t, state, 1, "show", "last", "--json").out.String())
	assert.Contains(t, runs(t, state, 0, "query", "last").out.String(), "30 of 30 requests; the first 20:")
	assert.Contains(t, runs(t, state, 2, "delete", "last").err.String(), "it may still be written to")
	compare := loadtrace(t, "compare", "last", "last", "--archive", shelfIn(state))
	compare.run(t, 2)
	assert.Contains(t, compare.err.String(), "has no result")
}

func TestRunsArePrunedAndDeleted(t *testing.T) {
	state := t.TempDir()
	dir := archivedRun(t, shelfIn(state), 1, 3, true, "shop")
	assert.Contains(t, runs(t, state, 0, "prune").out.String(), "removed 0 runs")
	assert.Contains(t, runs(t, state, 0, "prune", "--max-age", "30m", "--dry-run").out.String(), "would remove 1 run,")
	assert.DirExists(t, dir)
	assert.Contains(t, runs(t, state, 0, "prune", "--max-age", "0.5h").out.String(), "removed 0100000000000000")
	assert.NoDirExists(t, dir)
	dir = archivedRun(t, shelfIn(state), 2, 3, true, "shop")
	assert.Equal(t, "removed "+dir+"\n", runs(t, state, 0, "delete", "02").out.String())
	assert.NoDirExists(t, dir)
}

func TestMistakesAboutRunsAreNamed(t *testing.T) {
	state := t.TempDir()
	dir := archivedRun(t, shelfIn(state), 1, 3, true, "shop")
	damaged := archivedRun(t, shelfIn(state), 2, 3, true, "shop")
	segments, err := filepath.Glob(filepath.Join(damaged, "segments", "records", "*.parquet"))
	require.NoError(t, err)
	require.NotEmpty(t, segments)
	require.NoError(t, os.Truncate(segments[0], 100))
	outside := archivedRun(t, t.TempDir(), 3, 3, true, "shop")
	for line, want := range map[string]string{
		"lst":                                 "unknown command runs lst; did you mean runs list?",
		"01":                                  "to see a run, write loadtrace runs show 01",
		"show":                                "want one run, got 0 arguments",
		"show ff":                             `run "ff": no archive of`,
		"show 0":                              "several archives",
		"show ../../../etc":                   "no archive of a run is there",
		"show /etc/passwd":                    "open the archive /etc/passwd",
		"delete":                              "no run is named",
		"delete " + outside:                   "is not in the folder of archives",
		"delete ..":                           "no archive of a run is there",
		"query 01 servicetime>5ms":            `unknown column "servicetime"; did you mean service_time?`,
		"query 01 --sort zzz":                 `--sort: unknown column "zzz"`,
		"query 01 --columns seq,sqe":          `--columns: unknown column "sqe"; did you mean seq?`,
		"query 01 --limit 0":                  "--limit 0: write a number from 1 to 100000",
		"query 01 --clor":                     "unknown flag: --clor; did you mean --color?",
		"query":                               "want a run and a condition in quotes, got 0 arguments",
		"export 01 --format xml":              "--format xml: write one of csv, jsonl, vegeta",
		"export 01 --format k6 --columns seq": "--columns is for --format csv and jsonl",
		"export 01 --time x":                  "--time x: write service or response",
		"export 01 -o /nowhere/x":             "--output: open /nowhere/x",
		"import":                              "no file is named",
		"import /nowhere":                     "no such file",
		"import " + filepath.Join(dir, "run.json"): "it is JSON, but neither vegeta's results nor ghz's report",
		"prune --max-age x":                        "--max-age x: write a duration such as 30d or 12h",
		"prune --max-size x":                       "--max-size x: write a size such as 2GiB or 500MB",
		"--color pink":                             "--color \"pink\"",
	} {
		c := runs(t, state, 2, strings.Fields(line)...)
		assert.Contains(t, c.err.String(), want, line)
		assert.Empty(t, c.out.String(), line)
	}
	for _, line := range []string{"query 02", "export 02 --format csv", "export 02 --format vegeta -o " + filepath.Join(t.TempDir(), "x")} {
		c := runs(t, state, 1, strings.Fields(line)...)
		assert.Contains(t, c.err.String(), "is damaged, or no Parquet file", line)
		assert.Equal(t, 1, strings.Count(c.err.String(), "\n"), c.err.String())
	}
}

func TestWhatAnArchiveSaysIsTextInEveryOutput(t *testing.T) {
	state := t.TempDir()
	archivedRun(t, shelfIn(state), 1, 5, true, hostile)
	for _, line := range []string{"", "--json", "show last", "show last --json", "query last --columns url,attack", "query last --columns url --json", "delete last"} {
		runs(t, state, 0, strings.Fields(line)...)
	}
}
