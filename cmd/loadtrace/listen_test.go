package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/loadgen/verdict"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor"
)

func TestAnAddressThatIsInUseIsNoReasonNotToRun(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	in := l.Addr().String()
	tg := newTestTarget(t)
	c := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 100/s, count: 10}]"), "--listen", "http://"+in)
	c.run(t, 1)
	assert.Contains(t, c.err.String(), "address already in use", "who asks for an address gets it or an error")
	assert.Contains(t, c.err.String(), in)
}

// startTarget starts the demo service as a process of its own, with its telemetry
// sent to an address.
func startTarget(t *testing.T, otlp string) (http string) {
	cmd := exec.Command(os.Args[0], "target", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--otlp", otlp, "--error-share", "0", "--exit-with-parent")
	cmd.Env = append(os.Environ(), asCommand+"=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Signal(syscall.SIGTERM); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	var at struct{ HTTP string }
	require.NoError(t, json.Unmarshal([]byte(line), &at))
	return at.HTTP
}

// The target is there before the run and after it: what it tells of the last
// requests comes later than they end.
//
// The slowest request may be the first, whose write lasts into the server's work:
// then nothing is left for network and queues, which are not asked for here.
func TestARunJoinsEveryRequestToWhatTheTargetTells(t *testing.T) {
	address, err := freeAddress()
	require.NoError(t, err)
	otlp := "http://" + address
	target := startTarget(t, otlp)
	plan := writePlan(t, "http://"+target, "[{constant: 100/s, duration: 3s}]")
	set := []string{"--set", "attacks[0].http.url=http://" + target + "/auth/validate", "--set", "attacks[0].http.headers={Authorization: Bearer demo-0001}"}

	c := loadtrace(t, append([]string{"run", plan, "--listen", otlp}, set...)...)
	c.run(t, 0)
	for _, shown := range []string{
		"300 requests joined · 300 complete (100 %)", "One slow request", "where the ", "server ",
		"auth-service", "goroutines", "its clock is", "that it logged",
	} {
		assert.Contains(t, c.out.String(), shown)
	}

	c = loadtrace(t, append([]string{"run", plan, "--listen", otlp, "--json"}, set...)...)
	c.run(t, 0)
	s := c.summary(t)
	require.NotNil(t, s.Telemetry.Join)
	assert.EqualValues(t, 300, s.Telemetry.Join.Complete, "%v", s.Telemetry.Join)
	assert.Empty(t, s.Telemetry.Join.Missing)
}

// The target's exporter keeps the server spans of the last half second until the run is
// over. Both runs left them out: the one did not wait with a configuration of the user's,
// the other not when it was interrupted.
func TestTheLastRequestsAreJoinedWhateverCollectorJoinsThemAndHoweverTheRunEnds(t *testing.T) {
	address, err := freeAddress()
	require.NoError(t, err)
	target := startTarget(t, "http://"+address)
	sink := newSink(t, "127.0.0.1:0")
	answered := sink.noteServers()
	config := write(t, "collector.yaml", fmt.Sprintf(joining, address, sink.url))
	for _, run := range []struct {
		name, load string
		flags      []string
		interrupt  bool
		code       int
	}{
		{"a configuration of the user's", "[{constant: 100/s, duration: 2s}]", []string{"--config", config}, false, 0},
		{"an interrupted run", "[{constant: 100/s, duration: 60s}]", []string{"--listen", "http://" + address, "--otlp", sink.url}, true, 1},
		{"both", "[{constant: 100/s, duration: 60s}]", []string{"--config", config}, true, 1},
	} {
		t.Run(run.name, func(t *testing.T) {
			sink.forget(answered)
			plan := writePlan(t, "http://"+target, run.load)
			c := loadtrace(t, append([]string{"run", plan, "--json",
				"--set", "attacks[0].http.url=http://" + target + "/auth/validate", "--set", "attacks[0].http.headers={Authorization: Bearer demo-0001}",
			}, run.flags...)...)
			require.NoError(t, c.Start())
			if run.interrupt {
				select {
				case <-answered:
				case <-time.After(patience(t)):
				}
				require.NoError(t, c.Process.Signal(os.Interrupt))
			}
			c.wait(t, run.code)
			s := c.summary(t)
			require.NotNil(t, s.Telemetry.Join)
			assert.EqualValues(t, s.Total.Requests.Sent(), s.Telemetry.Join.Complete, "%v", s.Telemetry.Join)
			assert.Empty(t, s.Telemetry.Join.Missing)
		})
	}
}

// joining is a user's configuration that joins, for the address that it listens at and the
// endpoint that it exports to.
const joining = `
receivers: {loadgen: {}, otlp: {protocols: {http: {endpoint: %q}}}}
processors: {trace_join: {}}
exporters: {otlp_http: {endpoint: %q, compression: none}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [loadgen, otlp], processors: [trace_join], exporters: [otlp_http]}
    metrics: {receivers: [loadgen, otlp], processors: [trace_join], exporters: [otlp_http]}
    logs: {receivers: [loadgen, otlp], processors: [trace_join], exporters: [otlp_http]}
`

// noteServers has a token when there is a server span.
func (s *otlpSink) noteServers() chan struct{} {
	answered := make(chan struct{}, 1)
	s.gets = func(ptrace.Traces, pmetric.Metrics) {
		for _, span := range s.all {
			if span.kind == ptrace.SpanKindServer {
				select {
				case answered <- struct{}{}:
				default:
				}
			}
		}
	}
	return answered
}

// forget the run before.
func (s *otlpSink) forget(answered chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.all)
	select {
	case <-answered:
	default:
	}
}

func TestWithoutTelemetryOfTheTargetARunEndsAtOnceAndReportsIt(t *testing.T) {
	address, err := freeAddress()
	require.NoError(t, err)
	tg, sink := newTestTarget(t), newSink(t, "127.0.0.1:0")
	c := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 100/s, count: 50}]"), "--listen", "http://"+address, "--otlp", sink.url)
	began := time.Now()
	c.run(t, 0)
	assert.Less(t, time.Since(began), tracejoinprocessor.DefaultWait)
	said := strings.Join(strings.Fields(c.out.String()), " ")
	assert.Contains(t, said, "join no telemetry came from the target: it has no OpenTelemetry SDK, sends elsewhere than http://"+address+", had not sent yet (SDKs do so every 5 s, and the run took ")
	assert.NotContains(t, c.out.String(), "One slow request")
	assert.Len(t, sink.client, 50)
	assert.NotContains(t, sink.bodies.String(), "join.status")
}

