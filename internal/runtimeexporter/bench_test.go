package runtimeexporter

import (
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/common/config"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/runtimeexporter/target"
)

func pemOf(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// BenchmarkScrape is a scrape of one target, the target's share included as both
// are one process here. It must take under 20 ms and allocate under 1 MB.
func BenchmarkScrape(b *testing.B) {
	one, err := target.New(target.Config{Service: "a", Address: goService(b, "vars", "pprof"), Timeout: time.Second, HTTP: config.DefaultHTTPClientConfig})
	require.NoError(b, err)
	defer one.Close()
	h := newHandler([]*target.Target{one}, slog.New(slog.DiscardHandler))
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
		_, _ = io.Copy(io.Discard, w.Body)
	}
}
