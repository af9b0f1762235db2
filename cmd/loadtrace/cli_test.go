package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// The tests run the command as users do, as a process: this test binary is the
// command when the environment says so.
const asCommand = "LOADTRACE_TEST_COMMAND"

func TestMain(m *testing.M) {
	switch os.Getenv(asCommand) {
	case "":
	case inNetwork:
		os.Exit(inFewPorts(os.Args[1:]))
	default:
		main()
	}
	os.Exit(m.Run())
}

// command is a process of loadtrace.
type command struct {
	*exec.Cmd
	out, err bytes.Buffer
}

// loadtrace is killed when the test's patience is over, so that no process is left
// behind.
func loadtrace(t *testing.T, args ...string) *command {
	ctx, cancel := context.WithTimeout(t.Context(), patience(t))
	t.Cleanup(cancel)
	c := &command{Cmd: exec.CommandContext(ctx, os.Args[0], args...)}
	c.Env = append(os.Environ(), asCommand+"=1", "XDG_STATE_HOME="+t.TempDir())
	c.Stdout, c.Stderr = &c.out, &c.err
	return c
}

// patience is how long a test may wait for what must come: to shortly before the
// deadline of the test binary (go test -timeout). A shorter bound would be one of the
// machine's speed.
func patience(t *testing.T) time.Duration {
	if deadline, ok := t.Deadline(); ok {
		return time.Until(deadline) - 5*time.Second
	}
	return time.Hour
}

// run runs the command to its end and requires its exit code.
func (c *command) run(t *testing.T, code int) {
	t.Helper()
	c.Run()
	require.Equal(t, code, c.ProcessState.ExitCode(), "%s\n%s", &c.out, &c.err)
}

func (c *command) wait(t *testing.T, code int) {
	t.Helper()
	c.Wait()
	require.Equal(t, code, c.ProcessState.ExitCode(), "%s\n%s", &c.out, &c.err)
}

func (c *command) summary(t *testing.T) summary.Summary {
	t.Helper()
	var s summary.Summary
	require.NoError(t, json.Unmarshal(c.out.Bytes(), &s), "%s\n%s", &c.out, &c.err)
	r := s.Total.Requests
	require.Equal(t, r.Planned, r.Finished+r.Failed+r.Unsent(), "counts add up")
	return s
}

// target counts requests.
type target struct {
	url  string
	hits atomic.Int64
	// reached is closed at the hundredth request.
	reached chan struct{}
}

func newTestTarget(t *testing.T) *target {
	tg := &target{reached: make(chan struct{})}
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if tg.hits.Add(1) == 100 {
			close(tg.reached)
		}
	}))
	t.Cleanup(s.Close)
	tg.url = s.URL
	return tg
}

func (tg *target) await(t *testing.T) {
	select {
	case <-tg.reached:
	case <-time.After(patience(t)):
		t.Fatal("a hundred requests did not come")
	}
}

// writePlan writes a plan against url with the stages, given as YAML. It trusts
// the machine whatever it does: tests share it with others.
func writePlan(t *testing.T, url, stages string) string {
	return writePlanWith(t, url, stages, "trust: "+trusting+"\n")
}

// trusting is a trust that nothing shakes but exhaustion and loss.
const trusting = "{schedule_lag: 1h, connection_wait: 1h, cpu_throttled: 100%, cpu_steal: 100%, scheduler_latency: 1h}"

// writePlanWith adds further keys of the plan, as lines.
func writePlanWith(t *testing.T, url, stages, keys string) string {
	path := filepath.Join(t.TempDir(), "plan.yaml")
	plan := fmt.Sprintf("name: test\nattacks:\n  - name: a\n    http: {url: '%s/'}\n    load: %s\n%s", url, stages, keys)
	require.NoError(t, os.WriteFile(path, []byte(plan), 0o600))
	return path
}

func TestARunEndsWithASummaryThatAddsUp(t *testing.T) {
	tg := newTestTarget(t)
	c := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 200/s, duration: 2500ms}]"), "--json")
	c.run(t, 0)
	s := c.summary(t)
	assert.EqualValues(t, 500, s.Total.Requests.Finished)
	assert.EqualValues(t, 500, tg.hits.Load())
	assert.EqualValues(t, 1, s.Telemetry.SpansPerRequest)
	assert.Equal(t, summary.Completed, s.End)
	assert.Empty(t, s.Faults)
	assert.NotEmpty(t, c.err.String(), "progress is shown")

	c = loadtrace(t, "run", writePlan(t, tg.url, "[{max: {workers: 2}, count: 50}]"), "--quiet")
	c.run(t, 0)
	assert.Contains(t, c.out.String(), "50")
	assert.Empty(t, c.err.String())
}

