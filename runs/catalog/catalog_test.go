package catalog_test

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
	"github.com/loadtrace/loadtrace/loadgen/verdict"
	"github.com/loadtrace/loadtrace/runs/archive"
	"github.com/loadtrace/loadtrace/runs/catalog"
)

var began = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// make archives a run that began some hours after noon.
func make(t *testing.T, root string, id byte, hours int) *archive.Writer {
	w, err := archive.Create(root, archive.Start{Run: loadgen.RunID{id, 0xaa}, Plan: &loadgen.Plan{Name: "test", Attacks: []loadgen.Attack{{Name: "a"}}},
		Began: began.Add(time.Duration(hours) * time.Hour)}, 0)
	require.NoError(t, err)
	return w
}

func end(t *testing.T, w *archive.Writer) string {
	s := summary.Summary{RunID: w.Run().String(), Verdict: verdict.Report{Verdict: verdict.Pass}}
	s.Total.ServiceTime = summary.Quantiles{Count: 1, P99: 2}
	require.NoError(t, w.Conclude(&s))
	require.NoError(t, w.Close(context.Background()))
	return w.Dir()
}

func TestRunsAreListedWithWhatBecameOfThem(t *testing.T) {
	root := t.TempDir()
	end(t, make(t, root, 1, 1))
	under := make(t, root, 2, 2)
	defer under.Close(context.Background())
	broken := end(t, make(t, root, 3, 3))
	require.NoError(t, os.WriteFile(filepath.Join(broken, "run.json"), []byte(`{"schema_version": 1`), 0o600))
	newer := end(t, make(t, root, 4, 4))
	require.NoError(t, os.WriteFile(filepath.Join(newer, "run.json"), []byte(`{"schema_version": 99}`), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(root, "something else"), 0o700))

	lines, err := catalog.List(root, time.Now())
	require.NoError(t, err)
	require.Len(t, lines, 4)
	by := map[string]catalog.Line{}
	for _, l := range lines {
		by[filepath.Base(l.Dir)[17:19]] = l
	}
	p99 := summary.Seconds(2)
	good := by["01"]
	assert.Positive(t, good.Size)
	good.Size, good.Dir = 0, ""
	assert.Equal(t, catalog.Line{RunID: "01aa000000000000", Began: good.Began, Plan: "test", Verdict: verdict.Pass, P99: &p99, Complete: true}, good)
	assert.True(t, by["02"].UnderWay)
	assert.Contains(t, by["03"].Error, "run.json is damaged")
	assert.Contains(t, by["04"].Error, "schema_version is 99")
	later, err := catalog.List(root, time.Now().Add(time.Hour))
	require.NoError(t, err)
	for _, l := range later {
		assert.False(t, l.UnderWay, "a writer that was killed")
	}
}

func TestARunIsFoundByItsNames(t *testing.T) {
	root := t.TempDir()
	first := end(t, make(t, root, 0x10, 1))
	last := end(t, make(t, root, 0x11, 2))
	for name, want := range map[string]string{"last": last, "10": first, "11AA": last, first: first, filepath.Base(first): first} {
		run, err := catalog.Open(root, name)
		require.NoError(t, err, name)
		assert.Equal(t, want, run.Dir(), name)
	}
	for name, want := range map[string]string{
		"1": "several archives", "ff": "no archive", "": "no archive", "..": "no archive of a run", "../../etc": "no archive of a run", "/": "no archive of a run",
		"10aa000000000000x": "no archive", "\x1b[31m": "no archive",
	} {
		_, err := catalog.Open(root, name)
		require.ErrorContains(t, err, want, name)
		assert.NotContains(t, err.Error(), "\x1b", name)
	}
	_, err := catalog.Open(t.TempDir(), "last")
	require.ErrorContains(t, err, "no run is archived in")
}

func TestNothingButAnArchiveOfTheFolderIsDeleted(t *testing.T) {
	root := t.TempDir()
	kept, gone := end(t, make(t, root, 1, 1)), end(t, make(t, root, 2, 2))
	outside := end(t, make(t, t.TempDir(), 3, 3))
	inner := filepath.Join(root, "folder", "inner")
	require.NoError(t, os.MkdirAll(filepath.Dir(inner), 0o700))
	require.NoError(t, os.Rename(end(t, make(t, t.TempDir(), 4, 4)), inner))
	under := make(t, root, 5, 5)
	defer under.Close(context.Background())
	now := time.Now()

	dir, err := catalog.Delete(root, "02", now)
	require.NoError(t, err)
	assert.Equal(t, gone, dir)
	assert.NoDirExists(t, gone)
	for _, name := range []string{outside, inner, kept + "/../../" + filepath.Base(filepath.Dir(outside)) + "/" + filepath.Base(outside)} {
		_, err = catalog.Delete(root, name, now)
		require.Error(t, err, name)
	}
	_, err = catalog.Delete(root, "05", now)
	require.ErrorIs(t, err, catalog.ErrUnderWay)
	require.NoError(t, under.Conclude(&summary.Summary{}))
	_, err = catalog.Delete(root, "05", now)
	require.ErrorIs(t, err, catalog.ErrUnderWay, "it has a result, and waits for what is joined")
	for _, dir := range []string{kept, outside, inner, under.Dir()} {
		assert.DirExists(t, dir)
	}
	_, err = catalog.Delete(root, kept+"/", now)
	require.NoError(t, err, "the same folder, written otherwise")
}

func TestADryRunRemovesNothing(t *testing.T) {
	root := t.TempDir()
	old, young := end(t, make(t, root, 1, 0)), end(t, make(t, root, 2, 47))
	r := archive.Retention{MaxAge: 24 * time.Hour}
	now := began.Add(48 * time.Hour)
	would, err := catalog.Expired(root, r, now)
	require.NoError(t, err)
	require.Len(t, would, 1)
	assert.DirExists(t, old)
	did, err := catalog.Prune(root, r, now)
	require.NoError(t, err)
	assert.Equal(t, would, did)
	assert.NoDirExists(t, old)
	assert.DirExists(t, young)
}

func TestIdsAreAsLongAsItTakesToTellThem(t *testing.T) {
	assert.Equal(t, 8, catalog.Short(nil))
	assert.Equal(t, 8, catalog.Short([]catalog.Line{{RunID: "1111111111111111"}, {RunID: "2111111111111111"}, {}}))
	assert.Equal(t, 12, catalog.Short([]catalog.Line{{RunID: "1111111111111111"}, {RunID: "1111111111121111"}}))
}

func TestARunWithoutAResultSaysWhy(t *testing.T) {
	w := make(t, t.TempDir(), 1, 1)
	defer w.Close(context.Background())
	run, err := archive.Open(w.Dir())
	require.NoError(t, err)
	_, err = catalog.Summary(run)
	require.ErrorContains(t, err, "run 01aa000000000000 has no result: the run is under way")
}
