package runtimeexporter

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"expvar"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/pprof"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
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

func TestADownTargetIsUpZeroWithTheReason(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	const timeout = time.Minute
	begin := time.Now()
	got := scrape(t, gone.URL, func(c *target.Config) { c.Timeout = timeout })
	assert.Less(t, time.Since(begin), timeout)
	has(t, got, "target_up{*} 0", `target_fault{reason="connection_refused",`+labels+`,source="metrics"} 1`)
	assert.NotContains(t, got, "go_")
}

func TestATargetThatHangsCostsTheTimeoutAndNoMore(t *testing.T) {
	url := serveMux(t, map[string]http.HandlerFunc{"/": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }})
	begin := time.Now()
	got := scrape(t, url, func(c *target.Config) { c.Timeout = 50 * time.Millisecond })
	assert.Less(t, time.Since(begin), time.Minute, "only a failing test waits that long")
	has(t, got, "target_up{*} 0", `target_fault{reason="timeout",`+labels+`,source="expvar"} 1`)
}

func TestOneEndpointThatHangsDoesNotHideTheOthers(t *testing.T) {
	url := serveMux(t, map[string]http.HandlerFunc{
		"/debug/vars": expvar.Handler().ServeHTTP,
		"/metrics":    func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	})
	got := scrape(t, url, func(c *target.Config) { c.Timeout = time.Second })
	has(t, got, "target_up{*} 1", `target_fault{reason="timeout",`+labels+`,source="metrics"} 1`)
	assert.Contains(t, got, "go_memory_used_bytes")
}

func TestATargetThatAnswersHTMLIsToldSo(t *testing.T) {
	url := serveMux(t, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<!DOCTYPE html><html><body>Please log in</body></html>")
	}})
	got := scrape(t, url)
	has(t, got, "target_up{*} 0", `target_fault{reason="html",`+labels+`,source="metrics"} 1`)
}

func TestATargetThatIsNoGoProgramSaysSoAndPassesOnWhatItHas(t *testing.T) {
	for _, family := range []string{"jvm_threads_current", "process_open_fds"} {
		url := serveMux(t, map[string]http.HandlerFunc{"/metrics": text("# TYPE " + family + " gauge\n" + family + " 7\n")})
		got := scrape(t, url)
		has(t, got, "target_up{*} 1", family+"{*} 7", `target_fault{reason="no_go_runtime",`+labels+`,source="metrics"} 1`)
	}
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

func TestAnAnswerOverTheLimitIsRefused(t *testing.T) {
	url := serveMux(t, map[string]http.HandlerFunc{"/metrics": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		path := strings.Repeat("long/", 2000)
		for i := range 4000 {
			if _, err := fmt.Fprintf(w, "http_requests_total{path=\"/%s%d\"} 1\n", path, i); err != nil {
				return
			}
		}
	}})
	patient := func(c *target.Config) { c.Timeout = time.Minute }
	has(t, scrape(t, url, patient), "target_up{*} 0", `target_fault{reason="too_large",`+labels+`,source="metrics"} 1`)
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

func TestSeveralTargetsStandSideBySideAlsoWhenOneIsDown(t *testing.T) {
	one, two := goService(t, "vars", "metrics"), goService(t, "vars", "metrics")
	gone := httptest.NewServer(nil)
	gone.Close()
	name := filepath.Join(t.TempDir(), "targets.yaml")
	require.NoError(t, os.WriteFile(name, []byte(fmt.Sprintf(
		"targets:\n- {service: a, target: %q}\n- {service: b, target: %q, pass: \"\"}\n- {service: c, target: %q, timeout: 1s}\n", one, two, gone.URL)), 0o600))
	run(t, []string{"--config", name}, func(address string) {
		got := get(t, "http://"+address+"/metrics")
		assert.Regexp(t, `target_up\{service_instance_id="[^"]*",service_name="a"\} 1`, got)
		assert.Regexp(t, `target_up\{service_instance_id="[^"]*",service_name="b"\} 1`, got)
		assert.Regexp(t, `target_up\{service_instance_id="[^"]*",service_name="c"\} 0`, got)
		assert.Regexp(t, `process_cpu_seconds_total\{[^}]*service_name="a"\}`, got)
		assert.NotRegexp(t, `process_cpu_seconds_total\{[^}]*service_name="b"\}`, got)
		landing := get(t, "http://"+address+"/")
		assert.Contains(t, landing, `href="/metrics"`)
		assert.Contains(t, landing, "connection_refused")
	})
}

func TestPrometheusTimeoutIsKept(t *testing.T) {
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "10")
	before := time.Now()
	ctx, cancel := scrapeTime(request)
	defer cancel()
	after := time.Now()
	deadline, ok := ctx.Deadline()
	require.True(t, ok)
	assert.WithinRange(t, deadline, before.Add(10*time.Second-reserve), after.Add(10*time.Second-reserve))
}

