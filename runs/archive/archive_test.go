package archive_test

import (
	"context"
	"encoding/hex"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/runs/archive"
)

var runID = loadgen.RunID{1, 2, 3, 4, 5, 6, 7, 8}

func start() archive.Start {
	return archive.Start{
		Run: runID, Began: time.Now(), Version: "1.2.3", PlanYAML: "name: test\n",
		Plan: &loadgen.Plan{Name: "test", Attacks: []loadgen.Attack{
			{Name: "web", HTTP: &loadgen.HTTP{}, Load: []pace.Stage{{Name: "warm"}, {}}},
			{Name: "calls", GRPC: &loadgen.GRPC{}, Load: []pace.Stage{{}}},
		}},
	}
}

var target = &loadgen.Target{Method: "GET", URL: "http://user:secret@127.0.0.1:8080/a?token=secret", Scheme: "http", Host: "127.0.0.1", Port: 8080}

// record is the record of a request that took a time, the n-th of a thousand a second.
func record(s archive.Start, n uint64, took time.Duration) *loadgen.Record {
	intended := s.Began.Add(time.Duration(n) * time.Millisecond)
	sent := intended.Add(50 * time.Microsecond)
	return &loadgen.Record{
		Seq: n, TraceID: runID.TraceID(0, n), SpanID: runID.SpanID(0, n), Open: true, Intended: intended, Sent: sent, Done: sent.Add(took),
		Target: target, Status: 200, Proto: 11, Reused: true, BytesReceived: 1234,
		Phases: loadgen.Phases{Conn: time.Microsecond, Write: 2 * time.Microsecond, Wait: took - 5*time.Microsecond, Read: time.Microsecond},
		Local:  netip.MustParseAddrPort("127.0.0.1:5000"), Peer: netip.MustParseAddrPort("127.0.0.1:8080"),
	}
}

// joined is what the join knows of the n-th request.
func joined(n uint64) *archive.Request {
	r := &archive.Request{Seq: n}
	r.JoinStatus, r.JoinReleased = "complete", "waited"
	r.ServerService, r.ServerInstance, r.ServerRoute, r.ServerResolution = "shop", "shop-1", "/a", "trace"
	span := runID.SpanID(3, n)
	r.ServerSpanID = hex.EncodeToString(span[:])
	r.ServerDuration, r.ServerSpans = archive.Known(time.Duration(n)), 1
	r.ClockOffset, r.ClockBound = archive.Known(-time.Microsecond), archive.Known(time.Millisecond)
	r.LedgerNetwork, r.LedgerServer = archive.Known(time.Duration(0)), archive.Known(time.Duration(n))
	r.LedgerRead, r.LedgerUnexplained = archive.Known(time.Microsecond), archive.Known(time.Duration(0))
	r.GCOverlap, r.GCResolution = "no", "cycles"
	r.RuntimeResolution, r.RuntimeGoroutines = "instance", archive.Known(int64(12))
	r.RuntimeCPU, r.RuntimeGCCycles = archive.Known(0.5), archive.Known(int64(0))
	r.LogLines = 2
	return r
}

// write makes an archive of n requests, each joined, that come in disorder.
func write(t testing.TB, root string, n int) (*archive.Writer, archive.Start) {
	t.Helper()
	s := start()
	w, err := archive.Create(root, s, 0)
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(1, 2))
	for _, i := range disorder(random, n) {
		w.Record(record(s, uint64(i), time.Millisecond+time.Duration(i)))
	}
	for _, i := range disorder(random, n) {
		w.Join(joined(uint64(i)))
	}
	return w, s
}

// disorder is the numbers from 0, each near its place.
func disorder(random *rand.Rand, n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	for i := range order {
		j := min(n-1, i+random.IntN(50))
		order[i], order[j] = order[j], order[i]
	}
	return order
}

func finish(t testing.TB, w *archive.Writer) {
	t.Helper()
	require.NoError(t, w.Conclude(&summary.Summary{RunID: runID.String()}))
	require.NoError(t, w.Close(context.Background()))
}

func read(t testing.TB, dir string, columns ...string) []archive.Request {
	t.Helper()
	run, err := archive.Open(dir)
	require.NoError(t, err)
	var rows []archive.Request
	for row, err := range run.Requests(columns...) {
		require.NoError(t, err)
		rows = append(rows, *row)
	}
	return rows
}

