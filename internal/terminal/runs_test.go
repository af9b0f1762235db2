package terminal

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/plaintext/plaintexttest"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
	"github.com/loadtrace/loadtrace/runs/archive"
	"github.com/loadtrace/loadtrace/runs/catalog"
	"github.com/loadtrace/loadtrace/runs/query"
)

func imported() summary.Summary {
	s := newSample("web")
	s.add(0, 500)
	sum := s.summary(time.Second, summary.Conclusion{})
	sum.Foreign(&summary.Imported{Tool: "vegeta", Format: "gob", File: "results.gob",
		Unknown: []string{"when each request was to be sent, and so its response time", "the trace of a request"}}, []float64{500}, 500)
	return sum
}

func listed() []catalog.Line {
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local)
	p99 := summary.Seconds(0.0123)
	return []catalog.Line{
		{RunID: "4f0c719a5520b3ee", Began: began, Plan: "checkout", UnderWay: true, Size: 123},
		{RunID: "4f0c719a55ffb3ee", Began: began.Add(-time.Hour), Plan: "a plan with a very long name indeed, beyond all columns", Verdict: verdict.Undecided,
			Requests: 123_456, P99: &p99, Size: 5 << 20, Complete: true},
		{RunID: "2b9c72011d13ef2c", Began: began.Add(-2 * time.Hour), Plan: "shards", Shard: "0/2", Verdict: verdict.Fail, Requests: 9_999_999, P99: &p99, Size: 999 << 20, Complete: true},
		{RunID: "1b9c72011d13ef2c", Began: began.Add(-3 * time.Hour), Plan: "r.gob", Imported: "vegeta", Requests: 100, P99: &p99, Size: 5 << 10, Complete: true},
		{RunID: "0b9c72011d13ef2c", Began: began.Add(-4 * time.Hour), Plan: "killed", Size: 77 << 10},
		{Began: began.Add(-5 * time.Hour), Error: "open the archive /x/y: run.json is damaged: unexpected end of JSON input", Size: 1},
	}
}

func TestRunsAreListedWithin80Columns(t *testing.T) {
	page := text(func(b *bytes.Buffer) { Runs(b, listed(), "/home/somebody/.local/state/loadtrace/runs", Options{}) })
	requireGolden(t, "runs.txt", page)
	for line := range strings.Lines(page) {
		assert.LessOrEqual(t, width(strings.TrimRight(line, "\n")), 80, line)
	}
	assert.Equal(t, "no run is archived in /x\n", text(func(b *bytes.Buffer) { Runs(b, nil, "/x", Options{}) }))
}

func found(names ...string) (*query.Search, *query.Found) {
	columns, err := query.ColumnsOf(names)
	if err != nil {
		panic(err)
	}
	row := func(n int64, took time.Duration) []any {
		return []any{n, took, took + time.Millisecond, int64(200), "4f0c719a5520b3ee4f0c719a5520b3ee"}
	}
	s := &query.Search{Columns: columns, SortBy: columns[1], Where: &query.Filter{}}
	return s, &query.Found{Matched: 1234, Scanned: 100_000, Rows: [][]any{row(123_456, time.Second), row(7, 12345678), {int64(9), nil, nil, nil, nil}}}
}

func TestRequestsThatWereFoundAreDrawnWithin80Columns(t *testing.T) {
	page := text(func(b *bytes.Buffer) {
		s, f := found(query.Default(false, nil)...)
		Found(b, s, f, Options{})
	})
	requireGolden(t, "found.txt", page)
	for line := range strings.Lines(page) {
		assert.LessOrEqual(t, width(strings.TrimRight(line, "\n")), 80, line)
	}
}

func TestColumnsAreListed(t *testing.T) {
	page := text(func(b *bytes.Buffer) { Columns(b, query.Columns, Options{}) })
	assert.Contains(t, page, "server_route                 text           its route (also route)\n")
	for line := range strings.Lines(page) {
		assert.LessOrEqual(t, width(strings.TrimRight(line, "\n")), 80, line)
	}
}

func TestARunWithoutAResultIsDrawn(t *testing.T) {
	info := &archive.Info{RunID: "4f0c719a5520b3ee", Name: "checkout", Began: time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local),
		Attacks: []archive.Attack{{Name: "web", Protocol: "http"}}, Incomplete: []string{"the run is under way, or what wrote the archive was killed"}}
	page := text(func(b *bytes.Buffer) { Unfinished(b, info, Options{}) })
	assert.Equal(t, `? checkout has no result · run 4f0c719a5520b3ee
  began 2026-03-01 12:00:00
  attack web (http)

the archive is incomplete
  • the run is under way, or what wrote the archive was killed
`, page)
}

func TestWhatAnArchiveSaysIsText(t *testing.T) {
	for _, hostile := range plaintexttest.Texts {
		lines := listed()
		plaintexttest.Fill(&lines, hostile)
		plaintexttest.Check(t, text(func(b *bytes.Buffer) { Runs(b, lines, hostile, Options{}) }))
		plaintexttest.Check(t, text(func(b *bytes.Buffer) { Removed(b, lines, true, Options{}) }))
		info := archive.Info{Attacks: []archive.Attack{{}}, Incomplete: []string{""}}
		plaintexttest.Fill(&info, hostile)
		plaintexttest.Check(t, text(func(b *bytes.Buffer) { Unfinished(b, &info, Options{}) }))
		s, f := found("attack", "url", "route")
		f.Rows = [][]any{{hostile, hostile, hostile}}
		s.SortBy = nil
		plaintexttest.Check(t, text(func(b *bytes.Buffer) { Found(b, s, f, Options{}) }))
		sum := imported()
		plaintexttest.Fill(&sum, hostile)
		plaintexttest.Check(t, text(func(b *bytes.Buffer) { Summary(b, sum, Options{}) }))
	}
	require.NotEmpty(t, plaintexttest.Texts)
}
