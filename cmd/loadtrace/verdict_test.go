package main

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/goruntime/cgroup/cgrouptest"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// slowTarget answers after a time, which may change, with 503 to every nth.
type slowTarget struct {
	url   string
	delay atomic.Int64
	hits  atomic.Int64
	bad   atomic.Int64 // every so manieth; 0 is none
}

func newSlowTarget(t *testing.T, delay time.Duration) *slowTarget {
	tg := &slowTarget{}
	tg.delay.Store(int64(delay))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := tg.hits.Add(1)
		time.Sleep(time.Duration(tg.delay.Load())) // a target that takes its time
		if bad := tg.bad.Load(); bad > 0 && n%bad == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(s.Close)
	tg.url = s.URL
	return tg
}

// with are a plan's thresholds, and a trust that the machine does not shake.
func with(thresholds ...string) string {
	return "thresholds: [{" + strings.Join(thresholds, "}, {") + "}]\ntrust: " + trusting + "\n"
}

func TestARunThatKeepsToItsThresholdsPasses(t *testing.T) {
	tg := newTestTarget(t)
	plan := writePlanWith(t, tg.url, "[{name: all, constant: 200/s, duration: 2500ms}]", with(
		"metric: response_time, percentile: 99, at_most: 20s", "metric: error_ratio, at_most: 0%",
		"metric: status, status: 200, at_least: 100%, stage: each", "metric: rate, at_least: 50%, window: 1s",
		"metric: rate, at_least: 50/s", "metric: service_time, stat: max, at_most: 20s, attack: a"))
	c := loadtrace(t, "run", plan, "--json")
	c.run(t, 0)
	v := c.summary(t).Verdict
	assert.Equal(t, verdict.Pass, v.Verdict, "%+v", v)
	assert.Len(t, v.Thresholds, 6)
	for _, r := range v.Thresholds {
		assert.Equal(t, verdict.Passed, r.Outcome, r.Threshold)
		assert.NotNil(t, r.Value)
	}
	assert.InDelta(t, 1, *v.Thresholds[2].Value, 0)

	c = loadtrace(t, "run", plan, "--quiet")
	c.run(t, 0)
	assert.Contains(t, c.out.String(), "pass · all 6 thresholds were kept to")
}

func TestABreachedThresholdExitsWith99(t *testing.T) {
	tg := newSlowTarget(t, 0)
	tg.bad.Store(10)
	c := loadtrace(t, "run", writePlanWith(t, tg.url, "[{constant: 200/s, duration: 2500ms}]", with(
		"metric: error_ratio, at_most: 1%", "metric: status, status: 5xx, at_most: 50%")))
	c.run(t, 99)
	for _, want := range []string{"✘ error ratio", "≤ 1 %", "10 %", "✔ status 5xx", "verdict  fail · 1 of 2 thresholds was breached"} {
		assert.Contains(t, c.out.String(), want)
	}
	assert.Contains(t, c.err.String(), "Error: fail: 1 of 2 thresholds was breached: error ratio at most 1%, was 10 %\n", "the last line alone says which")
	assert.Contains(t, c.err.String(), "1 threshold breached", "progress shows it")
}

func TestARunIsAbortedWhenAThresholdStaysBreached(t *testing.T) {
	tg := newSlowTarget(t, 0)
	tg.bad.Store(2)
	c := loadtrace(t, "run", writePlanWith(t, tg.url, "[{constant: 200/s, duration: 50s}]",
		with("metric: error_ratio, at_most: 10%, window: 1s, abort: {after: 500ms}")), "--json")
	began := time.Now()
	c.run(t, 99)
	assert.Less(t, time.Since(began), 25*time.Second)
	s := c.summary(t)
	assert.Equal(t, summary.Stopped, s.End)
	assert.Equal(t, "the threshold error ratio (any 1s) at most 10% was breached for 500ms", s.StopReason)
	assert.Equal(t, verdict.Fail, s.Verdict.Verdict)
	r := s.Verdict.Thresholds[0]
	assert.True(t, r.Aborted)
	require.NotNil(t, r.FirstBreach)
	assert.GreaterOrEqual(t, float64(*r.FirstBreach), 0.9, "not before a whole window")
	assert.InDelta(t, 0.5, *r.Value, 0.1)
	assert.Positive(t, s.Total.Requests.NotSent[loadgen.NotSentStopped])
}

