//go:build stack

package tracejoinprocessor

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	grpcmetadata "google.golang.org/grpc/metadata"

	"github.com/loadtrace/loadtrace/internal/demotarget/authv1"
	"github.com/loadtrace/loadtrace/internal/stack"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/metadata"
)

// demo is a join in front of a sink, with the demo service, a process of its own,
// that sends it what it has.
type demo struct {
	t       *testing.T
	traces  processor.Traces
	metrics processor.Metrics
	logs    processor.Logs // nil: there is no pipeline of logs
	sink    consumertest.TracesSink
	sampled atomic.Int32 // payloads of metrics that came

	address struct{ HTTP, GRPC string }
}

// where the service's log records and its log go.
type where struct {
	records func(kind string, body []byte) // OTLP; nil: into the join
	lines   func(line string)              // JSON; nil: nowhere
}

func startDemo(t *testing.T, binary, service, config string, to where) *demo {
	d := &demo{t: t}
	f, cfg, set := NewFactory(), configured(t, config), processortest.NewNopSettings(metadata.Type)
	var err error
	d.traces, err = f.CreateTraces(t.Context(), set, cfg, &d.sink)
	require.NoError(t, err)
	d.metrics, err = f.CreateMetrics(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	if to.records == nil {
		d.logs, err = f.CreateLogs(t.Context(), set, cfg, consumertest.NewNop())
		require.NoError(t, err)
		require.NoError(t, d.logs.Start(t.Context(), componenttest.NewNopHost()))
		t.Cleanup(func() { assert.NoError(t, d.logs.Shutdown(context.Background())) })
	}
	require.NoError(t, d.traces.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, d.metrics.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() {
		assert.NoError(t, d.traces.Shutdown(context.Background()))
		assert.NoError(t, d.metrics.Shutdown(context.Background()))
	})
	receiver := httptest.NewServer(d.receiver(to.records))
	t.Cleanup(receiver.Close)
	d.launch(binary, to.lines, "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--otlp", receiver.URL, "--service", service,
		"--log-format", "json", "--exit-with-parent")
	return d
}

// receiver takes OTLP over HTTP.
func (d *demo) receiver(records func(kind string, body []byte)) http.Handler {
	mux := http.NewServeMux()
	on := func(path string, take func(kind string, body []byte) error) {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err == nil {
				err = take(r.Header.Get("Content-Type"), body)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusServiceUnavailable)
			}
		})
	}
	on("/v1/traces", func(_ string, body []byte) error {
		r := ptraceotlp.NewExportRequest()
		if err := r.UnmarshalProto(body); err != nil {
			return err
		}
		return d.traces.ConsumeTraces(d.t.Context(), r.Traces())
	})
	on("/v1/metrics", func(_ string, body []byte) error {
		r := pmetricotlp.NewExportRequest()
		if err := r.UnmarshalProto(body); err != nil {
			return err
		}
		d.sampled.Add(1)
		return d.metrics.ConsumeMetrics(d.t.Context(), r.Metrics())
	})
	on("/v1/logs", func(kind string, body []byte) error {
		if records != nil {
			records(kind, body)
			return nil
		}
		r := plogotlp.NewExportRequest()
		if err := r.UnmarshalProto(body); err != nil {
			return err
		}
		return d.logs.ConsumeLogs(d.t.Context(), r.Logs())
	})
	return mux
}

// launch the service, which collects garbage often, until the test ends.
func (d *demo) launch(binary string, lines func(string), args ...string) {
	cmd := exec.Command(binary, args...)
	cmd.Env = append(os.Environ(), "GOGC=5")
	stdout, err := cmd.StdoutPipe()
	require.NoError(d.t, err)
	stderr, err := cmd.StderrPipe()
	require.NoError(d.t, err)
	require.NoError(d.t, cmd.Start())
	said := make(chan struct{})
	go func() {
		defer close(said)
		for scan := bufio.NewScanner(stderr); scan.Scan(); {
			if lines != nil {
				lines(scan.Text())
			}
		}
	}()
	d.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		<-said
		assert.NoError(d.t, cmd.Wait())
	})
	require.NoError(d.t, json.NewDecoder(stdout).Decode(&d.address))
	require.Eventually(d.t, func() bool { return d.sampled.Load() > 1 }, 20*time.Second, 20*time.Millisecond, "the runtime's samples do not come")
}

