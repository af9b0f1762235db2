package archive_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// asWriter has the test binary write an archive into the folder that it names, until it is
// killed.
const asWriter = "LOADTRACE_TEST_ARCHIVE"

// Phases of a writer, each said when it begins.
const (
	killFlushes = 3
	lastPhase   = killFlushes + 4
)

// writeForever writes an archive and says each phase before it begins.
func writeForever(root string) {
	phase := 0
	say := func() { fmt.Println(phase); phase++ }
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	s := start()
	say()
	w, err := archive.Create(root, s, 0)
	check(err)
	for i := range uint64(killFlushes) {
		for n := range uint64(1000) {
			w.Record(record(s, 1000*i+n, time.Millisecond))
			w.Join(joined(1000*i + n))
		}
		say()
		check(w.Flush(context.Background()))
	}
	say()
	check(w.Conclude(&summary.Summary{RunID: runID.String()}))
	check(w.Close(context.Background()))
	say()
	check(archive.Compact(context.Background(), w.Dir()))
	say()
	select {}
}

// Wherever a writer is killed, what it had flushed is read, and whether that is all is
// said.
func TestAnArchiveIsReadableWheneverItsWriterIsKilled(t *testing.T) {
	for phase := range lastPhase {
		for _, after := range []time.Duration{0, 4 * time.Millisecond} {
			root := t.TempDir()
			killWriter(t, root, phase, after)
			dirs, err := filepath.Glob(filepath.Join(root, "*"))
			require.NoError(t, err)
			if phase == 0 && len(dirs) == 0 {
				continue
			}
			require.Len(t, dirs, 1)
			run, err := archive.Open(dirs[0])
			if phase == 0 && err != nil {
				assert.ErrorIs(t, err, archive.ErrNotArchive)
				continue
			}
			require.NoError(t, err)
			rows := read(t, dirs[0])
			require.GreaterOrEqual(t, len(rows), 1000*max(0, min(phase, killFlushes)-1), "phase %d, %s: what was flushed is there", phase, after)
			for i, row := range rows {
				require.Equal(t, uint64(i), row.Seq)
			}
			if run.Info().Complete {
				require.GreaterOrEqual(t, phase, killFlushes+1)
				require.Len(t, rows, 1000*killFlushes)
				require.True(t, rows[0].ServerDuration.OK)
			} else {
				require.NotEmpty(t, run.Info().Incomplete)
			}
			require.NoError(t, archive.Compact(context.Background(), dirs[0]), "phase %d, %s", phase, after)
			assert.Equal(t, rows, read(t, dirs[0]), "phase %d, %s", phase, after)
		}
	}
}

// killWriter kills a writer a time after it has said a phase.
func killWriter(t *testing.T, root string, phase int, after time.Duration) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), asWriter+"="+root)
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != fmt.Sprint(phase) {
	}
	timer := time.NewTimer(after) // where in the phase it is killed
	<-timer.C
	require.NoError(t, c.Process.Kill())
	_, _ = io.Copy(io.Discard, out)
	_ = c.Wait()
	require.Empty(t, stderr.String())
}
