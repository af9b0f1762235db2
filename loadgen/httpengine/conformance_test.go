package httpengine

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/loadgentest"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

func TestEngineConforms(t *testing.T) {
	bothTransports(t, func(t *testing.T, open runner.Open) {
		loadgentest.Run(t, loadgentest.Harness{Serve: serveHandler, Open: open})
	})
}

func serveHandler(t *testing.T, h loadgentest.Handler) loadgen.Attack {
	return attackOn(serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h(r.Context(), r.Header.Get("Traceparent"))
	})).URL)
}

func serve(t *testing.T, h http.Handler) *httptest.Server {
	s := httptest.NewServer(h)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// attackOn is an attack with one request and the defaults that matter.
func attackOn(url string) loadgen.Attack {
	return loadgen.Attack{
		Name: "a", Workers: 10, MaxWorkers: 1000,
		HTTP: &loadgen.HTTP{
			URL: url, Method: http.MethodGet, Connections: 1000,
			Timeout: 5 * time.Second, MaxBody: 1 << 20,
		},
	}
}