// The Go SDK's exporter over gRPC speaks TLS by default, and Caddy sends OTLP over HTTP to
// whatever port it is given. 7ed9d53 said nothing of either.
func TestATargetThatSpeaksTLSOrHTTP1ToThePortOfGRPCIsToldWhatToSet(t *testing.T) {
	address, err := freeAddress()
	require.NoError(t, err)
	var once sync.Once
	tg := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		once.Do(func() {
			_, err := tls.Dial("tcp", address, &tls.Config{NextProtos: []string{"h2"}})
			assert.ErrorContains(t, err, "first record does not look like a TLS handshake")
			_, err = http.Post("http://"+address+"/v1/traces", "application/x-protobuf", nil)
			assert.Error(t, err)
		})
	}))
	defer tg.Close()
	plan := writePlan(t, tg.URL, "[{constant: 100/s, count: 50}]")
	c := loadtrace(t, "run", plan, "--json", "--listen", "grpc://"+address)
	c.run(t, 0)
	j := c.summary(t).Telemetry.Join
	require.NotNil(t, j)
	require.Len(t, j.Advice, 2)
	assert.Equal(t, "a connection to grpc://"+address+" spoke TLS, which it does not take: set "+
		"OTEL_EXPORTER_OTLP_INSECURE=true for the target, or give its exporter an endpoint with http://", j.Advice[0])
	assert.Contains(t, j.Advice[1], " to grpc://"+address+" spoke HTTP/1, as OTLP over HTTP does: set "+
		"OTEL_EXPORTER_OTLP_PROTOCOL=grpc for the target, or send to an address for HTTP (--listen)")
}

// What the join has taken and could not deliver is lost too, and the summary must
// not call it delivered.
func TestSpansThatAreLostBehindTheJoinAreCountedAndMistrusted(t *testing.T) {
	address, err := freeAddress()
	require.NoError(t, err)
	tg, sink := newTestTarget(t), newSink(t, "127.0.0.1:0")
	sink.refuses.Store(true)
	c := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 500/s, count: 500}]"),
		"--json", "--otlp", sink.url, "--flush-timeout", "500ms", "--listen", "http://"+address)
	c.run(t, 98)
	s := c.summary(t)
	assert.EqualValues(t, 501, s.Telemetry.SpansDropped)
	assert.Zero(t, s.Telemetry.SpansDelivered)
	assert.Zero(t, s.Telemetry.SpansPerRequest)
	assert.Equal(t, verdict.Undecided, s.Verdict.Verdict)
	assert.False(t, s.Verdict.Trusted)
	assert.Contains(t, s.Faults, "the pipeline behind the join did not take all spans: 500 were lost")
}

