package report

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// archived writes what a sample does to an archive.
func (s *sample) archived(t testing.TB) *archive.Writer {
	t.Helper()
	for i := range s.plan.Attacks {
		s.plan.Attacks[i].HTTP = &loadgen.HTTP{}
	}
	w, err := archive.Create(t.TempDir(), archive.Start{Run: s.run, Plan: s.plan, PlanYAML: "name: checkout\n", Began: began}, 0)
	require.NoError(t, err)
	s.also = w.Record
	return w
}

func closed(t testing.TB, w *archive.Writer, sum *summary.Summary) *archive.Run {
	t.Helper()
	if sum != nil {
		require.NoError(t, w.Conclude(sum))
	}
	require.NoError(t, w.Close(context.Background()))
	run, err := archive.Open(w.Dir())
	require.NoError(t, err)
	return run
}

func TestAnArchiveGivesTheReportThatTheRunGave(t *testing.T) {
	s := newSample("validate", "pay")
	w := s.archived(t)
	s.flow(0, 5_000, 2*time.Millisecond)
	s.flow(1, 500, 20*time.Millisecond)
	live := s.data()
	run := closed(t, w, live.Summary)
	read, err := Archived(run)
	require.NoError(t, err)

	require.Len(t, read.Series, len(live.Series))
	for i := range live.Series {
		one, other := &live.Series[i], &read.Series[i]
		assert.Equal(t, one.Response.Quantiles(), other.Response.Quantiles())
		assert.Equal(t, one.Service.Quantiles(), other.Service.Quantiles())
		assert.Equal(t, one.spectrum(), other.spectrum())
		assert.Equal(t, one.Response.Quantiles(), seriesFigures(read.Summary, i).ResponseTime)
	}
	assert.Equal(t, live.Targets, read.Targets)
	require.Equal(t, len(live.Summary.Slowest), 10)
	for i := range live.Summary.Slowest {
		assert.Equal(t, live.Requests[i].TraceID, read.Requests[i].TraceID)
		assert.Equal(t, live.Requests[i].Phases, read.Requests[i].Phases)
		assert.Equal(t, live.Requests[i].result(), read.Requests[i].result())
	}
	assert.Empty(t, read.Notes)
	assert.NotEmpty(t, rendered(t, read, read))
}

func seriesFigures(s *summary.Summary, i int) *summary.Figures {
	if i == 0 {
		return &s.Total
	}
	return &s.Attacks[i-1].Figures
}

func TestWhatTheArchiveKnowsOfTheTargetIsInTheReport(t *testing.T) {
	s := newSample("validate")
	w := s.archived(t)
	s.flow(0, 1_000, 2*time.Millisecond)
	live := s.data()
	slow := live.Requests[0]
	for seq := range uint64(1000) {
		row := &archive.Request{Seq: seq}
		row.JoinStatus, row.ServerService, row.ServerInstance, row.ServerRoute, row.GCOverlap = "complete", "shop", "shop-1", "/validate", "yes"
		row.LedgerNetwork, row.LedgerServer = archive.Known(time.Microsecond), archive.Known(time.Millisecond)
		row.LedgerRead, row.LedgerUnexplained = archive.Known(time.Microsecond), archive.Known(time.Duration(0))
		row.GCTimeLeast, row.GCTimeMost = archive.Known(3*time.Millisecond), archive.Known(3*time.Millisecond)
		row.RuntimeAge, row.RuntimeGoroutines, row.RuntimeHeap = archive.Known(5*time.Millisecond), archive.Known(int64(58)), archive.Known(int64(54_000_000))
		row.RuntimeGCGoal = archive.Known(int64(1<<63 - 1)) // no collection at all
		row.ClockOffset, row.ClockBound = archive.Known(-10*time.Microsecond), archive.Known(90*time.Microsecond)
		if seq == slow.Seq {
			row.LogLines = 1
		}
		w.Join(row)
	}
	w.Line(&archive.Line{Time: slow.Sent.Add(time.Millisecond).UnixNano(), Request: true, Seq: slow.Seq, Service: "shop", Severity: "WARN", Body: "store lookup was slow"})
	d, err := Archived(closed(t, w, live.Summary))
	require.NoError(t, err)

	require.NotNil(t, d.Requests[0].Trace)
	trace := d.Requests[0].Trace
	assert.Equal(t, []Line{{At: time.Millisecond, Severity: "WARN", Text: "store lookup was slow"}}, trace.Lines)
	assert.Zero(t, trace.LinesCut)
	assert.Equal(t, []string{"58 goroutines · heap 51.5 MiB", "a collection went on for 3.00 ms of it", "its clock is not known to differ, within ± 100 µs"}, trace.Facts)
	assert.EqualValues(t, 1000, d.Ledger.Requests)
	assert.Positive(t, d.Collections.Met.Count)
	require.Len(t, d.Runtime, 1)
	assert.Equal(t, "shop shop-1", d.Runtime[0].Instance)
	assert.True(t, d.hasLevel(int(LevelHeap)))
	assert.False(t, d.hasLevel(int(LevelGCGoal)))
	assert.Equal(t, "GET /validate", d.Targets[0].Name)
	page := rendered(t, d, nil)
	assert.Contains(t, page, "store lookup was slow")
	assert.Contains(t, page, "a collection overlapped the server")
}

// A run that was killed has no summary.
func TestAnArchiveWithoutASummaryHasTheFiguresOfItsRowsAndSaysSo(t *testing.T) {
	s := newSample("validate")
	w := s.archived(t)
	s.flow(0, 1_000, 2*time.Millisecond)
	live := s.data()
	d, err := Archived(closed(t, w, nil))
	require.NoError(t, err)
	assert.Equal(t, live.Summary.Total.ResponseTime, d.Summary.Total.ResponseTime)
	assert.Equal(t, live.Summary.Total.Requests, d.Summary.Total.Requests)
	assert.EqualValues(t, "undecided", d.Summary.Verdict.Verdict)
	require.NotEmpty(t, d.Notes)
	page := rendered(t, d, nil)
	assert.Contains(t, page, "The archive is incomplete")
}

func TestADamagedArchiveIsAnError(t *testing.T) {
	s := newSample("validate")
	w := s.archived(t)
	s.flow(0, 100, 2*time.Millisecond)
	run := closed(t, w, s.data().Summary)
	require.NoError(t, os.WriteFile(filepath.Join(run.Dir(), "requests.parquet"), []byte("PAR1 nothing PAR1"), 0o600))
	_, err := Archived(run)
	require.ErrorContains(t, err, run.Dir())
}

// BenchmarkArchived reads an archive of a million requests and writes its page.
func BenchmarkArchived(b *testing.B) {
	s := newSample("validate")
	w := s.archived(b)
	s.flow(0, 1_000_000, 100*time.Microsecond)
	run := closed(b, w, s.data().Summary)
	b.ReportAllocs()
	for b.Loop() {
		d, err := Archived(run)
		if err != nil {
			b.Fatal(err)
		}
		rendered(b, d, nil)
	}
}
