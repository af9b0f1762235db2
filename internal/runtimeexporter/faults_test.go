package runtimeexporter

import (
	"expvar"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestATargetWithoutAnyOfTheEndpointsIsDownAndToldSo(t *testing.T) {
	got := scrape(t, serveMux(t, map[string]http.HandlerFunc{"GET /{$}": text("hello\n")}))
	has(t, got, "target_up{*} 0")
	for _, source := range []string{"expvar", "pprof", "metrics"} {
		has(t, got, `target_fault{reason="not_found",`+labels+`,source="`+source+`"} 1`)
	}
	assert.NotContains(t, got, "go_")
}

// A target dies with half of an answer written, is away for a scrape, and comes
// back at the same address with counters that begin anew.
func TestATargetThatRestartsInTheMiddleOfAScrapeIsDownAndThenNew(t *testing.T) {
	vars := func(cycles int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"cmdline": ["x"], "memstats": {"Sys": 10, "NumGC": %d}}`, cycles)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	start := func(l net.Listener, h http.Handler) *httptest.Server {
		s := httptest.NewUnstartedServer(h)
		require.NoError(t, s.Listener.Close())
		s.Listener = l
		s.Start()
		return s
	}
	var dies http.HandlerFunc = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"cmdline": ["x"], "memstats": {"Sys": 10,`)
		panic(http.ErrAbortHandler)
	}
	handler := vars(100)
	first := start(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler(w, r) }))
	run(t, []string{"--service=a", "--target", address}, func(exporter string) {
		page := func() string { return get(t, "http://"+exporter+"/metrics") }
		assert.Regexp(t, `go_memory_gc_cycles_total\{.*\} 100`, page())
		handler = dies
		got := page()
		assert.Regexp(t, `(?m)^target_up\{.*\} 0$`, got)
		assert.NotContains(t, got, "go_memory", "half an answer is none")
		first.Close()
		assert.Regexp(t, `target_fault\{reason="connection_refused",.*source="expvar"\} 1`, page())

		again, err := net.Listen("tcp", address)
		require.NoError(t, err)
		second := start(again, vars(1))
		defer second.Close()
		got = page()
		assert.Regexp(t, `(?m)^target_up\{.*\} 1$`, got)
		assert.Regexp(t, `go_memory_gc_cycles_total\{.*\} 1\n`, got)
	})
}

// With the real thing: a service of Go is replaced by one that is none.
func TestATargetThatIsReplacedByAnotherProgramIsSaidToBeNone(t *testing.T) {
	routes := map[string]http.HandlerFunc{"/debug/vars": expvar.Handler().ServeHTTP}
	mux := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := routes[r.URL.Path]; h != nil {
			h(w, r)
			return
		}
		http.NotFound(w, r)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	assert.Contains(t, scrape(t, server.URL), "go_memory_used_bytes{")
	routes = map[string]http.HandlerFunc{"/metrics": text("# TYPE jvm_threads_current gauge\njvm_threads_current 7\n")}
	got := scrape(t, server.URL)
	has(t, got, "jvm_threads_current{*} 7", `target_fault{reason="no_go_runtime",`+labels+`,source="metrics"} 1`)
	assert.NotContains(t, got, "go_memory_used_bytes")
}