func TestBadInputIsExplainedAndExitsWith2(t *testing.T) {
	dir := t.TempDir()
	targets := filepath.Join(dir, "targets.http")
	require.NoError(t, os.WriteFile(targets, []byte("GET http://h/\n\nBREW http://h/\n"), 0o600))
	good := writePlan(t, "http://127.0.0.1:1", "[{constant: 1/s, count: 1}]")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no plan":                  {[]string{"run"}, "want one plan"},
		"a missing plan":           {[]string{"run", filepath.Join(dir, "none.yaml")}, "none.yaml"},
		"an unknown flag":          {[]string{"run", good, "--fast"}, "--fast"},
		"an unknown key":           {[]string{"run", good, "--set", "attacks[0].htp.url=x"}, "attacks[0].htp"},
		"a negative rate":          {[]string{"run", writePlan(t, "http://h", "[{constant: -5/s, count: 1}]")}, "plan.yaml:5:"},
		"no unit":                  {[]string{"run", good, "--set", "attacks[0].http.timeout=10"}, "attacks[0].http.timeout"},
		"a bad target":             {[]string{"run", good, "--set", "attacks[0].http={targets: {file: " + targets + "}}"}, targets + ":3: "},
		"a bad endpoint":           {[]string{"run", good, "--otlp", "localhost"}, "--otlp"},
		"a port of an endpoint":    {[]string{"run", good, "--otlp", "http://127.0.0.1:99999"}, "port 99999 is not between 1 and 65535"},
		"a port to listen on":      {[]string{"run", good, "--listen", "grpc://127.0.0.1:65536"}, "port 65536 is not between 0 and 65535"},
		"two destinations":         {[]string{"run", good, "--otlp", "http://127.0.0.1:4318", "--config", "x"}, "exclude"},
		"an unknown command":       {[]string{"rum", good}, "unknown command"},
		"an argument of demo":      {[]string{"demo", "now"}, "unknown command"},
		"no configuration":         {nil, "config"},
		"a missing configuration":  {[]string{"run", good, "--config", filepath.Join(dir, "none.yaml")}, "none.yaml"},
		"an invalid configuration": {[]string{"validate", "--config", "yaml:service: {pipelines: {traces: {receivers: [loadgen]}}}"}, "at least one exporter"},
		"no pipeline with loadgen": {[]string{"run", good, "--config", "yaml:" + configOf("[otlp]")}, "no pipeline has the receiver loadgen"},
		"two runs":                 {[]string{"run", good, "--config", "yaml:" + configOf("[loadgen, loadgen/2]")}, "more than one loadgen receiver"},
		"an unknown signal":        {[]string{"run", good, "--otlp", "http://127.0.0.1:4318", "--otlp-signals", "spans"}, "--otlp-signals"},
		"an unknown colour":        {[]string{"run", good, "--color", "pink"}, "--color"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := loadtrace(t, c.args...)
			cmd.run(t, 2)
			assert.Contains(t, cmd.err.String(), c.want)
			assert.NotContains(t, cmd.err.String(), "goroutine")
			assert.Empty(t, cmd.out.String())
		})
	}
}

// configOf is a configuration with one pipeline of traces.
func configOf(receivers string) string {
	return "{receivers: {loadgen: {}, loadgen/2: {}, otlp: {protocols: {http: {endpoint: '127.0.0.1:0'}}}}, exporters: {nop: {}}, " +
		"service: {telemetry: {metrics: {level: none}}, pipelines: {traces: {receivers: " + receivers + ", exporters: [nop]}}}}"
}

func TestAPlanMayComeFromStandardInput(t *testing.T) {
	tg := newTestTarget(t)
	plan, err := os.ReadFile(writePlan(t, tg.url, "[{constant: 100/s, count: 10}]"))
	require.NoError(t, err)
	c := loadtrace(t, "run", "-", "--json")
	c.Stdin = bytes.NewReader(plan)
	c.run(t, 0)
	assert.EqualValues(t, 10, c.summary(t).Total.Requests.Finished)
}

