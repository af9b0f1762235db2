package duckdb

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/runs/archive"
	"github.com/loadtrace/loadtrace/runs/query"
)

// ofAllKinds makes an archive whose requests lack some values each.
func ofAllKinds(t *testing.T) *archive.Run {
	s := archive.Start{Run: runID, Began: time.Now(), Plan: &loadgen.Plan{Name: "test", Attacks: []loadgen.Attack{{Name: "read", HTTP: &loadgen.HTTP{}, Load: []pace.Stage{{}}}}}}
	w, err := archive.Create(t.TempDir(), s, 0)
	require.NoError(t, err)
	target := &loadgen.Target{Method: "GET", URL: "http://127.0.0.1:8080/a"}
	for n := range uint64(1000) {
		at := s.Began.Add(time.Duration(n) * time.Millisecond)
		rec := &loadgen.Record{Seq: n, Open: n%2 == 0, Intended: at, Sent: at, Done: at.Add(time.Duration(n) * 100 * time.Microsecond), Target: target, Status: 200, Reused: n%4 == 0}
		rec.Phases.DNS = time.Duration(n%3) * time.Millisecond
		switch n % 7 {
		case 1:
			rec.Outcome, rec.NotSent, rec.Sent, rec.Done, rec.Status = loadgen.NotSent, loadgen.NotSentLate, time.Time{}, time.Time{}, 0
		case 2:
			rec.Outcome, rec.Error, rec.ErrorText, rec.Status = loadgen.Failed, loadgen.ErrorTimeout, "no response", 0
		case 3:
			rec.Status = 503
		}
		w.Record(rec)
		if n%5 != 0 {
			row := &archive.Request{Seq: n}
			row.JoinStatus = "complete"
			if n%5 > 1 {
				row.ServerRoute, row.ServerService = []string{"/a", "/b", "/c"}[n%3], "shop"
				row.ServerDuration = archive.Known(time.Duration(n) * 50 * time.Microsecond)
				row.GCOverlap = []string{"no", "possible", "yes", ""}[n%4]
				row.RuntimeCPU = archive.Known(float64(n) / 500)
			}
			w.Join(row)
		}
	}
	require.NoError(t, w.Conclude(&summary.Summary{RunID: runID.String()}))
	require.NoError(t, w.Close(context.Background()))
	require.NoError(t, archive.Compact(context.Background(), w.Dir()))
	run, err := archive.Open(w.Dir())
	require.NoError(t, err)
	return run
}

// A condition of loadtrace runs query and the same condition in DuckDB find the same
// requests, also where values are missing.
func TestAConditionFindsWhatDuckDBFinds(t *testing.T) {
	run := ofAllKinds(t)
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	defer db.Close()
	for condition, where := range map[string]string{
		"service_time > 50ms":                               "service_time > 50000000",
		"not (service_time > 50ms)":                         "NOT (service_time > 50000000)",
		"service_time > 50ms and gc_overlap":                "service_time > 50000000 AND gc_overlap != 'no'",
		"not gc_overlap":                                    "NOT (gc_overlap != 'no')",
		"not (server_duration > 10ms and dns > 1ms)":        "NOT (server_duration > 10000000 AND phase_dns > 1000000)",
		"not (server_duration > 10ms or service_time<10ms)": "NOT (server_duration > 10000000 OR service_time < 10000000)",
		"dns < 2ms":                              "phase_dns < 2000000",
		"route != '/a'":                          "server_route != '/a'",
		"not (route in ['/a', '/b'])":            "NOT (server_route IN ('/a', '/b'))",
		"route matches '[ab]$'":                  "regexp_matches(server_route, '[ab]$')",
		"not (route contains 'a')":               "NOT contains(server_route, 'a')",
		"server_duration == nil and join_status": "server_duration IS NULL AND join_status IS NOT NULL",
		"error or not reused":                    "error_type IS NOT NULL OR NOT connection_reused",
		"outcome in ['failed', 'not_sent']":      "outcome IN ('failed', 'not_sent')",
		"status >= 500":                          "status >= 500",
		"status != 200":                          "status != 200",
		"service_time - server_duration > 20ms":  "service_time - server_duration > 20000000",
		"runtime_cpu > 0.5 and runtime_cpu < 1":  "runtime_cpu > 0.5 AND runtime_cpu < 1",
		"server_duration / service_time >= 0.5":  "server_duration / service_time >= 0.5",
		"seq < 10 or response_time == 5ms":       "seq < 10 OR response_time = 5000000",
	} {
		filter, err := query.Compile(condition)
		require.NoError(t, err, condition)
		columns, err := query.ColumnsOf([]string{"seq"})
		require.NoError(t, err)
		found, err := (&query.Search{Where: filter, Columns: columns, Limit: 1000}).Run(context.Background(), run)
		require.NoError(t, err, condition)
		want := all(t, db, "SELECT seq FROM '"+run.Dir()+"/requests.parquet' WHERE "+where+" ORDER BY seq")
		assert.Equal(t, want, found.Rows, condition)
		assert.NotEmpty(t, found.Rows, condition)
	}
}

// Figures that DuckDB computes of the rows are those of the run's summary.
func TestFiguresOfDuckDBAreThoseOfTheSummary(t *testing.T) {
	run := ofAllKinds(t)
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	defer db.Close()
	plan := &loadgen.Plan{Attacks: []loadgen.Attack{{Load: []pace.Stage{{}}}}}
	sum := summary.New(plan, runID, run.Info().Began)
	for row, err := range run.Requests() {
		require.NoError(t, err)
		rec := &loadgen.Record{Seq: row.Seq, Open: row.Open, Intended: row.IntendedTime(), Sent: row.SentTime(), Outcome: row.Outcome,
			Error: loadgen.ErrorKind(row.ErrorType), NotSent: row.NotSentReason, Status: row.Status}
		if row.Sent != 0 {
			rec.Done = rec.Sent.Add(row.ServiceTime)
		}
		sum.Add(rec)
	}
	total := sum.Summary(run.Info().Began, summary.Conclusion{}).Total
	got := all(t, db, `SELECT count(*) FILTER (outcome = 'finished'), count(*) FILTER (outcome = 'failed'), count(*) FILTER (outcome = 'not_sent'),
		max(response_time) / 1e9, quantile_disc(response_time, 0.99) / 1e9, avg(response_time) / 1e9
		FROM '`+run.Dir()+`/requests.parquet'`)[0]
	assert.Equal(t, []any{int64(total.Requests.Finished), int64(total.Requests.Failed), int64(total.Requests.Unsent())}, got[:3])
	assert.InDelta(t, float64(total.ResponseTime.Max), got[3], 1e-9)
	assert.InEpsilon(t, float64(total.ResponseTime.P99), got[4], 0.006, "a histogram's error")
	assert.InEpsilon(t, float64(total.ResponseTime.Mean), got[5], 1e-9)
}
