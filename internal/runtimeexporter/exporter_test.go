package runtimeexporter

import (
	"bytes"
	"compress/gzip"
	"expvar"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/pprof"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/config"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/runtimeexporter/target"
)

func TestAnyGoServiceGivesItsRuntimeWhateverItImported(t *testing.T) {
	for _, parts := range [][]string{
		{"vars", "pprof", "metrics"}, {"vars", "pprof"}, {"pprof"}, {"pprof", "metrics"}, {"metrics"},
	} {
		t.Run(strings.Join(parts, "+"), func(t *testing.T) {
			got := scrape(t, goService(t, parts...))
			has(t, got, "target_up{*} 1")
			for _, name := range runtimeFamilies {
				assert.Contains(t, got, "\n"+name+"{")
			}
			assert.NotRegexp(t, `target_fault\{.*\} 1`, got)
		})
	}
}

func TestThePageIsCleanByPromtoolsRules(t *testing.T) {
	for _, parts := range [][]string{{"vars", "pprof"}, {"vars", "pprof", "metrics"}} {
		got := scrape(t, goService(t, parts...))
		problems, err := promlint.New(strings.NewReader(got)).Lint()
		require.NoError(t, err)
		assert.Empty(t, problems)
	}
}

func TestOpenMetricsSaysTypeUnitAndEnd(t *testing.T) {
	got := pageOf(t, goService(t, "vars", "pprof"), "application/openmetrics-text;version=1.0.0")
	has(t, got,
		"# TYPE go_memory_used_bytes gauge", "# UNIT go_memory_used_bytes bytes",
		"# TYPE go_memory_allocated_bytes counter", "# UNIT go_memory_allocated_bytes bytes")
	assert.True(t, strings.HasSuffix(got, "# EOF\n"))
}

func TestRequestDurationsOfTheTargetPassThroughWithTheirExemplars(t *testing.T) {
	registry := prometheus.NewRegistry()
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "http_request_duration_seconds", Help: "Duration.", Buckets: []float64{0.1, 1},
	}, []string{"code", "method", "service_name"})
	registry.MustRegister(durations)
	durations.WithLabelValues("200", "GET", "own").(prometheus.ExemplarObserver).
		ObserveWithExemplar(0.05, prometheus.Labels{"trace_id": "2b9c72011d13ef2c78ddec04c386dd6b"})
	url := serveMux(t, map[string]http.HandlerFunc{"/metrics": promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP})
	got := pageOf(t, url, "application/openmetrics-text;version=1.0.0")
	assert.Regexp(t, `http_request_duration_seconds_bucket\{code="200",exported_service_name="own",method="GET",`+
		`service_instance_id="HOST",service_name="auth-service",le="0.1"\} 1 # \{trace_id="2b9c72011d13ef2c78ddec04c386dd6b"\} 0.05`, got)
	assert.Contains(t, got, "http_request_duration_seconds_created")
}

// One that has the product's own library knows more than anybody outside.
func TestTheTargetsOwnFamilyGoesBeforeOurs(t *testing.T) {
	url := serveMux(t, map[string]http.HandlerFunc{
		"/debug/vars": expvar.Handler().ServeHTTP,
		"/metrics":    text("# HELP go_memory_gc_goal_bytes Goal.\n# TYPE go_memory_gc_goal_bytes gauge\ngo_memory_gc_goal_bytes 42\n"),
	})
	got := scrape(t, url)
	has(t, got, "go_memory_gc_goal_bytes{*} 42")
	assert.Equal(t, 1, strings.Count(got, "\ngo_memory_gc_goal_bytes{"))
}