func TestASummaryThatCannotBeWrittenIsAnError(t *testing.T) {
	tg := newTestTarget(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer full.Close()
	c := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 100/s, count: 10}]"), "--quiet")
	c.Stdout = full
	c.run(t, 1)
	assert.Contains(t, c.err.String(), "write the summary")
}

func TestSecretsOfAURLReachNeitherSummaryNorTelemetry(t *testing.T) {
	tg, sink := newTestTarget(t), newSink(t, "127.0.0.1:0")
	url := strings.Replace(tg.url, "http://", "http://user:hunter2@", 1)
	c := loadtrace(t, "run", writePlan(t, url+"/?token=hunter2&a=1", "[{constant: 100/s, count: 10}]"), "--json", "--otlp", sink.url)
	c.run(t, 0)
	assert.NotContains(t, c.out.String(), "hunter2")
	assert.NotContains(t, c.err.String(), "hunter2")
	assert.False(t, strings.Contains(sink.bodies.String(), "hunter2"), "a secret in telemetry")
	assert.True(t, strings.Contains(sink.bodies.String(), "token=REDACTED"))
}

func TestAnEndpointForTracesOnlyGetsTracesOnly(t *testing.T) {
	tg, sink := newTestTarget(t), newSink(t, "127.0.0.1:0")
	c := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 100/s, count: 10}]"), "--json", "--otlp", sink.url, "--otlp-signals", "traces")
	c.run(t, 0)
	assert.Len(t, sink.client, 10)
	assert.Empty(t, sink.metrics)
	assert.Empty(t, sink.events)
}

func TestCtrlCEndsTheRunInOrderWithWhatWasDone(t *testing.T) {
	tg := newTestTarget(t)
	c := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 500/s, duration: 60s}]"), "--json")
	require.NoError(t, c.Start())
	tg.await(t)
	began := time.Now()
	require.NoError(t, c.Process.Signal(syscall.SIGINT))
	c.wait(t, 1)
	assert.Less(t, time.Since(began), 5*time.Second)
	s := c.summary(t)
	assert.Equal(t, summary.Stopped, s.End)
	assert.EqualValues(t, 30_000, s.Total.Requests.Planned)
	assert.EqualValues(t, tg.hits.Load(), s.Total.Requests.Finished)
	assert.Positive(t, s.Total.Requests.NotSent[loadgen.NotSentStopped])
	assert.Contains(t, c.err.String(), "stopped before its end")
	assert.Equal(t, verdict.Undecided, s.Verdict.Verdict)
	assert.Contains(t, s.Verdict.Reasons, "the run did not complete its plan: it was stopped by hand")
}

func TestEverythingArrivesAtAnOTLPEndpoint(t *testing.T) {
	tg, sink := newTestTarget(t), newSink(t, "127.0.0.1:0")
	c := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 1000/s, duration: 2s}]"), "--json", "--otlp", sink.url)
	c.run(t, 0)
	s := c.summary(t)
	assert.EqualValues(t, 2000, s.Total.Requests.Finished)
	assert.Equal(t, 2000, sink.spans)
	assert.Len(t, sink.client, 2000, "each span in a trace of its own")
	assert.Equal(t, 1, sink.runs)
	assert.EqualValues(t, 2001, s.Telemetry.SpansDelivered)
	assert.Contains(t, sink.metrics, "http.client.request.duration")
	assert.Subset(t, sink.events, []string{"loadgen.run.start", "loadgen.run.stop"})
	require.NotEmpty(t, sink.exemplars)
	for _, e := range sink.exemplars {
		require.Equal(t, sink.client[e.TraceID()], e.SpanID(), "an exemplar names a span that exists")
	}
}

// Behind a join it is the join that is refused. What that had to try again was once
// not told.
func TestAnEndpointThatRefusesForAWhileLosesNothingAndIsTold(t *testing.T) {
	telemetry, err := freeAddress()
	require.NoError(t, err)
	for name, listen := range map[string]string{"without a join": "none", "with a join": "http://" + telemetry} {
		t.Run(name, func(t *testing.T) {
			tg, sink := newTestTarget(t), newSink(t, "127.0.0.1:0")
			sink.refuses.Store(true)
			c := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 500/s, duration: 4s}]"), "--json", "--otlp", sink.url, "--otlp-signals", "traces", "--listen", listen)
			require.NoError(t, c.Start())
			tg.await(t)
			require.Eventually(t, func() bool { return sink.refused.Load() > 2 }, patience(t), 10*time.Millisecond)
			sink.refuses.Store(false)
			c.wait(t, 0)
			s := c.summary(t)
			assert.Len(t, sink.client, 2000)
			assert.EqualValues(t, 2001, s.Telemetry.SpansDelivered)
			assert.Positive(t, s.Telemetry.Refused)
			assert.Zero(t, s.Telemetry.SpansDropped)
		})
	}
}

