//go:build stack

package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/stack"
	"github.com/loadtrace/loadtrace/loadgen"
)

// platform is everything on loopback. Jaeger's traces are in a process of their
// own, so that they are there after it was stopped.
type platform struct {
	t                        *testing.T
	prometheus, loki, jaeger *backend
	collector                *process
	queue                    string // the folder of the exporters' queues
	run                      loadgen.RunID
	requests                 int
	began                    time.Time // a little before the run
}

// startPlatform starts all of it, and a run of so long.
func startPlatform(t *testing.T, long time.Duration) *platform {
	t.Helper()
	binary, err := stack.Distribution(t.Context(), "../..", t.TempDir())
	require.NoError(t, err)
	p := &platform{
		t: t, prometheus: startBackend(t, stack.Prometheus()), loki: startBackend(t, stack.Loki()),
		run: loadgen.NewRunID(), requests: int(long.Seconds() * float64(*rate)), queue: t.TempDir(),
	}
	p.jaeger = startBackend(t, stack.JaegerOver(startBackend(t, stack.JaegerStorage()).runs))

	otlp := free(t)
	demo := launch(t, binary, nil, "target", "--http=127.0.0.1:0", "--grpc=127.0.0.1:0", "--otlp=http://"+otlp)
	line, err := demo.out.ReadString('\n')
	require.NoError(t, err)
	var at struct{ HTTP string }
	require.NoError(t, json.Unmarshal([]byte(line), &at))
	p.collect(binary, otlp, plan(t, at.HTTP, long))
	return p
}

// collect starts the collector, which runs the plan.
func (p *platform) collect(binary, otlp, plan string) {
	p.t.Helper()
	config, err := filepath.Abs(*config)
	require.NoError(p.t, err)
	health := free(p.t)
	p.began = time.Now()
	p.collector = launch(p.t, binary, []string{
		"PLAN=" + plan, "OTLP_HTTP=" + otlp, "OTLP_GRPC=" + free(p.t), "HEALTH=" + health, "QUEUE=" + p.queue,
		"PROMETHEUS=" + p.prometheus.url("http"), "JAEGER=" + p.jaeger.url("otlp_http"), "LOKI=" + p.loki.url("http"),
	}, "--config", config, "--config", fmt.Sprintf(`yaml:receivers::loadgen::run_id: "%s"`, p.run))
	require.Eventually(p.t, func() bool {
		response, err := client.Get("http://" + health)
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	}, 30*time.Second, 50*time.Millisecond, "the collector does not start")
}

// plan of requests with a token that is in the service's cache, and some that are
// refused.
func plan(t *testing.T, target string, long time.Duration) string {
	t.Helper()
	dir := t.TempDir()
	var targets strings.Builder
	for i := range 60 { // every 20th token has expired
		fmt.Fprintf(&targets, "GET http://%s/auth/validate\nAuthorization: Bearer demo-%04d\n\n", target, i+1)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "targets.http"), []byte(targets.String()), 0o644))
	path := filepath.Join(dir, "plan.yaml")
	text := fmt.Sprintf("name: end-to-end\nattacks:\n  - name: http\n    http: {targets: {file: targets.http}, timeout: 10s}\n    load: [{constant: %d/s, duration: %s}]\n", *rate, long)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

// free is an address nobody listens on at the moment.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}