func TestBadInputIsRefusedWithWhatToWrite(t *testing.T) {
	dir := t.TempDir()
	file := func(text string) string {
		name := filepath.Join(dir, fmt.Sprintf("%d.yaml", time.Now().UnixNano()))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		return name
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "--target: is missing; write --target=host:port, or --config=file"},
		{[]string{"--target=a:1"}, "--service: is there 0 times for 1 targets"},
		{[]string{"--service=a", "--target=ftp://x"}, `"ftp://x": is no address`},
		{[]string{"--service=a", "--target=http://u:p@x"}, "has credentials in it"},
		{[]string{"--service=a", "--target=x:1", "--target=x:1"}, "is there twice"},
		{[]string{"--service=a", "--service=b", "--target=x:1"}, "--service: is there 2 times for 1 targets"},
		{[]string{"--service=a", "--target=x:1", "--listen=9091"}, `--listen "9091": is no address`},
		{[]string{"--service=a", "--target=x:1", "--timeout=0s"}, "--timeout 0s: is too short"},
		{[]string{"--service=a", "--target=x:1", "--pass=("}, `--pass "(": is no pattern`},
		{[]string{"--service=a", "--target=x:1", "--log-level=loud"}, `--log-level "loud": is no level`},
		{[]string{"--service=a", "--target=x:1", "--target-cert=c"}, "--target-cert: needs --target-key"},
		{[]string{"--service=a", "--target=x:1", "--target-bearer=c", "--target-username=u"}, "write one of them"},
		{[]string{"--service=a", "--target=x:1", "--web-config=none"}, "--web-config none"},
		{[]string{"--config=none.yaml"}, "none.yaml"},
		{[]string{"--config=" + file("targets: []")}, "targets: is empty"},
		{[]string{"--config=" + file("targets: [{service: a}]")}, "targets[0].target: is missing"},
		{[]string{"--config=" + file("targets: [{sevice: a}]")}, "sevice"},
		{[]string{"x"}, `"x": takes flags only`},
	} {
		var stderr bytes.Buffer
		assert.Equal(t, exitUsage, Main(t.Context(), c.args, io.Discard, &stderr), c.args)
		assert.Contains(t, stderr.String(), c.want)
	}
}

func TestHelpIsNoFault(t *testing.T) {
	var stdout bytes.Buffer
	assert.Equal(t, exitOK, Main(t.Context(), []string{"--help"}, &stdout, io.Discard))
	assert.Contains(t, stdout.String(), "--target")
}

func TestAnAddressInUseIsAFault(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	var stderr bytes.Buffer
	assert.Equal(t, exitFault, Main(t.Context(), []string{"--service=a", "--target=x:1", "--listen", taken.Addr().String()}, io.Discard, &stderr))
	assert.Contains(t, stderr.String(), "the address is in use")
}

// run runs the command until check returns.
func run(t *testing.T, args []string, check func(address string)) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, in := io.Pipe()
	code := make(chan int, 1)
	go func() { code <- Main(ctx, append(args, "--listen=127.0.0.1:0"), in, io.Discard); _ = in.Close() }()
	var address struct{ HTTP string }
	require.NoError(t, json.NewDecoder(out).Decode(&address))
	check(address.HTTP)
	http.DefaultClient.CloseIdleConnections()
	stop()
	assert.Equal(t, exitOK, <-code)
}

func get(t *testing.T, url string) string {
	response, err := http.Get(url)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	return string(body)
}

