package convert_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bojand/ghz/runner"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/runs/archive"
	"github.com/loadtrace/loadtrace/runs/convert"
)

// vegetas are n results of an attack at 100 per second, of which every third fails.
func vegetas(n int) (all []vegeta.Result) {
	for i := range n {
		r := vegeta.Result{Attack: "web", Seq: uint64(i), Code: 200, Timestamp: began.Add(time.Duration(i) * 10 * time.Millisecond),
			Latency: time.Duration(i%100+1) * time.Millisecond, BytesIn: 10, Body: []byte("0123456789"), Method: "GET", URL: "http://h/a"}
		switch i % 3 {
		case 1:
			r.Code, r.Error = 503, "503 Service Unavailable"
		case 2:
			r.Code, r.Error, r.BytesIn = 0, "Get \"http://h/a\": dial tcp: connect: connection refused", 0
		}
		all = append(all, r)
	}
	return all
}

func gob(t testing.TB, results []vegeta.Result) []byte {
	var out bytes.Buffer
	encode := vegeta.NewEncoder(&out)
	for i := range results {
		require.NoError(t, encode(&results[i]))
	}
	return out.Bytes()
}

func file(t testing.TB, name string, src []byte) string {
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, src, 0o600))
	return path
}

func imported(t testing.TB, path, root string) (*convert.Imported, *archive.Run) {
	out, err := convert.Import(context.Background(), path, root, convert.ImportOptions{Version: "1.2.3"})
	require.NoError(t, err)
	run, err := archive.Open(out.Dir)
	require.NoError(t, err)
	return out, run
}

func TestResultsOfVegetaBecomeARun(t *testing.T) {
	const n = 9000 // more than is given to an archive at once
	results := vegetas(n)
	out, run := imported(t, file(t, "results.gob", gob(t, results)), t.TempDir())
	assert.Equal(t, uint64(n), out.Requests)
	info := run.Info()
	assert.True(t, info.Complete, info.Incomplete)
	assert.Equal(t, "results.gob", info.Name)
	assert.Equal(t, []archive.Attack{{Name: "web", Protocol: "http", Stages: []string{""}}}, info.Attacks)
	assert.True(t, info.Began.Equal(began))

	var m vegeta.Metrics
	for i := range results {
		m.Add(&results[i])
	}
	m.Close()
	s := info.Summary
	assert.Equal(t, "vegeta", s.Imported.Tool)
	assert.Equal(t, uint64(n), s.Total.Requests.Planned)
	assert.Equal(t, uint64(m.StatusCodes["200"]), s.Total.Status["200"])
	assert.Equal(t, uint64(m.StatusCodes["503"]), s.Total.Status["503"])
	assert.Equal(t, uint64(m.StatusCodes["0"]), s.Total.Errors[loadgen.ErrorRefused].Count)
	assert.InDelta(t, m.Latencies.P99.Seconds(), float64(s.Total.ServiceTime.P99), 0.001)
	assert.InDelta(t, m.Latencies.Mean.Seconds(), float64(s.Total.ServiceTime.Mean), 1e-9)
	assert.InDelta(t, 100, s.Total.RateAchieved, 0.001)
	assert.Empty(t, s.Faults)

	i := 0
	for r, err := range run.Requests() {
		require.NoError(t, err)
		assert.True(t, r.SentTime().Equal(results[i].Timestamp))
		assert.Equal(t, results[i].Latency, r.ServiceTime)
		i++
	}
	assert.Equal(t, n, i)
}

