package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http/httpguts"

	"github.com/loadtrace/loadtrace/internal/plaintext"
)

// Whatever a summary is, comparing it ends with an answer, or is bad input, and shows text
// alone.
func FuzzSummary(f *testing.F) {
	for _, src := range []string{
		`{"run_id": "5ae216e17aa8b271", "plan": "a", "began": "2026-11-28T23:43:07Z", "elapsed": 0.18, "end": "completed",
		  "verdict": {"verdict": "sound", "trusted": true}, "total": {"requests": {"planned": 10, "finished": 10}},
		  "attacks": [{"name": "x", "requests": {"planned": 10, "finished": 10}, "service_time": {"count": 10, "p50": 0.001, "max": 1e308},
		  "load": {"digest": "a"}}], "environment": {"generator": {"host.name": "h"}}}`,
		`{"run_id": "x", "attacks": [{}], "elapsed": -1e300, "faults": ["\u001b[2J::error::x"]}`, `{"run_id": "x", "attacks": [null]}`, `null`, `[`,
	} {
		f.Add(src)
	}
	path := filepath.Join(f.TempDir(), "s.json")
	f.Fuzz(func(t *testing.T, src string) {
		require.NoError(t, os.WriteFile(path, []byte(src), 0o600))
		var out bytes.Buffer
		c := comparison{screen: screen{color: "never"}}
		err := c.do(path, path, &out)
		if err != nil {
			require.Contains(t, []int{2, exitFindings}, exitCode(err), "%v", err)
		}
		for _, r := range out.String() {
			require.True(t, r == '\n' || plaintext.Visible(r), "%U", r)
		}
	})
}

// Whatever a line of headers is, what is taken of it can be sent, and an error does not show
// its value.
func FuzzHeader(f *testing.F) {
	for _, line := range []string{"a=b", "x-api-key=${env:FUZZ_SECRET}", "Authorization=Basic eA==", "a b=c", "=", "a=\r\nb: c", "a=${env:", "é=1"} {
		f.Add(line)
	}
	f.Setenv("FUZZ_SECRET", "hidden\r\n")
	f.Fuzz(func(t *testing.T, line string) {
		headers := map[string]string{"A": "earlier"}
		if err := addHeader(headers, line); err != nil {
			_, value, _ := strings.Cut(line, "=")
			if value = strings.TrimSpace(value); len(value) > 40 && !strings.Contains(value, "$") {
				require.NotContains(t, err.Error(), value)
			}
			require.NotContains(t, err.Error(), "hidden")
			return
		}
		for name, value := range headers {
			require.True(t, httpguts.ValidHeaderFieldName(name), "%q", name)
			require.True(t, httpguts.ValidHeaderFieldValue(value), "%q", value)
		}
	})
}
