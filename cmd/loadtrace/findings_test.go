package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheFindingsOfASummaryAreExplained(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"run_id": "4f0c719a5520b3ee", "plan": "checkout", "attacks": [{}], "findings": [
		{"kind": "pool_exhaustion", "confidence": 0.95, "sentence": "Requests wait for their turn", "basis": "measured",
		 "evidence": [{"source": "traces", "text": "117 requests began late."}], "try": ["Raise the limit."], "refute": ["Twice the limit changes nothing."]}]}`), 0o600))
	c := loadtrace(t, "explain", path)
	c.run(t, 0)
	for _, want := range []string{"95 % sure: Requests wait for their turn", "117 requests began late. [traces]", "Raise the limit.", "Twice the limit changes nothing."} {
		assert.Contains(t, c.out.String(), want)
	}
	for _, args := range [][]string{{"explain"}, {"explain", path + ".none"}, {"explain", writeConfig(t, "{}")}} {
		loadtrace(t, args...).run(t, 2)
	}
}