// attack makes n requests at 100 per second, over HTTP and gRPC in turn, each with a
// client span, and sends these to the join.
func (d *demo) attack(n int) {
	conn, err := grpc.NewClient(d.address.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(d.t, err)
	defer conn.Close()
	auth := authv1.NewAuthClient(conn)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for i := range n {
		<-tick.C
		td := ptrace.NewTraces()
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", "generator")
		s := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		s.SetKind(ptrace.SpanKindClient)
		now := time.Now()
		s.SetTraceID(pcommon.TraceID{0: 7, 1: byte(i), 2: byte(i >> 8), 3: 9, 15: byte(now.UnixNano()), 14: byte(now.UnixNano() >> 8)})
		s.SetSpanID(pcommon.SpanID{byte(i), byte(i >> 8), 1})
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(now))
		parent := fmt.Sprintf("00-%s-%s-01", s.TraceID(), s.SpanID())
		token := fmt.Sprintf("demo-%04d", 1+i%3000)
		if i%2 == 0 {
			d.get(token, parent)
		} else {
			ctx := grpcmetadata.AppendToOutgoingContext(d.t.Context(), "traceparent", parent)
			_, _ = auth.Validate(ctx, &authv1.ValidateRequest{Token: token})
		}
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		require.NoError(d.t, d.traces.ConsumeTraces(d.t.Context(), td))
	}
}

func (d *demo) get(token, parent string) {
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, "http://"+d.address.HTTP+"/auth/validate", nil)
	require.NoError(d.t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("traceparent", parent)
	response, err := http.DefaultClient.Do(r)
	require.NoError(d.t, err)
	_, _ = io.Copy(io.Discard, response.Body)
	require.NoError(d.t, response.Body.Close())
}

// clients are the attributes of the client spans that have left, and their number
// of events.
func (d *demo) clients() (attrs []map[string]any, events int) {
	for _, td := range d.sink.AllTraces() {
		for _, rs := range td.ResourceSpans().All() {
			if v, _ := rs.Resource().Attributes().Get("service.name"); v.AsString() != "generator" {
				continue
			}
			for _, ss := range rs.ScopeSpans().All() {
				for _, s := range ss.Spans().All() {
					attrs = append(attrs, s.Attributes().AsRaw())
					events += s.Events().Len()
				}
			}
		}
	}
	return attrs, events
}

func (d *demo) left(n int, within time.Duration) []map[string]any {
	require.Eventually(d.t, func() bool { got, _ := d.clients(); return len(got) == n }, within, 50*time.Millisecond)
	attrs, _ := d.clients()
	return attrs
}

func post(t *testing.T, url, kind string, body []byte) {
	response, err := http.Post(url, kind, bytes.NewReader(body))
	if !assert.NoError(t, err) {
		return
	}
	defer response.Body.Close()
	assert.Less(t, response.StatusCode, 300)
}

