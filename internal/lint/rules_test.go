package lint

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheRulesThatAreAskedForAreThereAndAreErrors(t *testing.T) {
	have := map[string]Severity{}
	for _, r := range builtins(t) {
		have[r.ID] = r.Severity
	}
	for _, id := range []string{"exporter-without-queue", "tls-off", "debug-exporter", "unknown-run-label", "loadgen-without-allow-list"} {
		assert.Equal(t, Error, have[id], id)
	}
}

func TestRulesOfOthersAddAndReplace(t *testing.T) {
	ours := `rules:
  - {id: debug-exporter, severity: "off"}
  - id: no-zipkin
    severity: warning
    for: [exporter]
    when: type == "zipkin"
    reason: is not what we use
    fix: use OTLP
    bad: ["exporters: {zipkin/2: }"]
    good: ["exporters: {otlp_http: }"]
`
	rules, err := Load(Source{"ours.yaml", []byte(ours)})
	require.NoError(t, err)
	assert.Equal(t, []string{"1:24 warning no-zipkin"}, check(t, rules, "exporters: {debug: {}, zipkin: {}}\n"))
}

func TestARuleThatDoesNotWorkIsRefused(t *testing.T) {
	good := map[string]string{
		"id": "x", "severity": "error", "for": "[exporter]", "when": `type == "a"`, "reason": "r", "fix": "f",
		"bad": `["exporters: {a: }"]`, "good": `["exporters: {b: }"]`,
	}
	for key, c := range map[string]struct{ value, want string }{
		"id":       {"X y", `id: "X y" is none`},
		"severity": {"fatal", `severity: "fatal" is none`},
		"for":      {"[exporters]", `for: "exporters" is not a kind`},
		"when":     {`typ == "a"`, "when: unknown name typ"},
		"reason":   {`""`, "reason: is missing"},
		"fix":      {`""`, "fix: is missing"},
		"bad":      {`["exporters: {b: }"]`, "bad[0]: the rule finds fault: false; it must: true"},
		"good":     {`["exporters: {a: }"]`, "good[0]: the rule finds fault: true; it must: false"},
		"colour":   {"red", "unknown field"},
	} {
		src := "rules:\n  -\n"
		for k, v := range good {
			if k != key {
				src += "    " + k + ": " + v + "\n"
			}
		}
		src += "    " + key + ": " + c.value + "\n"
		_, err := Load(Source{"ours.yaml", []byte(src)})
		if assert.Error(t, err, key) {
			assert.Contains(t, err.Error(), "ours.yaml: rule 1", key)
			assert.Contains(t, err.Error(), c.want, key)
		}
	}
}

// A run that takes the condition of a rule away must not pass.
func TestEveryBuiltInRuleHasExamplesThatItsConditionDecides(t *testing.T) {
	for _, r := range builtins(t) {
		never := *r
		never.When = "false"
		assert.ErrorContains(t, never.prepare(), "bad[0]", r.ID)
		always := *r
		always.When = "true"
		assert.ErrorContains(t, always.prepare(), "good[0]", r.ID)
	}
}

func TestTheDocumentationHasEveryRule(t *testing.T) {
	text, err := os.ReadFile("../../docs/lint.md")
	require.NoError(t, err)
	for _, r := range builtins(t) {
		assert.Contains(t, string(text), "| `"+r.ID+"` | "+string(r.Severity)+" |")
	}
}

// Whatever rules somebody wrote, reading them ends, and all that are taken can be checked
// with.
func FuzzRules(f *testing.F) {
	f.Add(string(builtIn))
	f.Add("rules: [{id: a, severity: error, for: [exporter], when: 'Type == \"debug\"', detail: 'map(1..3, # * 2)', reason: r, fix: f, bad: ['exporters: {debug: {}}'], good: ['exporters: {nop: {}}']}]")
	f.Add("rules: [{id: queue-in-memory, severity: 'off'}]")
	f.Fuzz(func(t *testing.T, src string) {
		rules, err := Load(Source{"r.yaml", []byte(src)})
		if err != nil {
			return
		}
		require.GreaterOrEqual(t, len(rules), len(builtins(t)))
		_, err = rules.Check("c.yaml", []byte(faulty))
		if err != nil {
			require.ErrorContains(t, err, "rule ", "the file is a good one")
		}
	})
}
