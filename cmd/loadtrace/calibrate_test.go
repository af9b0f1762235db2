package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/calibrate"
)

func TestCalibrateFindsTheStallInTheResponseTime(t *testing.T) {
	c := loadtrace(t, "calibrate", "--duration", "2s", "--rate", "400", "--json")
	require.NoError(t, c.Start())
	c.Wait() // a machine that is busy with other things may be too slow for the tolerance, and is told so
	var results []calibrate.Result
	require.NoError(t, json.Unmarshal(c.out.Bytes(), &results))
	require.Len(t, results, 7)
	faults := 0
	for _, r := range results {
		faults += len(r.Faults)
		assert.EqualValues(t, 800, r.Finished, r.Case)
		assert.Zero(t, r.SpansLost, r.Case)
		assert.GreaterOrEqual(t, r.ServiceTime.P50, r.Served.P50, r.Case)
		if r.Stalls {
			assert.InDelta(t, 0.99, r.Truth.P99, 0.03, r.Case)
			assert.Greater(t, r.ResponseTime.P99, r.Truth.P99*(1-calibrate.Tolerance), "%s: the stall is not hidden, however slow the machine", r.Case)
			assert.Equal(t, r.Error > calibrate.Tolerance, strings.Contains(strings.Join(r.Faults, "\n"), "of the stall is off by"), "%s: %v", r.Case, r.Faults)
		}
	}
	want := exitUndecided
	if faults == 0 {
		want = 0
	}
	assert.Equal(t, want, c.ProcessState.ExitCode(), c.err.String())
	assert.Contains(t, c.err.String(), "case 7 of 7")
}

// A machine that is busy with other programs makes the instrument err, and the
// instrument says so, also of the cases that have no stall.
func TestCalibrateOnABusyMachineIsUndecided(t *testing.T) {
	for range 2 * runtime.NumCPU() {
		hog := exec.Command("sh", "-c", "while :; do :; done")
		require.NoError(t, hog.Start())
		t.Cleanup(func() { hog.Process.Kill(); hog.Wait() })
	}
	c := wrapped(loadtrace(t, "calibrate", "--duration", "2s", "--rate", "1000"), "nice", "-n", "19")
	said, stderr := io.Pipe()
	c.Stderr = stderr
	require.NoError(t, c.Start())
	for lines := bufio.NewScanner(said); lines.Scan() && !strings.HasPrefix(lines.Text(), "case 2 of 7"); {
	}
	go io.Copy(io.Discard, said)
	require.NoError(t, c.Process.Signal(os.Interrupt)) // one case is enough
	c.wait(t, 1)
	require.NoError(t, stderr.Close())
	assert.Regexp(t, `✘ fixed: 5 ms(.|\n)*✘ .*(starved|the schedule was not kept)`, c.out.String())
}

func TestCalibrateRefusesWhatItCannotMeasure(t *testing.T) {
	for flag, fault := range map[string]string{
		"--rate=0":       "--rate 0: give 1 to 100000",
		"--duration=1s":  "--duration 1s: give 2s to 1h",
		"--calls=-1":     "--calls -1: give 1 to 50 million",
		"--color=purple": `--color "purple"`,
	} {
		c := loadtrace(t, "calibrate", flag)
		require.NoError(t, c.Start())
		c.wait(t, 2)
		assert.Contains(t, c.err.String(), fault)
	}
}