// The demo service, everything on: each request is tied to its server span, clock,
// runtime and lines, wherever the lines are.
func TestEveryRequestOfTheDemoServiceIsJoinedWhole(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "target")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/loadtrace/loadtrace/cmd/target")
	said, err := build.CombinedOutput()
	require.NoError(t, err, string(said))
	loki, err := stack.Start(t.Context(), stack.Loki(), stack.Options{Data: t.TempDir(), Progress: t.Output()})
	require.NoError(t, err)
	base := loki.URL("http")
	t.Cleanup(func() { assert.NoError(t, loki.Stop(context.Background())) })
	config := func(service, fields string) string {
		return fmt.Sprintf(`{wait: 5s, logs: {loki: {pull_interval: 500ms, settle: 1s, source: {http: {endpoint: '%s'}, selector: '{service_name="%s"}', fields: {%s}}}}}`,
			base, service, fields)
	}
	push := func(line string) {
		now := strconv.FormatInt(time.Now().UnixNano(), 10)
		body, err := json.Marshal(map[string]any{"streams": []any{
			map[string]any{"stream": map[string]string{"service_name": "demo-text"}, "values": [][2]string{{now, line}}},
		}})
		assert.NoError(t, err)
		post(t, base+"/loki/api/v1/push", "application/json", body)
	}
	for _, c := range []struct {
		name, service, config string
		to                    where
	}{
		{"lines through the pipeline", "demo-pipe", "{wait: 5s}", where{}},
		{"lines in Loki, ids in structured metadata", "demo-otlp", config("demo-otlp", "in: metadata"),
			where{records: func(kind string, body []byte) { post(t, base+"/otlp/v1/logs", kind, body) }}},
		{"lines in Loki, ids in JSON text only", "demo-text", config("demo-text", "in: json, trace_id: trace_id, span_id: span_id"),
			where{records: func(string, []byte) {}, lines: push}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := startDemo(t, binary, c.service, c.config, c.to)
			const requests = 400
			d.attack(requests)
			exact := 0
			for _, a := range d.left(requests, 20*time.Second) {
				require.Equal(t, "complete", a["join.status"], "%v", a)
				assert.Equal(t, c.service, a["join.server.service"])
				assert.Equal(t, "child", a["join.server.resolution"])
				assert.Contains(t, []any{"/auth/validate", "auth.v1.Auth/Validate"}, a["join.server.route"])
				assert.LessOrEqual(t, math.Abs(a["join.clock.offset"].(float64)), a["join.clock.bound"].(float64), "it is one clock")
				assert.GreaterOrEqual(t, a["join.logs.lines"], int64(1))
				assert.Positive(t, a["join.runtime.goroutines"])
				sum := a["join.unexplained"].(float64)
				for k, v := range a {
					if strings.HasPrefix(k, "join.ledger.") {
						sum += v.(float64)
					}
				}
				assert.InDelta(t, a["join.response_time"], sum, 1e-8)
				if a["join.gc.resolution"] == "cycles" {
					exact++
				}
			}
			_, events := d.clients()
			assert.GreaterOrEqual(t, events, requests)
			if d.logs != nil {
				assert.Greater(t, exact, requests*9/10, "the service's GC cycles came with its log records")
			}
		})
	}
	t.Run("Loki hangs, and goes on", func(t *testing.T) {
		var hangs atomic.Bool
		d := startDemo(t, binary, "demo-away", config("demo-away", "in: metadata"), where{records: func(kind string, body []byte) {
			if !hangs.Load() {
				post(t, base+"/otlp/v1/logs", kind, body)
			}
		}})
		hangs.Store(true)
		require.NoError(t, syscall.Kill(loki.PID(), syscall.SIGSTOP))
		goOn := sync.OnceFunc(func() { assert.NoError(t, syscall.Kill(loki.PID(), syscall.SIGCONT)) })
		t.Cleanup(goOn) // a stopped process does not end in order
		d.attack(100)
		for _, a := range d.left(100, 5*time.Second+2*2*time.Second+time.Second) { // wait, two look-ups, and what a busy machine takes
			require.Equal(t, "partial", a["join.status"])
			assert.Equal(t, []any{"no_logs"}, a["join.missing"])
		}
		goOn()
		hangs.Store(false)
		d.sink.Reset()
		d.attack(100)
		for _, a := range d.left(100, 20*time.Second) {
			assert.Equal(t, "complete", a["join.status"])
		}
	})
}
