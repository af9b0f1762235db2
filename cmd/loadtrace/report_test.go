package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/quantity"
)

// The report that a run writes and the one of its archive have the figures of the JSON
// summary, to the digit.
func TestAReportHasTheFiguresOfTheRun(t *testing.T) {
	tg := newTestTarget(t)
	dir := t.TempDir()
	live, late, runs := filepath.Join(dir, "live.html"), filepath.Join(dir, "late.html"), filepath.Join(dir, "runs")
	plan := writePlan(t, tg.url, "[{constant: 200/s, count: 60}]")
	c := loadtrace(t, "run", plan, "--json", "--quiet", "--html", live, "--archive", runs)
	c.run(t, 0)
	sum := c.summary(t)
	c = loadtrace(t, "report", sum.RunID[:6], "--archive", runs, "--out", late)
	c.run(t, 0)
	assert.Contains(t, c.err.String(), late)
	for _, file := range []string{live, late} {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		page := string(src)
		assert.Contains(t, page, sum.RunID)
		assert.Contains(t, page, "default-src 'none'")
		assert.Contains(t, page, sum.Slowest[0].TraceID)
		for _, v := range []float64{float64(sum.Total.ResponseTime.P99), float64(sum.Total.ServiceTime.P50), float64(sum.Total.ResponseTime.Mean)} {
			assert.Contains(t, page, `data-value="`+strconv.FormatFloat(v, 'g', -1, 64)+`">`+quantity.Seconds(v)+"</td>", file)
		}
	}

	c = loadtrace(t, "report", "last", "--archive", runs, "--against", "last", "--out", "-")
	c.run(t, 0)
	assert.Regexp(t, regexp.MustCompile(`(?s)^<!doctype html>.*First run.*Second run`), c.out.String())
}

func TestWhatIsWrongWithAReportIsBadInput(t *testing.T) {
	plan := writePlan(t, "http://127.0.0.1:1", "[{constant: 1/s, count: 1}]")
	for _, args := range [][]string{
		{"report"}, {"report", "a", "b"}, {"report", "nosuch"}, {"report", t.TempDir() + "/"},
		{"run", plan, "--html", filepath.Join(t.TempDir(), "no", "such.html")},
		{"run", plan, "--html", "-", "--json"}, {"run", plan, "--html", "-", "--markdown", "-"},
	} {
		loadtrace(t, args...).run(t, 2)
	}
}
