package runtimeexporter

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/runtimeexporter/target"
)

// Whatever a target answers, the page is one that Prometheus reads, and says of the target
// whether it is up.
func FuzzPage(f *testing.F) {
	kinds := []string{asText, asOpen, asProtobuf, "application/json", "text/html"}
	for kind, body := range []string{
		"# TYPE go_goroutines gauge\ngo_goroutines 12\nhttp_x{a=\"\\n\"} NaN\n",
		"# TYPE a counter\na_total{b=\"c\"} 1 # {trace_id=\"d\"} 1\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_count 1\n# EOF\n",
		"\x14\n\x0dgo_goroutines\x18\x01\x22\x0b\x12\t\x09\x00\x00\x00\x00\x00\x00\xf0?",
		`{"cmdline": [], "memstats": {"Sys": 1, "NumGC": 2}}`,
		"<td>12</td><td><a href='goroutine?debug=1'>goroutine</a></td>",
	} {
		f.Add(body, uint8(kind))
	}
	var body, kind string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, body)
	}))
	f.Cleanup(server.Close)
	tg, err := target.New(target.Config{Service: "a", Address: server.URL, Timeout: 10 * time.Second, Pass: regexp.MustCompile(".*")})
	require.NoError(f, err)
	f.Cleanup(tg.Close)
	pages := newHandler([]*target.Target{tg}, slog.New(slog.DiscardHandler))
	f.Fuzz(func(t *testing.T, src string, of uint8) {
		body, kind = src, kinds[int(of)%len(kinds)]
		for _, accept := range []string{asText, asOpen, asProtobuf} {
			request, shown := httptest.NewRequest(http.MethodGet, "/metrics", nil), httptest.NewRecorder()
			request.Header.Set("Accept", accept)
			pages.ServeHTTP(shown, request)
			require.Equal(t, http.StatusOK, shown.Code, shown.Body.String())
			if accept != asText {
				continue
			}
			parser := expfmt.NewTextParser(model.UTF8Validation)
			families, err := parser.TextToMetricFamilies(shown.Body)
			require.NoError(t, err)
			require.Len(t, families["target_up"].GetMetric(), 1)
		}
	})
}