func TestWhatIsWrittenIsReadInOrderWithWhatTheJoinKnows(t *testing.T) {
	const n = 10_000 // several segments
	w, s := write(t, t.TempDir(), n)
	finish(t, w)
	rows := read(t, w.Dir())
	require.Len(t, rows, n)
	for i, row := range rows {
		require.Equal(t, uint64(i), row.Seq)
		require.Equal(t, time.Duration(i), row.ServerDuration.V)
		require.True(t, row.ServerDuration.OK, "also where it is 0")
	}
	want := *joined(7)
	want.Run, want.Attack, want.Sampled, want.Open = runID, "web", true, true
	want.Intended = s.Began.UnixNano() + int64(7*time.Millisecond)
	want.Sent = want.Intended + 50_000
	want.ServiceTime, want.ResponseTime = time.Millisecond+7, time.Millisecond+50*time.Microsecond+7
	want.Result = archive.Result{Outcome: loadgen.Finished, Status: 200, StatusName: "200"}
	want.Wire = archive.Wire{
		Method: "GET", URL: "http://127.0.0.1:8080/a?token=REDACTED", ServerAddress: "127.0.0.1", ServerPort: 8080, ProtocolVersion: "1.1", Reused: true,
		BytesReceived: 1234, LocalAddress: "127.0.0.1", LocalPort: 5000, PeerAddress: "127.0.0.1", PeerPort: 8080,
	}
	want.Phases = archive.Phases{Connection: time.Microsecond, Write: 2 * time.Microsecond, Wait: time.Millisecond + 7 - 5*time.Microsecond, Read: time.Microsecond}
	assert.Equal(t, want, rows[7])
	assert.Equal(t, runID.TraceID(0, 7), rows[7].TraceID())

	require.NoError(t, archive.Compact(context.Background(), w.Dir()))
	assert.Equal(t, rows, read(t, w.Dir()), "compacted")
	assert.NoDirExists(t, filepath.Join(w.Dir(), "segments"))
	run, err := archive.Open(w.Dir())
	require.NoError(t, err)
	assert.True(t, run.Info().Complete)
	assert.Equal(t, archive.Rows{Requests: n, Joined: n}, run.Info().Rows)
}

func TestAColumnIsReadAlone(t *testing.T) {
	w, _ := write(t, t.TempDir(), 3000)
	finish(t, w)
	for _, name := range []string{"segments", "compacted"} {
		rows := read(t, w.Dir(), "server_duration", "status")
		require.Len(t, rows, 3000)
		want := archive.Request{Run: runID, Seq: 9}
		want.Status, want.ServerDuration = 200, archive.Known(time.Duration(9))
		rows[9].JoinStatus = "" // read along where it is at hand
		assert.Equal(t, want, rows[9], name)
		require.NoError(t, archive.Compact(context.Background(), w.Dir()))
	}
	run, err := archive.Open(w.Dir())
	require.NoError(t, err)
	for _, err := range run.Requests("latency") {
		assert.ErrorContains(t, err, `column "latency": requests.parquet has none of that name`)
	}
}

func TestFilesAreTheUsersAlone(t *testing.T) {
	w, _ := write(t, t.TempDir(), 100)
	finish(t, w)
	require.NoError(t, archive.Compact(context.Background(), w.Dir()))
	require.NoError(t, filepath.WalkDir(w.Dir(), func(path string, d os.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := d.Info()
		require.NoError(t, err)
		assert.Zero(t, info.Mode().Perm()&0o077, path)
		return nil
	}))
	src, err := os.ReadFile(filepath.Join(w.Dir(), "requests.parquet"))
	require.NoError(t, err)
	t.Log("bytes per request", len(src)/100)
}

func TestProfilesAreKeptBesideTheRows(t *testing.T) {
	w, _ := write(t, t.TempDir(), 1)
	finish(t, w)
	require.NoError(t, archive.AddProfile(w.Dir(), "heap-after", []byte("profile")))
	require.ErrorContains(t, archive.AddProfile(w.Dir(), "../heap", nil), "no name of a file")
	run, err := archive.Open(w.Dir())
	require.NoError(t, err)
	profiles, err := run.Profiles()
	require.NoError(t, err)
	require.Len(t, profiles, 1)
	src, err := os.ReadFile(profiles["heap-after"])
	require.NoError(t, err)
	assert.Equal(t, "profile", string(src))
}
