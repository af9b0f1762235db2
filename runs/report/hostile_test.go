package report

import (
	"bytes"
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/plaintext/plaintexttest"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// forged is what text from outside must not become in a comment, code aside.
var forged = regexp.MustCompile(`[^\\]\[link\]|<img|<!--|https?://|www\.|@everyone|(?m)^#+ forged|(?m)^\| forged`)

var inCode = regexp.MustCompile("`[^`\n]*`")

func TestAReportOfHostileTextsIsAReport(t *testing.T) {
	for _, hostile := range plaintexttest.Texts {
		s := run("a doubt")
		a := &s.Attacks[0]
		a.Status = map[string]uint64{"500": 3}
		a.Errors = map[loadgen.ErrorKind]summary.Error{"timeout": {Count: 2, Example: "x"}}
		s.StopReason = "x"
		s.Findings = []summary.Finding{{Kind: "x", Sentence: "x", Evidence: []summary.FindingEvidence{{Text: "x", TraceIDs: []string{"x"}}}, Try: []string{"x"}, Refute: []string{"x"}}}
		plaintexttest.Fill(s, hostile)

		var out bytes.Buffer
		require.NoError(t, JUnit(&out, s))
		plaintexttest.Check(t, out.String())
		for d := xml.NewDecoder(bytes.NewReader(out.Bytes())); ; {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			if text, ok := token.(xml.CharData); ok {
				plaintexttest.Check(t, string(text))
			}
		}

		out.Reset()
		require.NoError(t, Markdown(&out, s))
		plaintexttest.Check(t, out.String())
		columns := 0
		for line := range strings.Lines(strings.ReplaceAll(out.String(), "\\`", "")) {
			line = inCode.ReplaceAllString(line, "code")
			assert.NotRegexp(t, forged, line)
			switch cells := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"); {
			case !strings.HasPrefix(line, "| "):
				columns = 0
			case columns == 0:
				columns = cells
			default:
				assert.Equal(t, columns, cells, line)
			}
		}
	}
}