// What Rust's prometheus-client serves: OpenMetrics whatever is asked for.
func TestATargetThatKnowsOnlyOpenMetricsIsReadWithExemplarsAndTimesOfCreation(t *testing.T) {
	url := serveMux(t, map[string]http.HandlerFunc{"/metrics": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
		_, _ = io.WriteString(w, `# HELP http_requests Number of requests.
# TYPE http_requests counter
http_requests_total{method="GET"} 7 # {trace_id="2b9c72011d13ef2c78ddec04c386dd6b"} 1 1500000000.0
http_requests_created{method="GET"} 1400000000.5
http_requests_total{method="PUT"} 1
# TYPE process_memory_bytes gauge
# UNIT process_memory_bytes bytes
process_memory_bytes 4096
# TYPE http_request_duration_seconds histogram
# UNIT http_request_duration_seconds seconds
http_request_duration_seconds_bucket{le="0.1"} 3 # {trace_id="78ddec04c386dd6b2b9c72011d13ef2c"} 0.05
http_request_duration_seconds_bucket{le="+Inf"} 4
http_request_duration_seconds_sum 2.5
http_request_duration_seconds_count 4
# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.99"} 0.5
rpc_duration_seconds_sum 9
rpc_duration_seconds_count 20
# TYPE process_build info
process_build_info{version="1.2"} 1
# EOF
`)
	}})
	got := pageOf(t, url, "application/openmetrics-text;version=1.0.0")
	has(t, got, "target_up{*} 1.0", "# HELP http_requests Number of requests.", "# TYPE http_requests counter",
		`http_requests_total{method="GET",`+labels+`} 7.0 # {trace_id="2b9c72011d13ef2c78ddec04c386dd6b"} 1.0 1.5e+09`,
		`http_requests_created{method="GET",`+labels+`} 1.4000000005e+09`, `http_requests_total{method="PUT",`+labels+`} 1.0`,
		"# UNIT process_memory_bytes bytes", "process_memory_bytes{*} 4096.0",
		"# TYPE http_request_duration_seconds histogram", "http_request_duration_seconds_count{*} 4", "http_request_duration_seconds_sum{*} 2.5",
		`http_request_duration_seconds_bucket{`+labels+`,le="0.1"} 3 # {trace_id="78ddec04c386dd6b2b9c72011d13ef2c"} 0.05`,
		`rpc_duration_seconds{`+labels+`,quantile="0.99"} 0.5`, "rpc_duration_seconds_count{*} 20",
		`process_build_info{`+labels+`,version="1.2"} 1.0`,
		`target_fault{reason="no_go_runtime",`+labels+`,source="metrics"} 1.0`)

	broken := serveMux(t, map[string]http.HandlerFunc{"/metrics": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0")
		_, _ = io.WriteString(w, "# TYPE http_requests counter\nhttp_requests_total 1\n") // cut off before # EOF
	}})
	has(t, scrape(t, broken), "target_up{*} 0", `target_fault{reason="bad_format",`+labels+`,source="metrics"} 1`)
}

// A profile of a million goroutines is gigabytes; the total is in the first line.
func TestOfGoroutineStacksOnlyTheFirstLineIsRead(t *testing.T) {
	var written atomic.Int64
	url := serveMux(t, map[string]http.HandlerFunc{
		"/debug/vars": expvar.Handler().ServeHTTP,
		"/debug/pprof/goroutine": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "goroutine profile: total 1000000\n")
			block := bytes.Repeat([]byte("#\t0x1\tmain.work+0x1\t/src/main.go:1\n"), 1000)
			for written.Load() < 1<<30 {
				n, err := w.Write(block)
				if written.Add(int64(n)); err != nil {
					return
				}
			}
		},
	})
	has(t, scrape(t, url), "go_goroutines{*} 1e+06")
	assert.Less(t, written.Load(), int64(64<<20), "the rest was not taken")
}

