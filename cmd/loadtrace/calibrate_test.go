package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/cmd/loadtrace/internal/calibrate"
)

func TestCalibrateFindsTheStallInTheResponseTime(t *testing.T) {
	c := loadtrace(t, "calibrate", "--calls", "1600", "--rate", "400", "--json")
	require.NoError(t, c.Start())
	c.Wait() // a machine that is busy with other things may be too slow for the tolerance, and is told so
	var results []calibrate.Result
	require.NoError(t, json.Unmarshal(c.out.Bytes(), &results))
	require.Len(t, results, 1)
	r := results[0]
	assert.Equal(t, len(r.Faults) == 0, c.ProcessState.ExitCode() == 0, "%v", r.Faults)
	assert.Equal(t, r.Error > calibrate.Tolerance, len(r.Faults) > 0, "%v", r.Faults)
	assert.EqualValues(t, 1600, r.Finished)
	assert.Zero(t, r.SpansLost)
	assert.InDelta(t, 0.961, r.Truth.P99, 0.0001)
	assert.Greater(t, r.ResponseTime.P99, r.Truth.P99*(1-calibrate.Tolerance), "the stall is not hidden, however slow the machine")
	assert.GreaterOrEqual(t, r.ServiceTime.P50, r.Served.P50)
	assert.Contains(t, c.err.String(), "case 1 of 1")
}

func TestCalibrateRefusesWhatItCannotMeasure(t *testing.T) {
	for flag, fault := range map[string]string{
		"--rate=0":       "--rate 0: give 1 to 100000",
		"--duration=1s":  "--duration 1s: give 2s to 1h",
		"--calls=10":     "--calls 10: give at least four seconds",
		"--color=purple": `--color "purple"`,
	} {
		c := loadtrace(t, "calibrate", flag)
		require.NoError(t, c.Start())
		c.wait(t, 2)
		assert.Contains(t, c.err.String(), fault)
	}
}
