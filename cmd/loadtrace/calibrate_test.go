package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/cmd/loadtrace/internal/calibrate"
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
			assert.InDelta(t, 0.98, r.Truth.P99, 0.02, r.Case)
			assert.Greater(t, r.ResponseTime.P99, r.Truth.P99*(1-calibrate.Tolerance), "%s: the stall is not hidden, however slow the machine", r.Case)
			assert.Equal(t, r.Error > calibrate.Tolerance, len(r.Faults) > 0, "%s: %v", r.Case, r.Faults)
		}
	}
	want := exitUndecided
	if faults == 0 {
		want = 0
	}
	assert.Equal(t, want, c.ProcessState.ExitCode(), c.err.String())
	assert.Contains(t, c.err.String(), "case 7 of 7")
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