func TestTelemetryThatNobodyTakesIsCountedAndMistrusted(t *testing.T) {
	tg := newTestTarget(t)
	nobody, err := freeAddress()
	require.NoError(t, err)
	c := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 500/s, count: 500}]"),
		"--json", "--otlp", "http://"+nobody, "--flush-timeout", "500ms")
	c.run(t, 98)
	s := c.summary(t)
	assert.EqualValues(t, 500, s.Total.Requests.Finished, "the attack itself is not disturbed")
	assert.EqualValues(t, 501, s.Telemetry.SpansDropped)
	assert.NotEmpty(t, s.Faults)
	assert.Equal(t, verdict.Undecided, s.Verdict.Verdict)
	assert.Contains(t, strings.Join(s.Faults, "\n"), "the pipeline did not get all spans")
	assert.Contains(t, c.err.String(), "undecided: the endpoint of --otlp, http://"+nobody+", did not take all telemetry")
}

func TestAConfigurationOfTheUsersOwnGetsThePlan(t *testing.T) {
	tg, dir := newTestTarget(t), t.TempDir()
	config := filepath.Join(dir, "collector.yaml")
	require.NoError(t, os.WriteFile(config, []byte(`
receivers: {loadgen: {}}
exporters: {file: {path: `+filepath.Join(dir, "traces.json")+`}}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [loadgen], exporters: [file]}}
`), 0o600))
	c := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 100/s, count: 100}]"), "--json", "--config", config)
	c.run(t, 0)
	assert.EqualValues(t, 100, c.summary(t).Total.Requests.Finished)
	written, err := os.ReadFile(filepath.Join(dir, "traces.json"))
	require.NoError(t, err)
	assert.Equal(t, 100, strings.Count(string(written), `"kind":3`), "client spans in the file")
}

func TestTheDemoShowsASlowRequestOfTheService(t *testing.T) {
	c := loadtrace(t, "demo", "--quiet", "--set",
		"attacks=[{name: http, http: {targets: {file: tokens.http}}, load: [{constant: 100/s, duration: 1s}]}]")
	c.run(t, 0)
	assert.Contains(t, c.out.String(), "One slow request")
	assert.Contains(t, c.out.String(), "auth-service")
	assert.Contains(t, c.out.String(), "GET /auth/validate")
}

func TestEveryRequestOfTheDemoHasItsServerSpanOverBothProtocols(t *testing.T) {
	sink := newSink(t, "127.0.0.1:0")
	c := loadtrace(t, "demo", "--quiet", "--otlp", sink.url,
		"--set", "attacks.http.load=[{constant: 50/s, count: 50}]",
		"--set", "attacks.unary.load=[{constant: 50/s, count: 40}]",
		"--set", "attacks.stream.load=[{constant: 50/s, count: 30}]")
	c.run(t, 0)
	for _, shown := range []string{"GET", "grpc 127.0.0.1:", "200 ×", "OK ×", "150 sent · 150 received", "One slow request", "auth-service"} {
		assert.Contains(t, c.out.String(), shown)
	}
	sink.mu.Lock()
	defer sink.mu.Unlock()
	served := map[string]int{}
	for _, s := range sink.all {
		of, ok := sink.all[s.parent]
		if s.kind == ptrace.SpanKindServer && ok && of.kind == ptrace.SpanKindClient && of.parent.IsEmpty() && of.trace == s.trace {
			served[of.name]++
		}
	}
	assert.Equal(t, map[string]int{"GET": 50, "auth.v1.Auth/Validate": 40, "auth.v1.Auth/ValidateStream": 30}, served)
	assert.True(t, sink.metrics["rpc.client.call.duration"])
	assert.True(t, sink.metrics["loadgen.stream.message_gap"])
}

// freeAddress is a loopback address on which nothing listens now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}