// A figure that the file does not have once looked measured: each response time was the
// service time, and each trace id that of a request of ours.
func TestWhatAFileDoesNotTellIsNotMadeUp(t *testing.T) {
	_, run := imported(t, file(t, "r.gob", gob(t, vegetas(30))), t.TempDir())
	s := run.Info().Summary
	for _, f := range []summary.Figures{s.Total, s.Attacks[0].Figures} {
		assert.Zero(t, f.ResponseTime)
		assert.Zero(t, f.Lag)
		assert.Zero(t, f.RateWanted)
		assert.Empty(t, f.Distribution)
		assert.Zero(t, f.Phases)
		assert.Zero(t, f.Connections)
	}
	for _, q := range append(s.Slowest, s.Failures...) {
		assert.Empty(t, q.TraceID)
		assert.True(t, q.Unsampled)
		assert.Zero(t, q.ResponseTime)
		assert.NotZero(t, q.ServiceTime)
	}
	assert.Empty(t, s.Verdict.Verdict)
	for r, err := range run.Requests() {
		require.NoError(t, err)
		assert.Zero(t, r.Intended)
		assert.Zero(t, r.ResponseTime)
		assert.Zero(t, r.ScheduleLag())
		assert.False(t, r.Sampled)
	}
	text, report := export(t, run, convert.Options{Format: convert.Vegeta, Response: true})
	assert.Empty(t, text)
	assert.Equal(t, convert.Report{Unknown: 30}, report)
}

func TestAnImportedRunIsExportedAsItWas(t *testing.T) {
	want := vegetas(1000)
	for i := range want {
		want[i].Body, want[i].Headers = nil, nil
	}
	_, run := imported(t, file(t, "r.gob", gob(t, want)), t.TempDir())
	text, _ := export(t, run, convert.Options{Format: convert.VegetaJS})
	got := read(t, text)
	require.Len(t, got, len(want))
	for i := range want {
		assert.True(t, want[i].Equal(got[i]), "%+v is not %+v", got[i], want[i])
	}
}

func TestAReportOfGHZBecomesARun(t *testing.T) {
	report := runner.Report{Count: 3, Date: began, Options: runner.Options{Call: "a.B.C", Host: "h:1", Insecure: true}, Details: []runner.ResultDetail{
		{Timestamp: began.Add(time.Second), Latency: 900 * time.Millisecond, Status: "OK"},
		{Timestamp: began.Add(time.Second), Latency: 100 * time.Millisecond, Status: "NotFound", Error: "rpc error: code = NotFound desc = no"},
	}}
	src, err := json.Marshal(report)
	require.NoError(t, err)
	out, run := imported(t, file(t, "ghz.json", src), t.TempDir())
	info := run.Info()
	assert.Equal(t, []string{"the report has 2 of the run's 3 calls: ghz keeps the first 1000000 only"}, out.Lacks)
	assert.False(t, info.Complete)
	assert.Equal(t, out.Lacks, info.Incomplete)
	assert.True(t, info.Began.Equal(began.Add(100*time.Millisecond)))
	assert.Equal(t, map[string]uint64{"OK": 1, "NOT_FOUND": 1}, info.Summary.Total.Status)
	assert.Equal(t, "grpc", info.Attacks[0].Protocol)
	assert.Equal(t, "grpc h:1 a.B/C", info.Summary.Attacks[0].Target)
	assert.Contains(t, info.Summary.Imported.Unknown, "the sizes of messages")
}

func TestSeveralAttacksStayApart(t *testing.T) {
	a, b := vegetas(10), vegetas(5)
	for i := range b {
		b[i].Attack, b[i].URL = "", fmt.Sprint("http://h/", i)
	}
	out, run := imported(t, file(t, "r", gob(t, append(a, b...))), t.TempDir())
	s := run.Info().Summary
	require.Len(t, s.Attacks, 2)
	assert.Equal(t, uint64(10), s.Attacks[0].Requests.Planned)
	assert.Equal(t, "attack 2", s.Attacks[1].Name)
	assert.Equal(t, "GET http://h/0 and others", s.Attacks[1].Target)
	assert.Equal(t, uint64(15), out.Requests)
}