// Variables of expvar print themselves, and not all of them are JSON.
func TestAVariableOfExpvarThatIsNoJSONCostsThatVariable(t *testing.T) {
	const memstats = `"memstats": {"Sys": 10, "NumGC": 7}`
	for name, body := range map[string]string{
		"NaN":                  `{"a": NaN, ` + memstats + `}`,
		"infinities":           `{"a": +Inf, "b": -Inf, ` + memstats + `}`,
		"within a map":         `{"m": {"a": NaN, "b": [+Inf, 1]}, ` + memstats + `}`,
		"as a name and a text": `{"NaN": "+Inf \" NaN", ` + memstats + `}`,
		"bare words":           "{\n\"a\": no JSON at all,\n" + memstats + "\n}\n",
		"nothing":              "{\n\"a\": ,\n" + memstats + "\n}\n",
		"behind memstats":      `{` + memstats + `, "z": NaN}`,
	} {
		t.Run(name, func(t *testing.T) {
			url := serveMux(t, map[string]http.HandlerFunc{"/debug/vars": text(body)})
			has(t, scrape(t, url), "target_up{*} 1", "go_memory_gc_cycles_total{*} 7", `target_fault{reason="none",`+labels+`,source="expvar"} 0`)
		})
	}
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

func TestAServiceThatOnlyLacksASourceHasNoFault(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "orders_open"}))
	own := promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP
	page := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<!DOCTYPE html><html></html>") }
	for name, routes := range map[string]map[string]http.HandlerFunc{
		"vars only":                      {"/debug/vars": expvar.Handler().ServeHTTP},
		"pprof only":                     {"/debug/pprof/": pprof.Index},
		"vars and metrics of its own":    {"/debug/vars": expvar.Handler().ServeHTTP, "/metrics": own},
		"vars, a page for all else":      {"/debug/vars": expvar.Handler().ServeHTTP, "/": page},
		"pprof and metrics without go_*": {"/debug/pprof/": pprof.Index, "/metrics": own},
	} {
		got := scrape(t, serveMux(t, routes))
		has(t, got, "target_up{*} 1")
		assert.Equal(t, 3, strings.Count(got, "\ntarget_fault{"), name)
		assert.NotRegexp(t, `target_fault\{.*\} 1`, got, name)
	}
}

func TestNothingOfATargetDisplacesTheExportersOwnSeries(t *testing.T) {
	all := func(c *target.Config) { c.Pass = regexp.MustCompile("^.*$") }
	var body strings.Builder
	for _, name := range []string{"up", "target_up", "target_fault", "target_source", "target_scrape_duration_seconds"} {
		fmt.Fprintf(&body, "# TYPE %s counter\n%[1]s{reason=\"timeout\"} 7\n", name)
	}
	got := scrape(t, serveMux(t, map[string]http.HandlerFunc{"/metrics": text(body.String()), "/debug/vars": expvar.Handler().ServeHTTP}), all)
	has(t, got, "target_up{*} 1", "up{reason=\"timeout\","+labels+"} 7", `target_source{`+labels+`,source="expvar"} 1`,
		`target_fault{reason="reserved_name",`+labels+`,source="metrics"} 1`)
	assert.Equal(t, 1, strings.Count(got, "\ntarget_scrape_duration_seconds{"))
	assert.NotContains(t, got, `target_fault{reason="timeout"`)
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

// A redirect to another origin would bring another process's answer under the
// target's name, and the target's token to that process.
func TestRedirectsAreFollowedWithinTheTargetsOrigin(t *testing.T) {
	var tokens atomic.Int32
	elsewhere := serveMux(t, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			tokens.Add(1)
		}
		text("# TYPE http_elsewhere gauge\nhttp_elsewhere 1\n")(w, r)
	}})
	to := func(location string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, location, http.StatusTemporaryRedirect)
		}
	}
	good := text("# TYPE http_good gauge\nhttp_good 1\n")
	bearer := func(c *target.Config) {
		c.HTTP.Authorization = &config.Authorization{Type: "Bearer", Credentials: "secret"}
	}
	has(t, scrape(t, serveMux(t, map[string]http.HandlerFunc{"/metrics": to("/metrics/"), "/metrics/": good}), bearer), "http_good{*} 1")
	for _, location := range []string{elsewhere + "/metrics", strings.Replace(elsewhere, "127.0.0.1", "localhost", 1), "https:" + strings.TrimPrefix(elsewhere, "http:"), "//" + strings.TrimPrefix(elsewhere, "http://") + "/x"} {
		got := scrape(t, serveMux(t, map[string]http.HandlerFunc{"/": to(location)}), bearer)
		has(t, got, "target_up{*} 0", `target_fault{reason="redirect",`+labels+`,source="metrics"} 1`)
		assert.NotContains(t, got, "http_elsewhere")
	}
	has(t, scrape(t, serveMux(t, map[string]http.HandlerFunc{"/": to("/again")}), bearer), `target_fault{reason="redirect",`+labels+`,source="metrics"} 1`)
	assert.Zero(t, tokens.Load())
}

// Two targets with the same labels would be one.
func TestTargetsThatHaveTheSameLabelsAreRefused(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end() // one that is not refused stops at once
	for _, other := range []string{"http://x:1", "x:1/", "https://x:1"} {
		var stderr bytes.Buffer
		assert.Equal(t, exitUsage, Main(ended, []string{"--service=a", "--target=x:1", "--target", other, "--listen=127.0.0.1:0"}, io.Discard, &stderr), other)
		assert.Contains(t, stderr.String(), "is there twice", other)
	}
}
