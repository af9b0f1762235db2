package archive_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// processor is the time that this process has had of its processors.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// likeLife is n records and what was joined to them, with the entropy that measured times
// have.
func likeLife(s archive.Start, n int) (records []loadgen.Record, joins []archive.Request) {
	random := rand.New(rand.NewPCG(3, 4))
	noise := func(scale float64) time.Duration { return time.Duration(random.ExpFloat64() * scale) }
	for i := range uint64(n) {
		r := record(s, i, time.Millisecond+noise(3e6))
		r.Sent = r.Intended.Add(noise(5e4))
		r.Done = r.Sent.Add(time.Millisecond + noise(3e6))
		r.Phases = loadgen.Phases{Conn: noise(2e3), Write: noise(6e3), Read: noise(6e3)}
		r.Phases.Wait = r.ServiceTime() - r.Phases.Sum() - noise(1e3)
		records = append(records, *r)
		j := joined(i)
		j.ServerResolution = "child"
		j.ServerDuration = archive.Known(r.Phases.Wait - noise(3e4))
		j.LedgerServer, j.LedgerNetwork = j.ServerDuration, archive.Known(r.Phases.Wait-j.ServerDuration.V)
		j.LedgerRead, j.LedgerUnexplained = archive.Known(r.Phases.Read), archive.Known(r.ServiceTime()-r.Phases.Sum())
		j.RuntimeAge = archive.Known(noise(5e8))
		joins = append(joins, *j)
	}
	return records, joins
}

// One iteration is one request: its record, what was joined to it, and its share of the
// segments. At 20,000 a second, 4 µs of processor are 8 % of one.
func BenchmarkArchiveOfARequest(b *testing.B) {
	s := start()
	records, joins := likeLife(s, 20_000)
	w, err := archive.Create(b.TempDir(), s, 1<<40)
	require.NoError(b, err)
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, at := processor(b), 0
	b.ReportAllocs()
	for b.Loop() {
		i := at % len(records)
		r, j := &records[i], &joins[i]
		r.Seq, j.Seq = uint64(at), uint64(at)
		w.Record(r)
		w.Join(j)
		if at++; at%4000 == 0 { // faster than a run, and no faster than the disk
			require.NoError(b, w.Flush(context.Background()))
		}
	}
	require.NoError(b, w.Flush(context.Background()))
	b.ReportMetric(float64(processor(b)-cpu)/float64(at), "cpu-ns/op")
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric((float64(after.HeapAlloc)-float64(before.HeapAlloc))/1e6, "MB-heap")
	require.Empty(b, w.Lacks())
	require.NoError(b, w.Close(context.Background()))
}

// One iteration compacts an archive of 100,000 requests.
func BenchmarkCompact(b *testing.B) {
	const n = 100_000
	s := start()
	records, joins := likeLife(s, n)
	for b.Loop() {
		b.StopTimer()
		w, err := archive.Create(b.TempDir(), s, 0)
		require.NoError(b, err)
		for i := range records {
			w.Record(&records[i])
			w.Join(&joins[i])
			if i%4000 == 0 {
				require.NoError(b, w.Flush(context.Background()))
			}
		}
		require.NoError(b, w.Conclude(&summary.Summary{RunID: runID.String()}))
		require.NoError(b, w.Close(context.Background()))
		require.Empty(b, w.Lacks())
		b.StartTimer()
		require.NoError(b, archive.Compact(context.Background(), w.Dir()))
		info, err := os.Stat(filepath.Join(w.Dir(), "requests.parquet"))
		require.NoError(b, err)
		b.ReportMetric(float64(info.Size())/n, "B/request")
	}
}
