package lint

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/plaintext/plaintexttest"
)

// A stranger's file, its name and a rule's words are text in every format.
func TestNoFormatIsMoreThanText(t *testing.T) {
	rules := builtins(t)
	for _, hostile := range plaintexttest.Texts {
		report := Report{Files: []string{hostile}, Findings: []Finding{{Severity: Error}, {Severity: Warning, Waived: "x"}}}
		plaintexttest.Fill(&report, hostile)
		report.Findings[0].Waived, report.Findings[0].Severity = "", Error
		for name, write := range map[string]func(io.Writer, *Report) error{
			"text": Text, "json": JSON, "github": GitHub,
			"sarif": func(w io.Writer, r *Report) error { return SARIF(w, r, rules, hostile) },
		} {
			var out bytes.Buffer
			require.NoError(t, write(&out, &report))
			shown := out.String()
			switch name {
			case "json", "sarif":
				assert.True(t, json.Valid(out.Bytes()), "%s: %.200s", name, shown)
				if len(hostile) > 1<<16 {
					continue // a value is whole
				}
			case "github":
				require.Equal(t, 1, strings.Count(shown, "\n"), shown)
				shown = strings.TrimPrefix(shown, "::error file=")
				assert.NotContains(t, shown, "\n::")
				shown = strings.NewReplacer("::", "", "##[", "", "##vso[", "").Replace(shown) // within a command there is none
			}
			plaintexttest.Check(t, shown)
		}
		src := fmt.Sprintf("exporters:\n  %q: {}\n", "debug/"+hostile)
		findings, err := rules.Check(hostile, []byte(src))
		if err != nil {
			continue // too long for a file
		}
		var out bytes.Buffer
		require.NoError(t, Text(&out, &Report{Findings: findings}))
		plaintexttest.Check(t, out.String())
	}
}