// Every other request hangs until it is cut off. Whoever stops the run by hand then
// stops what a threshold has ended already.
func TestAnAbortedRunExitsWith99AlsoIfItIsStoppedByHandInTheGrace(t *testing.T) {
	var hits atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if hits.Add(1)%2 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	c := loadtrace(t, "run", writePlanWith(t, s.URL, "[{constant: 100/s, duration: 50s}]",
		with("metric: error_ratio, at_most: 10%, window: 1s, abort: {after: 0s}", "metric: response_time, stat: max, at_most: 20s")+"limits: {grace: 3s}\n"), "--json")
	require.NoError(t, c.Start())
	require.Eventually(t, func() bool {
		before := hits.Load()
		time.Sleep(500 * time.Millisecond) // no request comes any more
		return before > 50 && hits.Load() == before
	}, time.Minute, time.Millisecond)
	require.NoError(t, c.Process.Signal(syscall.SIGINT))
	c.wait(t, 99)
	sum := c.summary(t)
	assert.Equal(t, summary.Stopped, sum.End)
	assert.Equal(t, "the threshold error ratio (any 1s) at most 10% was breached", sum.StopReason)
	assert.Equal(t, verdict.Fail, sum.Verdict.Verdict)
	assert.Positive(t, sum.Total.Errors[loadgen.ErrorCancelled].Count)
	assert.Less(t, sum.Total.ResponseTime.Max.Duration(), 3*time.Second, "what was cut off has no time")
}

func TestARunWithoutThresholdsIsSoundOrUndecided(t *testing.T) {
	tg := newTestTarget(t)
	c := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 100/s, count: 20}]"), "--json")
	c.run(t, 0)
	assert.Equal(t, verdict.Sound, c.summary(t).Verdict.Verdict)

	c = loadtrace(t, "run", writePlanWith(t, tg.url, "[{constant: 100/s, count: 20}]", "trust: {scheduler_latency: 1ns}\n"), "--quiet")
	c.run(t, 98)
	assert.Contains(t, c.out.String(), "DO NOT TRUST THESE FIGURES")
	assert.Contains(t, c.out.String(), "wait of its goroutines")
	assert.Contains(t, c.out.String(), "┃ → stop what else uses the machine")
}

func TestAThresholdWithoutSamplesNeverPasses(t *testing.T) {
	tg := newTestTarget(t)
	c := loadtrace(t, "run", writePlanWith(t, tg.url, "[{constant: 99.5/s, duration: 500ms}, {name: idle, constant: 1/h, duration: 100ms}]",
		with("metric: response_time, percentile: 99, at_most: 20s, stage: idle", "metric: error_ratio, at_most: 1%")), "--json")
	c.run(t, 98)
	v := c.summary(t).Verdict
	assert.Equal(t, verdict.Undecided, v.Verdict)
	assert.True(t, v.Trusted)
	assert.Equal(t, []string{"the threshold p99 response time (stage idle) at most 20s had no samples"}, v.Reasons)
	assert.Equal(t, verdict.NoSamples, v.Thresholds[0].Outcome)
}

func TestALimitOfTimeLeavesTheRunUndecided(t *testing.T) {
	tg := newTestTarget(t)
	c := loadtrace(t, "run", writePlanWith(t, tg.url, "[{constant: 100/s, duration: 50s}]",
		with("metric: error_ratio, at_most: 1%")+"limits: {max_duration: 1s}\n"), "--json")
	c.run(t, 98)
	assert.Equal(t, []string{"the run did not complete its plan: limits.max_duration was over"}, c.summary(t).Verdict.Reasons)
}

// One worker cannot send 200/s to a target that takes 20 ms: what it measures is
// its own queue.
func TestAnAttackOfTooFewWorkersIsUndecided(t *testing.T) {
	tg := newSlowTarget(t, 20*time.Millisecond)
	c := loadtrace(t, "run", writePlanWith(t, tg.url, "[{constant: 200/s, duration: 1500ms}]",
		"limits: {overrun: 100ms}\nthresholds: [{metric: response_time, percentile: 99, at_most: 40ms}]\n"),
		"--json", "--set", "attacks[0].workers=1", "--set", "attacks[0].max_workers=1")
	c.run(t, 98)
	v := c.summary(t).Verdict
	assert.Equal(t, verdict.Undecided, v.Verdict)
	assert.Contains(t, strings.Join(v.Reasons, "\n"), "attack a: the schedule was not kept: the p9")
	assert.Contains(t, strings.Join(v.Reasons, "\n"), "planned requests came too late to be sent")
	assert.Equal(t, verdict.Breached, v.Thresholds[0].Outcome, "undecided wins, and the breach is still shown")
}

