package planfile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

func explain(t *testing.T, src string, opts ...planfile.Option) string {
	t.Helper()
	_, err := planfile.Parse("plan.yaml", []byte(src), opts...)
	require.Error(t, err)
	return planfile.Explain(err, []byte(src))
}

func TestExplainPointsAtEachFault(t *testing.T) {
	assert.Equal(t, `--set name: name: an empty text is not possible; leave the key out for the default, plan
plan.yaml:3:14: attacks[0].http.timeout: 10 has no unit; write 10s or 10ms
     3 |     timeout: 10
       |              ^
plan.yaml:5:22: attacks[0].load[0].count: "é" is not a whole number from 0 up; write one such as 1000
     5 |   - {name: ü, count: é, constant: 1/s}
       |                      ^
`, explain(t, `attacks:
- http:
    timeout: 10
  load:
  - {name: ü, count: é, constant: 1/s}
- {name: b, http: {url: http://h/}, load: [{constant: 1/s, count: 1}]}
`, planfile.Set("name=", "attacks[0].http.url=http://h/", "attacks[0].name=a")))
}

func TestExplainShowsAPartOfALongLine(t *testing.T) {
	got := explain(t, "attacks: [{http: {headers: {A: "+strings.Repeat("x", 300)+"}, timeout: 5, body: "+strings.Repeat("y", 300)+"}}]")
	for line := range strings.Lines(got) {
		if strings.Contains(line, " | ") {
			assert.Less(t, len([]rune(line)), 120)
		}
	}
	assert.Contains(t, got, "}, timeout: 5, body: ***")
	lines := strings.Split(got, "\n")
	for i, line := range lines {
		if strings.Contains(line, "timeout: 5, body") {
			assert.Equal(t, strings.Index(strings.ReplaceAll(line, "…", "."), "5, body"), strings.Index(lines[i+1], "^"))
		}
	}
}

func TestExplainSendsNoControlCharactersToTheTerminal(t *testing.T) {
	got := explain(t, "\"\\e[31mred\": 1\n\"\\u202e\": 2\n", planfile.Set("\x1b[31m=1"))
	assert.NotContains(t, got, "\x1b")
	assert.NotContains(t, got, "\u202e")
}

func TestExplainRendersOtherErrorsAsTheyAre(t *testing.T) {
	assert.Equal(t, "no such thing\n", planfile.Explain(errors.New("no such thing"), nil))
	assert.Empty(t, planfile.Explain(nil, nil))
}
