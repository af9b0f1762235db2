//go:build stack

package dashboards

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/stack"
)

// live is the whole platform on loopback: the real servers, the shipped collector's
// configuration in the distribution's binary, the demo service, and two runs.
type live struct {
	prometheus, loki, jaeger string // addresses of their APIs
	jaegerOTLP               string
	binary, dir              string
	from, until              time.Time
}

// A failing demo with a small cache, so that every attack has failures and slow
// requests.
const demoFlags = "--error-share=0.2 --cache=10 --store-latency=5ms --store-tail=0.1"

func startPlatform(t *testing.T) *live {
	t.Helper()
	l := &live{dir: t.TempDir(), from: time.Now()}
	var err error
	l.binary, err = stack.Distribution(t.Context(), "..", l.dir)
	require.NoError(t, err)

	servers := make([]*stack.Instance, 3)
	var wg sync.WaitGroup
	for i, server := range []stack.Server{stack.Prometheus(), stack.Loki(), stack.Jaeger()} {
		wg.Go(func() { servers[i] = startServer(t, server) })
	}
	wg.Wait()
	require.False(t, t.Failed(), "a server did not start")
	l.prometheus, l.loki, l.jaeger = servers[0].URL("http"), servers[1].URL("http"), servers[2].URL("http")
	l.jaegerOTLP = servers[2].URL("otlp_http")
	t.Cleanup(client.CloseIdleConnections)
	return l
}

// startServer does not end the test, as it may be called by any goroutine.
func startServer(t *testing.T, server stack.Server) *stack.Instance {
	i, err := stack.Start(t.Context(), server, stack.Options{Data: t.TempDir(), Progress: os.Stderr})
	if err != nil {
		t.Error(err)
		return nil
	}
	t.Cleanup(func() {
		if err := i.Stop(context.Background()); err != nil {
			said, _ := os.ReadFile(i.Log)
			t.Errorf("%v; its log ends with:\n%s", err, said[max(0, len(said)-4000):])
		}
	})
	return i
}

// free is an address nobody listens on at the moment.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// program is a process that the test stops at its end.
type program struct {
	cmd *exec.Cmd
	log *bytes.Buffer
	out *bufio.Reader
}

func (l *live) start(t *testing.T, environment []string, args ...string) *program {
	t.Helper()
	p := &program{cmd: exec.Command(l.binary, args...), log: new(bytes.Buffer)}
	p.cmd.Dir, p.cmd.Env, p.cmd.Stderr = l.dir, append(os.Environ(), environment...), p.log
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.out = bufio.NewReader(out)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		p.cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(30*time.Second, func() { p.cmd.Process.Kill() })
		defer kill.Stop()
		p.cmd.Wait()
		if t.Failed() {
			said := p.log.String()
			t.Logf("%s ended with:\n%s", strings.Join(args, " "), said[max(0, len(said)-4000):])
		}
	})
	return p
}

// play has the demo attacked twice: by the plan of the collector that carries the
// telemetry, which is the baseline, and by a generator that sends to it.
func (l *live) play(t *testing.T) {
	t.Helper()
	otlp := "http://" + free(t)
	demo := l.start(t, nil, append([]string{"target", "--http=127.0.0.1:0", "--grpc=127.0.0.1:0", "--otlp", otlp}, strings.Fields(demoFlags)...)...)
	line, err := demo.out.ReadString('\n')
	require.NoError(t, err)
	var at struct{ HTTP, GRPC string }
	require.NoError(t, json.Unmarshal([]byte(line), &at))

	config, err := filepath.Abs("../examples/collector/platform.yaml")
	require.NoError(t, err)
	health := free(t)
	l.start(t, []string{
		"PLAN=" + l.plan(t, "baseline", at.HTTP, at.GRPC, "15s"), "OTLP_HTTP=" + strings.TrimPrefix(otlp, "http://"), "OTLP_GRPC=" + free(t),
		"HEALTH=" + health, "PROMETHEUS=" + l.prometheus, "JAEGER=" + l.jaegerOTLP, "LOKI=" + l.loki, "QUEUE=" + filepath.Join(l.dir, "queue"),
	}, "--config", config)
	require.Eventually(t, func() bool { return answers("http://" + health) }, 30*time.Second, 100*time.Millisecond)
	// The newest run is the second one: it begins after the first has ended.
	l.await(t, "the baseline", lastRun, 1)
	run := exec.CommandContext(t.Context(), l.binary, "run", l.plan(t, "run", at.HTTP, at.GRPC, "25s"), "--archive", "none", "--otlp", otlp)
	run.Dir = l.dir
	out, err := run.CombinedOutput()
	t.Logf("%s", out)
	code := run.ProcessState.ExitCode()
	require.Contains(t, []int{0, 98, 99}, code, "%v", err) // a verdict of any kind
	l.await(t, "the run", lastRun, 2)
	// The join waits 5 s, and metrics and rules have intervals; then all is there.
	l.await(t, "every request, joined", `sum(join_requests_total) >= bool sum(loadgen_requests_total{loadgen_outcome!="not_sent"})`, 1)
	l.await(t, "every span in Jaeger", `sum(otelcol_exporter_sent_spans_total) >= bool sum(otelcol_trace_join_spans_total{state=~"delivered|passed"})`, 1)
	l.await(t, "the recorded ratio of the join", "count(instance:join_requests_complete:ratio1m)", 1)
	l.until = time.Now()
}

// lastRun counts the runs whose requests have all ended.
const lastRun = `count(sum by (loadgen_run_id) (loadgen_requests_total) == sum by (loadgen_run_id) (loadgen_requests_planned))`

func (l *live) plan(t *testing.T, name, http, grpc, duration string) string {
	t.Helper()
	text := fmt.Sprintf(`
name: %s
attacks:
  - name: http
    http: {targets: {file: %s.http}, timeout: 2s}
    load:
      - {name: warm-up, ramp: {from: 10/s, to: 40/s}, duration: 5s}
      - {name: steady, constant: 40/s, duration: %s}
  - name: unary
    grpc: {target: %s, plaintext: true, method: auth.v1.Auth/Validate, data: {token: demo-0001}}
    load: [{constant: 20/s, duration: %s}]
  - name: stream
    grpc: {target: %s, plaintext: true, method: auth.v1.Auth/ValidateStream, data: [{token: demo-0001}, {token: demo-0020}]}
    load: [{constant: 5/s, duration: %s}]
thresholds:
  - {metric: response_time, percentile: 99, at_most: 5s}
`, name, name, duration, grpc, duration, grpc, duration)
	var targets strings.Builder
	for i := range 60 { // more than the cache has, and every 20th has expired
		fmt.Fprintf(&targets, "GET http://%s/auth/validate\nAuthorization: Bearer demo-%04d\n\n", http, i+1)
	}
	require.NoError(t, os.WriteFile(filepath.Join(l.dir, name+".http"), []byte(targets.String()), 0o644))
	path := filepath.Join(l.dir, name+".yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

// await waits until a query's one value is at least so much.
func (l *live) await(t *testing.T, what, expr string, want float64) {
	t.Helper()
	require.Eventually(t, func() bool {
		series, err := l.instant(expr, time.Now())
		return err == nil && len(series) == 1 && series[0].last() >= want
	}, 90*time.Second, 500*time.Millisecond, "%s never came: %s", what, expr)
}