func TestAnAttackThatWaitsForConnectionsIsUndecided(t *testing.T) {
	tg := newSlowTarget(t, 20*time.Millisecond)
	c := loadtrace(t, "run", writePlanWith(t, tg.url, "[{constant: 200/s, duration: 1s}]",
		"trust: {schedule_lag: 1h, cpu_steal: 100%, scheduler_latency: 1h}\n"), "--json", "--set", "attacks[0].http.max_connections=1")
	c.run(t, 98)
	assert.Contains(t, c.summary(t).Verdict.Reasons[0], "requests waited for one of max_connections")
}

func TestAnAttackWithoutFileDescriptorsIsUndecided(t *testing.T) {
	tg := newSlowTarget(t, 300*time.Millisecond)
	inner := loadtrace(t, "run", writePlanWith(t, tg.url, "[{constant: 400/s, duration: 1s}]", with("metric: error_ratio, at_most: 99.9%")), "--json")
	c := wrapped(inner, "sh", "-c", `ulimit -n 64; exec "$0" "$@"`)
	c.run(t, 98)
	s := c.summary(t)
	assert.Positive(t, s.Total.Errors[loadgen.ErrorNoFiles].Count, "%v", s.Total.Errors)
	assert.Contains(t, strings.Join(s.Verdict.Reasons, "\n"), "for want of file descriptors of the generator (error no_files); raise ulimit -n")
}

// wrapped has another program start a command.
func wrapped(inner *command, program ...string) *command {
	c := &command{Cmd: exec.Command(program[0], append(program[1:], inner.Args...)...)}
	c.Env, c.Stdout, c.Stderr = inner.Env, &c.out, &c.err
	c.Cancel, c.WaitDelay = nil, 0
	return c
}

func TestAnAttackWithoutLocalPortsIsUndecided(t *testing.T) {
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("needs root, for a network of its own with few ports")
	}
	c := loadtrace(t, "run", writePlanWith(t, "http://"+networkTarget, "[{constant: 200/s, duration: 1s}]",
		with("metric: error_ratio, at_most: 99.9%")), "--json", "--set", "attacks[0].http.keep_alive=false")
	c.Env = append(c.Env, asCommand+"="+inNetwork)
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	c.run(t, 98)
	s := c.summary(t)
	assert.Positive(t, s.Total.Errors[loadgen.ErrorNoPorts].Count, "%v", s.Total.Errors)
	assert.Contains(t, strings.Join(s.Verdict.Reasons, "\n"), "for want of local ports of the generator (error no_ports)")
}

// The generator, at the lowest priority and among programs that burn CPU, cannot
// send on time, and says so.
func TestAGeneratorThatIsStarvedOfCPUIsUndecided(t *testing.T) {
	tg := newTestTarget(t)
	for range 2 * runtime.NumCPU() {
		hog := exec.Command("sh", "-c", "while :; do :; done")
		require.NoError(t, hog.Start())
		t.Cleanup(func() { hog.Process.Kill(); hog.Wait() })
	}
	inner := loadtrace(t, "run", writePlanWith(t, tg.url, "[{constant: 1000/s, duration: 3s}]",
		"thresholds: [{metric: error_ratio, at_most: 50%}]\n"), "--json")
	c := wrapped(inner, "nice", "-n", "19")
	c.run(t, 98)
	s := c.summary(t)
	assert.Regexp(t, "starved|schedule was not kept", strings.Join(s.Verdict.Reasons, "\n"))
	assert.NotEmpty(t, s.Verdict.Advice)
	if runtime.GOOS == "linux" {
		require.NotNil(t, s.Usage)
		assert.NotEmpty(t, s.Usage.Top, "what used the machine")
	}
}

// A container's limit of CPU stops all of the generator for most of each tenth of
// a second.
func TestAGeneratorWhoseCgroupIsThrottledIsUndecided(t *testing.T) {
	group := cgrouptest.Limited(t, 0.1)
	tg := newTestTarget(t)
	c := loadtrace(t, "run", writePlanWith(t, tg.url, "[{constant: 1000/s, duration: 2s}]",
		"limits: {overrun: 30s}\ntrust: {schedule_lag: 1h, cpu_steal: 100%, scheduler_latency: 1h}\n"), "--json")
	group.Wrap(c.Cmd)
	c.run(t, 98)
	v := c.summary(t).Verdict
	require.Len(t, v.Reasons, 1)
	assert.Regexp(t, `^the generator was starved: its cgroup was throttled in [0-9.]+ % of its periods of CPU, more than 1%$`, v.Reasons[0])
}

