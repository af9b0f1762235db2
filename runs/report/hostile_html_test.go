package report

import (
	"bytes"
	"encoding/json"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/internal/plaintext/plaintexttest"
	"github.com/loadtrace/loadtrace/loadgen"
)

// hostile has a text in all strings.
func hostile(text string) *Data {
	d := severalAttacksFor(3, 2)
	d.Notes = []string{"x"}
	d.Summary.Error, d.Summary.StopReason = "x", "x"
	d.Summary.Faults = []string{"x"}
	plaintexttest.Fill(d, text)
	for _, r := range d.Requests {
		r.Target = &loadgen.Target{Method: text, URL: text}
	}
	return d
}

var (
	dataBlock = regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`)
	program   = regexp.MustCompile(`(?s)<(script|style)>.*?</(script|style)>`)
	tag       = regexp.MustCompile(`<[^>]*>`)
)

func TestAPageOfHostileTextsHasNoMarkupOfTheirs(t *testing.T) {
	for _, text := range append(plaintexttest.Texts, `</script><script>forged=1</script>`, `"><img src=x onerror=forged=1>`, "{{.Title}}", `javascript:forged()`, `<!--<script>`) {
		var out bytes.Buffer
		d := hostile(text)
		require.NoError(t, HTML(&out, d, d))
		assert.LessOrEqual(t, out.Len(), maxPage)
		page := out.String()
		block := dataBlock.FindStringSubmatch(page)
		require.Len(t, block, 2)
		assert.NotContains(t, block[1], "<")
		var c charts
		require.NoError(t, json.Unmarshal([]byte(block[1]), &c), "the data is JSON")
		for _, r := range c.Runs[0].Requests[:3] {
			texts := []string{r.What, r.Attack, r.Error}
			if r.Target != nil { // left out where the page would be too large
				texts = append(texts, r.Target.Service, r.Target.Lines[0].Text)
			}
			for _, s := range texts {
				visible(t, s)
			}
		}
		body := program.ReplaceAllString(dataBlock.ReplaceAllString(page, ""), "")
		assert.Equal(t, 0, strings.Count(body, "<img"))
		assert.Equal(t, 0, strings.Count(body, "<script"))
		visible(t, html.UnescapeString(tag.ReplaceAllString(body, "")))
	}
}

// visible fails a test if a text has more in it than visible characters and line breaks.
func visible(t *testing.T, text string) {
	t.Helper()
	for i, r := range text {
		if !plaintext.Visible(r) && r != '\n' && r != '\t' {
			assert.Fail(t, "not visible", "%U behind %q", r, text[max(0, i-80):i])
			return
		}
	}
}
