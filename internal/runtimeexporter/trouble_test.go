package runtimeexporter

import (
	"expvar"
	"fmt"
	"io"
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
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/config"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/runtimeexporter/target"
)

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