// foreign posts client spans of an hour each to a listener, in traces of another run: 60
// of another loadtrace, and 40 that are roots of another service.
func foreign(t *testing.T, otlp string) {
	require.EventuallyWithT(t, func(c *assert.CollectT) { // once it listens
		status, err := foreignOnce(otlp)
		require.NoError(c, err)
		assert.Equal(c, 200, status)
	}, time.Minute, 20*time.Millisecond)
}

var traces atomic.Uint32 // of foreignOnce

func foreignOnce(otlp string) (status int, err error) {
	td := ptrace.NewTraces()
	for service, n := range map[string]int{"loadtrace": 60, "cart": 40} {
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", service)
		spans := rs.ScopeSpans().AppendEmpty().Spans()
		for range n {
			s := spans.AppendEmpty()
			s.SetName("stranger")
			s.SetKind(ptrace.SpanKindClient)
			id := traces.Add(1)
			s.SetTraceID(pcommon.TraceID{0xfe, byte(len(service)), 13: byte(id >> 16), 14: byte(id >> 8), 15: byte(id)})
			s.SetSpanID(pcommon.SpanID{byte(id), byte(id >> 8), byte(id >> 16), 7: 1})
			s.SetStartTimestamp(pcommon.NewTimestampFromTime(time.Now().Add(-time.Hour)))
			s.SetEndTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		}
	}
	body, err := new(ptrace.ProtoMarshaler).MarshalTraces(td)
	if err != nil {
		return 0, err
	}
	resp, err := http.Post(otlp+"/v1/traces", "application/x-protobuf", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// Slow root spans of any other service displaced the run's slow requests, and the summary
// said that no telemetry came; requests of another run were counted as joined: "660
// requests" of 600.
func TestWhatOthersSendToTheListenerIsNotTheRuns(t *testing.T) {
	address, err := freeAddress()
	require.NoError(t, err)
	otlp := "http://" + address
	sink := newSink(t, "127.0.0.1:0")
	target := startTarget(t, otlp)
	plan := writePlan(t, "http://"+target, "[{constant: 100/s, duration: 3s}]")
	c := loadtrace(t, "run", plan, "--quiet", "--listen", otlp, "--otlp", sink.url,
		"--set", "attacks[0].http.url=http://"+target+"/auth/validate", "--set", "attacks[0].http.headers={Authorization: Bearer demo-0001}")
	require.NoError(t, c.Start())
	foreign(t, otlp)
	c.wait(t, 0)
	assert.Contains(t, c.out.String(), "300 requests joined")
	assert.Contains(t, c.out.String(), "One slow request, from the generator to the last span of the target")
	assert.NotContains(t, c.out.String(), "did not arrive")
	assert.Equal(t, 100, strings.Count(sink.bodies.String(), "stranger"), "an endpoint gets them all the same")
}

// With a configuration of the user's, requests of other runs were joined requests of this
// one, and its end waited for them for as long as they kept coming.
func TestWhatOthersSendToAUsersCollectorIsNotTheRuns(t *testing.T) {
	address, err := freeAddress()
	require.NoError(t, err)
	config := filepath.Join(t.TempDir(), "collector.yaml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
receivers: {loadgen: {}, otlp: {protocols: {http: {endpoint: %q}}}}
processors: {trace_join: {wait: 3s}}
exporters: {nop: {}}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [loadgen, otlp], processors: [trace_join], exporters: [nop]}}
`, address), 0o600))
	tg := newTestTarget(t)
	c := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 100/s, count: 200}]"), "--json", "--config", config)
	require.NoError(t, c.Start())
	foreign(t, "http://"+address)
	over := make(chan struct{})
	var others sync.WaitGroup
	others.Go(func() {
		for tick := time.NewTicker(100 * time.Millisecond); ; {
			select {
			case <-tick.C:
				foreignOnce("http://" + address)
			case <-over:
				tick.Stop()
				return
			}
		}
	})
	c.wait(t, 0)
	close(over)
	others.Wait()
	j := c.summary(t).Telemetry.Join
	require.NotNil(t, j)
	assert.EqualValues(t, 200, j.Complete+j.Partial+j.None)
	assert.EqualValues(t, 200, j.Missing["no_server_span"])
}
