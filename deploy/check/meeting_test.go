package check

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// backEnds are Jaeger, Prometheus and Loki of several collectors at once: each
// collector has a path of its own. They keep what came, as it was written.
type backEnds struct {
	url string
	mu  sync.Mutex // guards got
	got map[string]*bytes.Buffer
}

func newBackEnds(t *testing.T) *backEnds {
	b := &backEnds{got: map[string]*bytes.Buffer{}}
	s := httptest.NewServer(b)
	t.Cleanup(s.Close)
	b.url = s.URL
	return b
}

func (b *backEnds) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = z
	}
	text, err := io.ReadAll(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.got[r.URL.Path] == nil {
		b.got[r.URL.Path] = new(bytes.Buffer)
	}
	b.got[r.URL.Path].Write(text)
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// has reports whether something came by a path. OTLP has texts as they are.
func (b *backEnds) has(path, text string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.got[path] != nil && bytes.Contains(b.got[path].Bytes(), []byte(text))
}

// free is a loopback address on which nothing listens now.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// collector starts the distribution on a configuration of ../collector, with its
// addresses on loopback, and returns those of OTLP. It ends with the test.
func (b *backEnds) collector(t *testing.T, binary, name, config string, args []string, env ...string) (grpc, http string) {
	t.Helper()
	grpc, http = free(t), free(t)
	health := free(t)
	cmd := exec.Command(binary, append([]string{
		"--config=../collector/" + config,
		"--set=receivers::otlp::protocols::grpc::endpoint=" + grpc,
		"--set=receivers::otlp::protocols::http::endpoint=" + http,
		"--set=extensions::health_check::endpoint=" + health,
		"--set=service::telemetry::metrics::level=none", "--set=service::telemetry::logs::level=warn",
	}, args...)...)
	own := b.url + "/" + name
	cmd.Env = append(os.Environ(), "QUEUE="+t.TempDir(), "JAEGER="+own, "PROMETHEUS="+own, "LOKI="+own)
	cmd.Env = append(cmd.Env, env...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Logf("%s: %v\n%s", name, err, &said)
		}
	})
	require.Eventually(t, func() bool { return ask("http://" + health) }, time.Minute, 50*time.Millisecond, "%s is healthy", name)
	return grpc, http
}

func ask(url string) bool {
	response, err := http.Get(url)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func post(t *testing.T, url, body string) {
	t.Helper()
	response, err := http.Post(url, "application/json", strings.NewReader(body))
	require.NoError(t, err)
	defer response.Body.Close()
	said, _ := io.ReadAll(response.Body)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s", said)
}

// What one trace has comes to one join, whichever signal it is; what all joins need
// comes to all; and each thing goes to its back end once. The resolver is another
// than in a cluster.
func TestWhatBelongsTogetherMeetsBehindTheGateway(t *testing.T) {
	binary, ends := distribution(t), newBackEnds(t)
	soon := []string{"--set=processors::trace_join::wait=1s", "--set=processors::trace_join::metrics::interval=100ms"}
	join0, _ := ends.collector(t, binary, "join0", "join.yaml", soon, "METRICS=own")
	join1, _ := ends.collector(t, binary, "join1", "join.yaml", soon) // passes on all, and so shows what it gets
	static := filepath.Join(t.TempDir(), "static.yaml")
	require.NoError(t, os.WriteFile(static, fmt.Appendf(nil,
		"exporters: {load_balancing: {resolver: {k8s: null, static: {hostnames: [%q, %q]}}}}", join0, join1), 0o600))
	_, gateway := ends.collector(t, binary, "gateway", "gateway.yaml", []string{"--config=" + static}, "JOIN_0="+join0, "JOIN_1="+join1)

	const traces = 40
	now := time.Now().UnixNano()
	for i := range traces {
		id, resource := fmt.Sprintf("%032x", (i+1)*0x9e3779b1), `"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]}`
		post(t, "http://"+gateway+"/v1/traces", fmt.Sprintf(
			`{"resourceSpans":[{%s,"scopeSpans":[{"spans":[{"traceId":"%s","spanId":"%016x","name":"span-%03d-","kind":%d,"startTimeUnixNano":"%d","endTimeUnixNano":"%d"}]}]}]}`,
			resource, id, i+1, i, 2+i%2, now, now+1000)) // of a server, of a client
		post(t, "http://"+gateway+"/v1/logs", fmt.Sprintf(
			`{"resourceLogs":[{%s,"scopeLogs":[{"logRecords":[{"traceId":"%s","timeUnixNano":"%d","body":{"stringValue":"line-%03d-"}}]}]}]}`,
			resource, id, now, i))
	}
	post(t, "http://"+gateway+"/v1/metrics", fmt.Sprintf(
		`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"go.goroutine.count","gauge":{"dataPoints":[{"asInt":"7","timeUnixNano":"%d"}]}}]}]}]}`, now))

	require.Eventually(t, func() bool {
		for i := range traces {
			for _, what := range []string{"span", "line"} {
				text, path := fmt.Sprintf("%s-%03d-", what, i), map[string]string{"span": "/v1/traces", "line": "/otlp/v1/logs"}[what]
				if !ends.has("/join0"+path, text) && !ends.has("/join1"+path, text) {
					return false
				}
			}
		}
		return ends.has("/gateway/api/v1/otlp/v1/metrics", "go.goroutine.count") &&
			ends.has("/join1/api/v1/otlp/v1/metrics", "go.goroutine.count") &&
			ends.has("/join0/api/v1/otlp/v1/metrics", "join.") // what the join measures itself
	}, time.Minute, 50*time.Millisecond, "everything arrived")

	shares := map[bool]int{}
	for i := range traces {
		span, line := fmt.Sprintf("span-%03d-", i), fmt.Sprintf("line-%03d-", i)
		first := ends.has("/join0/v1/traces", span)
		shares[first]++
		assert.NotEqual(t, first, ends.has("/join1/v1/traces", span), "%s was in one join alone", span)
		assert.Equal(t, first, ends.has("/join0/otlp/v1/logs", line), "%s was in the join of its trace", line)
		assert.NotEqual(t, first, ends.has("/join1/otlp/v1/logs", line))
	}
	for _, path := range []string{"/join0/v1/traces", "/join1/v1/traces", "/join0/otlp/v1/logs", "/join1/otlp/v1/logs"} {
		assert.False(t, ends.has(path, "loadtrace.route"), "%s has the gateway's mark", path)
	}
	assert.Greater(t, shares[true], traces/10, "both joins have work")
	assert.Greater(t, shares[false], traces/10)
	assert.False(t, ends.has("/join0/api/v1/otlp/v1/metrics", "go.goroutine.count"), "what a join was given to read it does not send on")
}
