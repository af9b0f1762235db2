package archive_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unsafe"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// first is the first error of reading all rows, and how many there were before.
func first(t *testing.T, dir string) (rows int, err error) {
	t.Helper()
	run, err := archive.Open(dir)
	if err != nil {
		return 0, err
	}
	for _, err := range run.Requests() {
		if err != nil {
			return rows, err
		}
		rows++
	}
	return rows, nil
}

func compacted(t *testing.T, n int) string {
	w, _ := write(t, t.TempDir(), n)
	finish(t, w)
	require.NoError(t, archive.Compact(context.Background(), w.Dir()))
	return w.Dir()
}

func TestADamagedOrForeignFileIsAnErrorThatNamesIt(t *testing.T) {
	type other struct {
		Latency int64  `parquet:"latency"`
		Seq     string `parquet:"seq"`
	}
	var foreign bytes.Buffer
	require.NoError(t, parquet.Write(&foreign, []other{{1, "a"}}))
	dir := compacted(t, 1000)
	path := filepath.Join(dir, "requests.parquet")
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for name, content := range map[string][]byte{
		"empty": nil, "no Parquet": []byte("seq,latency\n1,2\n"), "foreign": foreign.Bytes(),
		"without its end": whole[:len(whole)/2], "without its beginning": whole[len(whole)/2:], "a byte short": whole[:len(whole)-1],
	} {
		require.NoError(t, os.WriteFile(path, content, 0o600))
		_, err := first(t, dir)
		assert.ErrorContains(t, err, "requests.parquet", name)
	}
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Mkdir(path, 0o700))
	_, err = first(t, dir)
	assert.ErrorContains(t, err, "is no file")
}

// The library panicked on some of these.
func TestNoByteThatFlipsMakesAReaderPanic(t *testing.T) {
	dir := compacted(t, 500)
	path := filepath.Join(dir, "requests.parquet")
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(1, 2))
	failed := 0
	for range 150 {
		damaged := bytes.Clone(whole)
		damaged[random.IntN(len(damaged))] ^= byte(1 + random.IntN(255))
		require.NoError(t, os.WriteFile(path, damaged, 0o600))
		if _, err := first(t, dir); err != nil {
			failed++
		}
	}
	assert.Positive(t, failed, "no flip was noticed")
}

func TestRunJSONOfOthersIsRefusedInWords(t *testing.T) {
	dir := t.TempDir()
	for content, want := range map[string]string{
		`{"schema_version": 2, "run_id": "0102030405060708"}`: "schema_version is 2, and this loadtrace reads up to 1",
		`{"schema_version": 0}`:                               "schema_version is 0",
		`{"run_id": "0102030405060708"}`:                      "has no schema_version",
		`{"schema_version": 1, "run_id": "../x"}`:             "run_id",
		`{"schema_version": 1, "attacks": 7}`:                 "is damaged",
		`{`:                                                   "is damaged",
		``:                                                    "is damaged",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "run.json"), []byte(content), 0o600))
		_, err := archive.Open(dir)
		assert.ErrorContains(t, err, want, content)
	}
	_, err := archive.Open(t.TempDir())
	assert.ErrorIs(t, err, archive.ErrNotArchive)
}

func TestARunWithoutRequestsIsAnArchive(t *testing.T) {
	dir := compacted(t, 0)
	rows, err := first(t, dir)
	require.NoError(t, err)
	assert.Zero(t, rows)
	for _, name := range []string{"requests.parquet", "runtime.parquet", "logs.parquet"} {
		f, err := os.Open(filepath.Join(dir, name))
		require.NoError(t, err)
		defer f.Close()
		info, err := f.Stat()
		require.NoError(t, err)
		_, err = parquet.OpenFile(f, info.Size())
		assert.NoError(t, err, name)
	}
}

func TestTwoRunsDoNotWriteIntoOneFolder(t *testing.T) {
	root, s := t.TempDir(), start()
	w, err := archive.Create(root, s, 0)
	require.NoError(t, err)
	_, err = archive.Create(root, s, 0)
	require.ErrorContains(t, err, "exists already")
	s.Plan = &loadgen.Plan{Name: "test", Attacks: s.Plan.Attacks}
	s.Plan.Shard.Index, s.Plan.Shard.Count = 1, 2
	shard, err := archive.Create(root, s, 0)
	require.NoError(t, err, "the shards of a run share its id")
	finish(t, w)
	finish(t, shard)
	entries, err := archive.List(root)
	require.NoError(t, err)
	assert.Len(t, entries, 2)
}

// A disk that is full refuses what is written as this one does: the file that is in the
// way of the segments' folder.
func TestWhatTheDiskDoesNotTakeIsCountedAndNamed(t *testing.T) {
	s := start()
	w, err := archive.Create(t.TempDir(), s, 0)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(w.Dir(), "segments"), nil, 0o600))
	for i := range uint64(100) {
		w.Record(record(s, i, time.Millisecond))
	}
	require.NoError(t, w.Flush(context.Background()))
	require.Len(t, w.Faults(), 1)
	assert.Contains(t, w.Faults()[0], "the archive lacks 100 requests that could not be written: mkdir")

	require.NoError(t, os.Remove(filepath.Join(w.Dir(), "segments")), "there is room again")
	w.Record(record(s, 100, time.Millisecond))
	finish(t, w)
	run, err := archive.Open(w.Dir())
	require.NoError(t, err)
	assert.False(t, run.Info().Complete)
	assert.Equal(t, w.Faults(), run.Info().Incomplete)
	assert.Equal(t, archive.Rows{Requests: 1, RequestsDropped: 100}, run.Info().Rows)
	assert.Len(t, read(t, w.Dir()), 1)
}

