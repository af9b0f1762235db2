// Package duckdb holds the archive against the real DuckDB. It is a module of its own, so
// that the distribution does not depend on it.
package duckdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/runs/archive"
)

const requests = 30_000

var runID = loadgen.RunID{0xfe, 2, 3, 4, 5, 6, 7, 8}

// write makes an archive with requests of two attacks.
func write(t *testing.T) *archive.Writer {
	s := archive.Start{Run: runID, Began: time.Now(), Plan: &loadgen.Plan{Name: "test", Attacks: []loadgen.Attack{
		{Name: "read", HTTP: &loadgen.HTTP{}, Load: []pace.Stage{{}}}, {Name: "write", HTTP: &loadgen.HTTP{}, Load: []pace.Stage{{}}},
	}}}
	w, err := archive.Create(t.TempDir(), s, 0)
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(1, 2))
	target := &loadgen.Target{Method: "GET", URL: "http://127.0.0.1:8080/a", Scheme: "http", Host: "127.0.0.1", Port: 8080}
	for n := range uint64(requests) {
		intended := s.Began.Add(time.Duration(n) * 100 * time.Microsecond)
		sent := intended.Add(time.Duration(random.ExpFloat64() * 5e4))
		took := time.Duration(1e6 + random.ExpFloat64()*3e6)
		wait := took - time.Duration(1e4+random.Int64N(1e4))
		rec := &loadgen.Record{
			Attack: int(n % 2), Seq: n / 2, Open: true, Intended: intended, Sent: sent, Done: sent.Add(took), Target: target, Status: 200, Proto: 11, Reused: true,
			BytesReceived: 1000, Phases: loadgen.Phases{Conn: time.Duration(random.Int64N(3000)), Write: time.Duration(random.Int64N(9000)), Wait: wait, Read: time.Duration(random.Int64N(9000))},
			Local: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(40000+random.IntN(100))), Peer: netip.MustParseAddrPort("127.0.0.1:8080"),
		}
		if n%100 == 7 {
			rec.Status = 503
		}
		w.Record(rec)
		w.Join(joined(random, rec))
		if n%1000 == 0 {
			require.NoError(t, w.Flush(context.Background()))
			w.Sample(&archive.Sample{Time: intended.UnixNano(), Service: "shop", Instance: "shop-1", Name: "go.memory.used", Kind: "sum", Value: float64(n)})
			w.Line(&archive.Line{Time: intended.UnixNano(), Request: true, AttackIndex: 1, Seq: 3, Body: "slow"})
		}
	}
	require.NoError(t, w.Conclude(&summary.Summary{RunID: runID.String()}))
	require.NoError(t, w.Close(context.Background()))
	require.Empty(t, w.Lacks())
	require.NoError(t, archive.Compact(context.Background(), w.Dir()))
	return w
}

func joined(random *rand.Rand, rec *loadgen.Record) *archive.Request {
	r := &archive.Request{AttackIndex: rec.Attack, Seq: rec.Seq}
	took := rec.Phases.Wait - time.Duration(random.Int64N(1e5))
	r.JoinStatus, r.JoinReleased = "complete", "waited"
	r.ServerService, r.ServerInstance, r.ServerRoute, r.ServerResolution, r.ServerSpans = "shop", "shop-1", "/a", "child", 1
	r.ServerSpanID = loadgen.SpanID(runID.SpanID(9, random.Uint64N(1<<40))).String()
	r.ServerDuration = archive.Known(took)
	r.ClockOffset, r.ClockBound = archive.Known(time.Duration(-1000)), archive.Known(100*time.Microsecond)
	r.LedgerServer, r.LedgerNetwork = archive.Known(took), archive.Known(rec.Phases.Wait-took)
	r.LedgerRead, r.LedgerUnexplained = archive.Known(rec.Phases.Read), archive.Known(rec.ServiceTime()-rec.Phases.Sum())
	r.GCOverlap, r.GCResolution = "no", "cycles"
	second := int64(rec.Seq / 5000)
	r.RuntimeResolution, r.RuntimeAge = "instance", archive.Known(rec.Done.Sub(rec.Intended.Truncate(time.Second)))
	r.RuntimeGoroutines, r.RuntimeHeap, r.RuntimeGCGoal = archive.Known(40+second), archive.Known(5_000_000+second), archive.Known(int64(9_000_000))
	r.RuntimeWindow, r.RuntimeGCCycles, r.RuntimeCPU = archive.Known(time.Second), archive.Known(second), archive.Known(0.25*float64(second))
	return r
}

func TestTheQueriesOfTheDocumentationRunInDuckDB(t *testing.T) {
	w := write(t)
	size, err := os.Stat(filepath.Join(w.Dir(), "requests.parquet"))
	require.NoError(t, err)
	t.Logf("%.1f bytes for each request", float64(size.Size())/requests)
	assert.Less(t, float64(size.Size())/requests, 40.0, "bytes for each request")
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	defer db.Close()
	page, err := os.ReadFile("../../docs/archive.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	require.Len(t, blocks, 7)
	for _, block := range blocks {
		query := strings.NewReplacer("ARCHIVE", w.Dir(), "RUN_ID", runID.String()).Replace(block[1])
		rows := all(t, db, query)
		assert.NotEmpty(t, rows, query)
	}
	run, err := archive.Open(w.Dir())
	require.NoError(t, err)
	for row, err := range run.Requests() {
		require.NoError(t, err)
		if row.Seq != 1234 {
			continue
		}
		got := all(t, db, `SELECT trace_id('`+runID.String()+`', attack_index, seq), sent, server_duration, gc_cycles FROM '`+w.Dir()+
			`/requests.parquet' WHERE seq = 1234 AND attack = '`+row.Attack+"'")
		assert.Equal(t, [][]any{{row.TraceID().String(), row.Sent, int64(row.ServerDuration.V), nil}}, got)
	}
	columns(t, db, w.Dir())
}

// columns shows which columns take most room.
func columns(t *testing.T, db *sql.DB, dir string) {
	for _, row := range all(t, db, `SELECT path_in_schema, sum(total_compressed_size) / `+"30000.0"+` AS bytes FROM parquet_metadata('`+dir+
		`/requests.parquet') GROUP BY ALL ORDER BY bytes DESC LIMIT 20`) {
		text, err := json.Marshal(row)
		require.NoError(t, err)
		t.Log(string(text))
	}
}

func all(t *testing.T, db *sql.DB, query string) (out [][]any) {
	t.Helper()
	rows, err := db.Query(query)
	require.NoError(t, err, query)
	defer rows.Close()
	names, err := rows.Columns()
	require.NoError(t, err)
	for rows.Next() {
		row := make([]any, len(names))
		to := make([]any, len(names))
		for i := range row {
			to[i] = &row[i]
		}
		require.NoError(t, rows.Scan(to...))
		out = append(out, row)
	}
	require.NoError(t, rows.Err())
	return out
}