func TestReportsAreWrittenForCIAndPullRequests(t *testing.T) {
	tg, dir := newSlowTarget(t, 0), t.TempDir()
	tg.bad.Store(4)
	junit, markdown := filepath.Join(dir, "report.xml"), filepath.Join(dir, "report.md")
	require.NoError(t, os.WriteFile(junit, []byte(strings.Repeat("old", 10_000)), 0o600))
	c := loadtrace(t, "run", writePlanWith(t, tg.url, "[{constant: 200/s, duration: 1s}]",
		with("metric: error_ratio, at_most: 1%", "metric: rate, at_least: 1/s")), "--json", "--junit", junit, "--markdown", markdown)
	c.run(t, 99)

	src, err := os.ReadFile(junit)
	require.NoError(t, err)
	var suites struct {
		Suite struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Property []struct {
				Value string `xml:"value,attr"`
			} `xml:"properties>property"`
		} `xml:"testsuite"`
	}
	require.NoError(t, xml.Unmarshal(src, &suites), "%s", src)
	assert.Equal(t, 3, suites.Suite.Tests)
	assert.Equal(t, 1, suites.Suite.Failures)
	assert.Equal(t, c.summary(t).RunID, suites.Suite.Property[0].Value)

	src, err = os.ReadFile(markdown)
	require.NoError(t, err)
	assert.Contains(t, string(src), "### ❌ test: fail")
	assert.Contains(t, string(src), "| ❌ | error ratio | ≤ 1 % | 25 % |")
}

func TestAReportIsWrittenAlsoOfARunThatWasInterrupted(t *testing.T) {
	tg := newTestTarget(t)
	c := loadtrace(t, "run", writePlanWith(t, tg.url, "[{constant: 500/s, duration: 60s}]", with("metric: error_ratio, at_most: 1%")),
		"--quiet", "--markdown", "-")
	require.NoError(t, c.Start())
	tg.await(t)
	require.NoError(t, c.Process.Signal(syscall.SIGINT))
	c.wait(t, 1)
	assert.True(t, strings.HasPrefix(c.out.String(), "### ❔ test: undecided\n"), "%s", &c.out)
	assert.Contains(t, c.out.String(), "it was stopped by hand")
}

func TestAReportThatCannotBeWrittenIsFoundBeforeTheAttack(t *testing.T) {
	tg := newTestTarget(t)
	plan := writePlan(t, tg.url, "[{constant: 100/s, count: 10}]")
	none := filepath.Join(t.TempDir(), "none", "report")
	for _, args := range [][]string{
		{"--junit", none}, {"--markdown", none}, {"--markdown", t.TempDir()},
		{"--junit", "-", "--json"}, {"--junit", "-", "--markdown", "-"},
	} {
		c := loadtrace(t, append([]string{"run", plan}, args...)...)
		c.run(t, 2)
		assert.Contains(t, c.err.String(), args[0][:6], fmt.Sprint(args))
		assert.Empty(t, c.out.String())
	}
	assert.Zero(t, tg.hits.Load())

	c := loadtrace(t, "run", plan, "--quiet", "--junit", "/dev/full")
	c.run(t, 1)
	assert.Contains(t, c.err.String(), "write --junit")
}

func TestTheDemoGoesOnWhereAMeasurementWouldNot(t *testing.T) {
	c := loadtrace(t, "demo", "--quiet", "--set", "trust={scheduler_latency: 1ns}",
		"--set", "attacks=[{name: http, http: {targets: {file: tokens.http}}, load: [{constant: 100/s, duration: 1s}]}]")
	c.run(t, 0)
	assert.Contains(t, c.out.String(), "DO NOT TRUST THESE FIGURES")
	assert.Contains(t, c.out.String(), "One slow request")
}

func TestHelpTellsTheExitCodes(t *testing.T) {
	for _, args := range [][]string{{"help", "run"}, {"help", "demo"}, {"help", "calibrate"}} {
		c := loadtrace(t, args...)
		c.run(t, 0)
		assert.Contains(t, strings.Join(strings.Fields(c.out.String()), " "), strings.Join(strings.Fields(exitCodes), " "))
	}
}