func TestAnArchiveKeepsToItsLimit(t *testing.T) {
	s := start()
	w, err := archive.Create(t.TempDir(), s, 1000)
	require.NoError(t, err)
	for i := range uint64(3) {
		w.Record(record(s, i, time.Millisecond))
		require.NoError(t, w.Flush(context.Background()))
	}
	finish(t, w)
	assert.Len(t, read(t, w.Dir()), 1, "the one that went over it was written")
	require.Len(t, w.Faults(), 1)
	assert.Contains(t, w.Faults()[0], "lacks 2 requests that could not be written: the archive has reached its limit of 750 bytes")
}

// The system's clock is set by an hour between two requests.
func TestAStepOfTheClockBendsNoTime(t *testing.T) {
	s := start()
	w, err := archive.Create(t.TempDir(), s, 0)
	require.NoError(t, err)
	r := record(s, 1, 3*time.Millisecond)
	for _, at := range []*time.Time{&r.Intended, &r.Sent, &r.Done} {
		step(at, time.Hour)
	}
	require.Greater(t, r.Sent.UnixNano()-s.Began.UnixNano(), int64(time.Hour), "the clock was set")
	w.Record(record(s, 0, time.Millisecond))
	w.Record(r)
	finish(t, w)
	rows := read(t, w.Dir())
	require.Len(t, rows, 2)
	assert.Equal(t, s.Began.UnixNano()+int64(time.Millisecond), rows[1].Intended)
	assert.Equal(t, rows[1].Intended+50_000, rows[1].Sent)
	assert.Equal(t, 3*time.Millisecond, rows[1].ServiceTime)
}

// step moves the wall clock of a time that has a monotonic clock too. Its seconds stand
// from bit 30 of the first word on.
func step(t *time.Time, by time.Duration) {
	*(*uint64)(unsafe.Pointer(t)) += uint64(by/time.Second) << 30
}

func TestARootThatCannotBeWrittenIsSaidSo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, root := range []string{filepath.Join(file, "runs"), "/proc/loadtrace"} {
		assert.Error(t, archive.Writable(root), root)
		_, err := archive.Create(root, start(), 0)
		assert.ErrorContains(t, err, "make the folder of archives", root)
	}
}

func TestTheSameRequestTwiceIsOneRow(t *testing.T) {
	s := start()
	w, err := archive.Create(t.TempDir(), s, 0)
	require.NoError(t, err)
	for range 2 { // as when spans are delivered again
		w.Record(record(s, 5, time.Millisecond))
		w.Join(joined(5))
		w.Join(joined(6)) // of which no record came
		require.NoError(t, w.Flush(context.Background()))
	}
	finish(t, w)
	assert.Len(t, read(t, w.Dir()), 1)
}

func TestArchivesAreKeptAndRemovedByAgeAndSize(t *testing.T) {
	root := t.TempDir()
	now := time.Now()
	for _, days := range []int{40, 3, 2, 1} {
		s := start()
		s.Began = now.Add(-time.Duration(days) * 24 * time.Hour)
		w, err := archive.Create(root, s, 0)
		require.NoError(t, err)
		finish(t, w)
	}
	s := start()
	s.Began = now.Add(-50 * 24 * time.Hour)
	busy, err := archive.Create(root, s, 0)
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(root, "notes"), 0o700), "nothing of ours")
	damaged := filepath.Join(root, "damaged")
	require.NoError(t, os.Mkdir(damaged, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(damaged, "run.json"), []byte("{"), 0o600))

	removed, err := archive.Prune(root, archive.Retention{MaxAge: 30 * 24 * time.Hour}, now)
	require.NoError(t, err)
	require.Len(t, removed, 1, "one that may still be written to stays")
	entries, err := archive.List(root)
	require.NoError(t, err)
	require.Len(t, entries, 5)
	var one int64
	for _, e := range entries {
		if e.Info != nil {
			one = e.Size
		}
	}
	removed, err = archive.Prune(root, archive.Retention{MaxBytes: 2*one + one/2}, now)
	require.NoError(t, err)
	require.NotEmpty(t, removed)
	assert.Equal(t, now.Add(-3*24*time.Hour).Unix(), removed[len(removed)-1].Info.Began.Unix(), "the oldest went")
	require.DirExists(t, damaged)
	require.DirExists(t, filepath.Join(root, "notes"))
	finish(t, busy)
}

func TestInfoIsWhatWasWritten(t *testing.T) {
	w, _ := write(t, t.TempDir(), 1)
	run, err := archive.Open(w.Dir())
	require.NoError(t, err)
	assert.False(t, run.Info().Complete)
	assert.Equal(t, []string{"the run is under way, or what wrote the archive was killed"}, run.Info().Incomplete)
	finish(t, w)
	run, err = archive.Open(w.Dir())
	require.NoError(t, err)
	info := run.Info()
	assert.True(t, info.Complete)
	assert.Empty(t, info.Incomplete)
	assert.Equal(t, []archive.Attack{{Name: "web", Protocol: "http", Stages: []string{"warm", ""}}, {Name: "calls", Protocol: "grpc", Stages: []string{""}}}, info.Attacks)
	src, err := json.Marshal(info)
	require.NoError(t, err)
	assert.Contains(t, string(src), `"loadtrace":"1.2.3"`)
}
