package runtimeexporter

import (
	"expvar"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/pprof"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/config"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/loadtrace/loadtrace/internal/runtimeexporter/target"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const labels = `service_instance_id="HOST",service_name="auth-service"`

// scrape asks the exporter for a page about the service at that URL.
func scrape(t testing.TB, url string, change ...func(*target.Config)) string {
	return pageOf(t, url, "text/plain;version=0.0.4", change...)
}

func pageOf(t testing.TB, url, accept string, change ...func(*target.Config)) string {
	response := answer(t, url, accept, change...)
	require.Equal(t, http.StatusOK, response.Code, response.Body)
	host := strings.TrimPrefix(strings.TrimPrefix(url, "http://"), "https://")
	return strings.ReplaceAll(response.Body.String(), host, "HOST")
}

func answer(t testing.TB, url, accept string, change ...func(*target.Config)) *httptest.ResponseRecorder {
	c := target.Config{Service: "auth-service", Address: url, Timeout: 2 * time.Second, HTTP: config.DefaultHTTPClientConfig}
	c.Pass = regexp.MustCompile("^(?:" + defaultPass + ")$")
	for _, f := range change {
		f(&c)
	}
	one, err := target.New(c)
	require.NoError(t, err)
	defer one.Close()
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", accept)
	response := httptest.NewRecorder()
	newHandler([]*target.Target{one}, slog.New(slog.DiscardHandler)).ServeHTTP(response, request)
	return response
}

func has(t testing.TB, page string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		assert.Contains(t, page, strings.ReplaceAll(line, "{*", "{"+labels)+"\n")
	}
}

// serveMux serves handlers until the test ends.
func serveMux(t testing.TB, routes map[string]http.HandlerFunc) string {
	mux := http.NewServeMux()
	for pattern, h := range routes {
		mux.HandleFunc(pattern, h)
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// goService is a Go service as it is found, with what it imported.
func goService(t testing.TB, parts ...string) string {
	routes := map[string]http.HandlerFunc{}
	for _, p := range parts {
		switch p {
		case "vars":
			routes["/debug/vars"] = expvar.Handler().ServeHTTP
		case "pprof":
			routes["/debug/pprof/"] = pprof.Index
		case "metrics":
			registry := prometheus.NewRegistry()
			registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
			routes["/metrics"] = promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP
		}
	}
	return serveMux(t, routes)
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = io.WriteString(w, body)
	}
}

var runtimeFamilies = []string{
	"go_goroutines", "go_memory_used_bytes", "go_memory_allocated_bytes_total", "go_memory_allocations_total",
	"go_memory_gc_goal_bytes", "go_memory_gc_cycles_total", "goruntime_memory_heap_objects_bytes",
}
