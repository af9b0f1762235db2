package terminal

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Whatever a file of a summary says, it is compared with itself and shown as text alone.
func FuzzComparison(f *testing.F) {
	for _, src := range []string{
		`{"run_id": "5ae216e17aa8b271", "plan": "a", "began": "2026-11-28T23:43:07Z", "elapsed": 0.18, "end": "completed",
		  "verdict": {"verdict": "sound", "trusted": true}, "total": {"requests": {"planned": 10, "finished": 10}},
		  "attacks": [{"name": "x", "requests": {"planned": 10, "finished": 10}, "service_time": {"count": 10, "p50": 0.001, "max": 1e308},
		  "load": {"digest": "a"}}], "environment": {"generator": {"host.name": "h"}}}`,
		`{"run_id": "x", "attacks": [{}], "elapsed": -1e300, "faults": ["\u001b[2J::error::x"]}`, `{"run_id": "x", "attacks": [null]}`, `null`, `[`,
	} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		var a, b summary.Summary
		if json.Unmarshal([]byte(src), &a) != nil || json.Unmarshal([]byte(src), &b) != nil || len(a.Attacks) > 100 {
			return
		}
		found := summary.Comparable(&a, &b)
		for _, width := range []int{0, 1, 80, 300} {
			var out bytes.Buffer
			Comparison(&out, &a, &b, found, Options{Width: width})
			for _, r := range out.String() {
				require.True(t, r == '\n' || plaintext.Visible(r), "%U", r)
			}
		}
	})
}