func TestCountersGoBackWhenTheTargetRestarts(t *testing.T) {
	cycles := 100
	url := serveMux(t, map[string]http.HandlerFunc{"/debug/vars": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"cmdline": ["x"], "memstats": {"Sys": 10, "NumGC": %d}}`, cycles)
	}})
	has(t, scrape(t, url), "go_memory_gc_cycles_total{*} 100")
	cycles = 1
	has(t, scrape(t, url), "go_memory_gc_cycles_total{*} 1")
}

func TestAHeapProfileWithStacksIsReadForItsEndOnly(t *testing.T) {
	sample := "1: 1024 [1: 1024] @ 0x1 0x2\n#\t0x1\tmain.x = 1\n"
	url := serveMux(t, map[string]http.HandlerFunc{"/debug/pprof/heap": text(
		strings.Repeat(sample, 1000) + strings.Repeat("x", 100_000) + "\n\n# runtime.MemStats\n# Alloc = 1\n# TotalAlloc = 2\n# Sys = 1000\n# HeapAlloc = 7\n" +
			"# HeapReleased = 100\n# Stack = 64 / 128\n# NextGC = 4096\n# LastGC = 1500000000\n# PauseNs = [1000 2000 0 0]\n# NumGC = 2\n# GCCPUFraction = 0.5\n")})
	got := scrape(t, url)
	has(t, got, `go_memory_used_bytes{go_memory_type="other",`+labels+`} 836`, `go_memory_used_bytes{go_memory_type="stack",`+labels+`} 64`,
		"go_memory_gc_cycles_total{*} 2", "goruntime_memory_gc_pause_time_seconds_total{*} 3e-06", "goruntime_memory_gc_last_end_timestamp_seconds{*} 1.5",
		"go_memory_gc_goal_bytes{*} 4096", "goruntime_memory_gc_cpu_utilization_ratio{*} 0.5")
}

func TestBasicAndBearerCredentialsReachTheTarget(t *testing.T) {
	var seen atomic.Value
	url := serveMux(t, map[string]http.HandlerFunc{"/debug/vars": func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r.Header.Get("Authorization"))
		if r.Header.Get("Authorization") == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		expvar.Handler().ServeHTTP(w, r)
	}})
	has(t, scrape(t, url), "target_up{*} 0", `target_fault{reason="unauthorized",`+labels+`,source="expvar"} 1`)
	has(t, scrape(t, url, func(c *target.Config) { c.HTTP.BasicAuth = &config.BasicAuth{Username: "a", Password: "b"} }), "target_up{*} 1")
	assert.Equal(t, "Basic YTpi", seen.Load())
	has(t, scrape(t, url, func(c *target.Config) {
		c.HTTP.Authorization = &config.Authorization{Type: "Bearer", Credentials: "secret"}
	}), "target_up{*} 1")
	assert.Equal(t, "Bearer secret", seen.Load())
}

func TestATargetsCertificateIsCheckedAgainstTheAuthoritiesGiven(t *testing.T) {
	server := httptest.NewTLSServer(expvar.Handler())
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	defer server.Close()
	has(t, scrape(t, server.URL), "target_up{*} 0", `target_fault{reason="tls",`+labels+`,source="expvar"} 1`)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, pemOf(server.Certificate().Raw), 0o600))
	has(t, scrape(t, server.URL, func(c *target.Config) { c.HTTP.TLSConfig.CAFile = ca }), "target_up{*} 1")
}

func TestNumbersAbove2To63AreAsTheyAre(t *testing.T) {
	url := serveMux(t, map[string]http.HandlerFunc{
		"/debug/vars": text(`{"memstats": {"Sys": 18446744073709551615, "HeapReleased": 0, "StackInuse": 0, "TotalAlloc": 18446744073709551615, "NextGC": 18446744073709551615}}`),
		"/metrics":    text("go_goroutines 1.8446744073709552e+19\n"),
	})
	has(t, scrape(t, url), "go_memory_allocated_bytes_total{*} 1.8446744073709552e+19", "go_memory_gc_goal_bytes{*} 1.8446744073709552e+19",
		`go_memory_used_bytes{go_memory_type="other",`+labels+`} 1.8446744073709552e+19`, "go_goroutines{*} 1.8446744073709552e+19")

	contradicts := serveMux(t, map[string]http.HandlerFunc{"/debug/vars": text(`{"memstats": {"Sys": 1, "HeapReleased": 5, "StackInuse": 1, "NumGC": 1}}`)})
	assert.NotContains(t, scrape(t, contradicts), "go_memory_used_bytes", "it has no less than nothing")
}

// 0 would be 1970.
func TestBeforeTheFirstCollectionThereIsNoTimeOfTheLast(t *testing.T) {
	for name, routes := range map[string]map[string]http.HandlerFunc{
		"expvar":  {"/debug/vars": text(`{"memstats": {"Sys": 10, "NumGC": 0, "LastGC": 0}}`)},
		"pprof":   {"/debug/pprof/heap": text("heap profile\n\n# runtime.MemStats\n# Sys = 10\n# LastGC = 0\n# NumGC = 0\n")},
		"metrics": {"/metrics": text("go_memstats_sys_bytes 10\ngo_memstats_last_gc_time_seconds 0\n")},
	} {
		got := scrape(t, serveMux(t, routes))
		has(t, got, "target_up{*} 1")
		assert.NotContains(t, got, "goruntime_memory_gc_last_end_timestamp_seconds", name)
	}
}

func TestTargetsAreAskedForGzipAndReadInBothForms(t *testing.T) {
	var asked atomic.Value
	zip := func(name string, h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			asked.Store(r.Header.Get("Accept-Encoding"))
			plain := httptest.NewRecorder()
			h(plain, r)
			w.Header().Set("Content-Type", plain.Header().Get("Content-Type"))
			w.Header().Set("Content-Encoding", name)
			z := gzip.NewWriter(w)
			_, _ = z.Write(plain.Body.Bytes())
			_ = z.Close()
		}
	}
	good := text("# TYPE http_good gauge\nhttp_good 1\n")
	got := scrape(t, serveMux(t, map[string]http.HandlerFunc{"/metrics": zip("gzip", good), "/debug/vars": zip("GZIP", expvar.Handler().ServeHTTP), "/debug/pprof/": zip("x-gzip", pprof.Index)}))
	has(t, got, "target_up{*} 1", "http_good{*} 1")
	assert.NotRegexp(t, `target_fault\{.*\} 1`, got)
	assert.Equal(t, "gzip, identity", asked.Load())

	encoded := func(name, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", name)
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, body)
		}
	}
	bomb := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		for range 20 {
			if _, err := z.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
		_ = z.Close()
	}
	for want, h := range map[string]http.HandlerFunc{"bad_format": encoded("br", "http_good 1\n"), "bad_format ": encoded("gzip", "http_good 1\n"), "too_large": bomb} {
		got := scrape(t, serveMux(t, map[string]http.HandlerFunc{"/metrics": h}), func(c *target.Config) { c.Timeout = time.Minute })
		has(t, got, `target_fault{reason="`+strings.TrimSpace(want)+`",`+labels+`,source="metrics"} 1`)
	}
	has(t, scrape(t, serveMux(t, map[string]http.HandlerFunc{"/metrics": encoded("identity", "http_good 1\n")})), "http_good{*} 1")
}