// Results of two attacks of one name, as cat makes of their files, have each number twice.
func TestNumbersThatComeTwiceLoseNothing(t *testing.T) {
	first, second := vegetas(10), vegetas(10)
	_, run := imported(t, file(t, "r", gob(t, append(first, second...))), t.TempDir())
	n := 0
	for _, err := range run.Requests("seq") {
		require.NoError(t, err)
		n++
	}
	assert.Equal(t, 20, n)
}

func TestAFileIsImportedOnce(t *testing.T) {
	root, src := t.TempDir(), gob(t, vegetas(3))
	out, _ := imported(t, file(t, "a", src), root)
	_, err := convert.Import(context.Background(), file(t, "b", src), root, convert.ImportOptions{})
	require.ErrorContains(t, err, "it was imported before, as run "+out.Run.String())
	require.NoError(t, archive.Remove(out.Dir))
	imported(t, file(t, "b", src), root)
}

func TestATruncatedFileIsImportedIfThatIsWanted(t *testing.T) {
	src := gob(t, vegetas(10))
	path, root := file(t, "r", src[:len(src)-10]), t.TempDir()
	_, err := convert.Import(context.Background(), path, root, convert.ImportOptions{})
	require.ErrorContains(t, err, "it ends within request 10, as the file of a tool that was killed does; write --incomplete to import the 9 before it")
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	assert.Empty(t, entries)

	out, err := convert.Import(context.Background(), path, root, convert.ImportOptions{Incomplete: true})
	require.NoError(t, err)
	assert.Equal(t, uint64(9), out.Requests)
	run, err := archive.Open(out.Dir)
	require.NoError(t, err)
	assert.False(t, run.Info().Complete)
	assert.Equal(t, []string{"the file ended within request 10"}, run.Info().Incomplete)
}

func TestWhatIsNoFileOfResultsLeavesNothing(t *testing.T) {
	root := t.TempDir()
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for path, want := range map[string]string{
		file(t, "empty", nil):                                 "it is empty",
		file(t, "text", []byte("hello")):                      "neither vegeta's results",
		file(t, "cut", gob(t, vegetas(1))[:40]):               "neither vegeta's results",
		file(t, "cut2", []byte(`{"attack":"a","co`)):          "no whole request is in it",
		file(t, "bad", []byte(`{"attack":"a","latency":-1}`)): "request 1: its timestamp",
		pipe:                        "is no file; write the results to one first",
		root:                        "is no file",
		filepath.Join(root, "none"): "no such file",
	} {
		_, err := convert.Import(context.Background(), path, root, convert.ImportOptions{Incomplete: true})
		require.ErrorContains(t, err, want, path)
	}
	many := vegetas(1001)
	for i := range many {
		many[i].Attack = fmt.Sprint(i)
	}
	_, err := convert.Import(context.Background(), file(t, "many", gob(t, many)), root, convert.ImportOptions{})
	require.ErrorContains(t, err, "more than 1000 attacks")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = convert.Import(ctx, file(t, "r", gob(t, vegetas(10))), root, convert.ImportOptions{})
	require.ErrorIs(t, err, context.Canceled)
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	assert.Empty(t, entries)
}

func TestAnImportedRunIsComparedWithDoubt(t *testing.T) {
	good := vegetas(60)
	for i := range good {
		good[i].Code, good[i].Error = 200, ""
	}
	_, a := imported(t, file(t, "a", gob(t, good[:30])), t.TempDir())
	_, b := imported(t, file(t, "b", gob(t, good)), t.TempDir())
	found := summary.Comparable(a.Info().Summary, b.Info().Summary)
	assert.Equal(t, environment.Unknown, found.Answer, found)
	assert.Len(t, found.Pairs, 1)
	all := strings.Join(found.Obstacles, "\n")
	assert.Contains(t, all, "the first run was imported from vegeta's results in a, which do not tell when each request was to be sent")
	assert.Contains(t, all, "the second run was imported from vegeta's results in b")
}
