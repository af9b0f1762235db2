package target

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// Whatever a target answers, reading it ends and says what was wrong.
func FuzzRead(f *testing.F) {
	f.Add(`{"cmdline": [], "memstats": {"Sys": 1, "NumGC": 2}}`)
	f.Add("heap profile: 0\n\n# runtime.MemStats\n# Sys = 1\n# PauseNs = [1 2]\n# NumGC = 1\n")
	f.Add(`<td>12</td><td><a href='goroutine?debug=1'>goroutine</a></td>`)
	f.Add("goroutine profile: total 12\n")
	f.Add("# TYPE go_goroutines gauge\ngo_goroutines 12\n")
	f.Add("# TYPE a counter\na_total{b=\"c\"} 1 # {trace_id=\"d\"} 1\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_count 1\n# EOF\n")
	f.Add("\x14\n\x0dgo_goroutines\x18\x01\x22\x0b\x12\t\x09\x00\x00\x00\x00\x00\x00\xf0?")
	all := regexp.MustCompile(".*")
	f.Fuzz(func(t *testing.T, body string) {
		if m, err := readVars(strings.NewReader(body)); (m == nil) == (err == nil) {
			t.Error("vars: neither memory nor an error, or both")
		}
		if m, err := readHeap(strings.NewReader(body)); (m == nil) == (err == nil) {
			t.Error("heap: neither memory nor an error, or both")
		}
		if n, _, err := readIndex(strings.NewReader(body)); (n == nil) == (err == nil) {
			t.Error("index: neither a number nor an error, or both")
		}
		if n, err := readGoroutines(strings.NewReader(body)); (n == nil) == (err == nil) {
			t.Error("goroutines: neither a number nor an error, or both")
		}
		open := http.Header{"Content-Type": {"application/openmetrics-text; version=1.0.0"}}
		if got, err := readFamilies(t.Context(), open, strings.NewReader(body), all); err == nil {
			got.memory()
			got.goroutines()
		}
		proto := http.Header{"Content-Type": {"application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"}}
		if got, err := readFamilies(t.Context(), proto, strings.NewReader(body), all); err == nil {
			got.memory()
			got.goroutines()
		}
		text := http.Header{"Content-Type": {"text/plain; version=0.0.4"}}
		if got, err := readFamilies(t.Context(), text, strings.NewReader(body), all); err == nil {
			got.memory()
			got.goroutines()
		}
	})
}
