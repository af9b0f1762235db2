package lint

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/plaintext"
)

func builtins(t testing.TB) Rules {
	rules, err := Load() // which runs each rule's examples
	require.NoError(t, err)
	return rules
}

// check is the findings in a configuration as line:column rule.
func check(t *testing.T, rules Rules, src string) (out []string) {
	findings, err := rules.Check("c.yaml", []byte(src))
	require.NoError(t, err)
	for _, f := range findings {
		if f.Waived == "" {
			out = append(out, strings.TrimPrefix(strings.Join([]string{place(f), string(f.Severity), f.Rule}, " "), "c.yaml:"))
		}
	}
	return out
}

func place(f Finding) string {
	var b bytes.Buffer
	_ = Text(&b, &Report{Findings: []Finding{f}})
	return regexp.MustCompile(`^c\.yaml:\d+:\d+`).FindString(b.String())
}

const faulty = `receivers:
  loadgen:
    plan_file: plan.yaml
processors:
  attributes:
    actions:
      - key: loadgen.run.id
        action: delete
      - key: loadgen.runid
        action: delete
exporters:
  debug:
  otlp_grpc:
    endpoint: otlp.test:4317
    tls:
      insecure: true
    sending_queue:
      enabled: false
service:
  pipelines:
    traces:
      receivers: [loadgen]
      processors: [attributes]
      exporters: [otlp_grpc, debug]
`

func TestFindingsStandWhereTheFaultIs(t *testing.T) {
	assert.Equal(t, []string{
		"2:3 error loadgen-without-allow-list",
		"9:14 error unknown-run-label",
		"12:3 error debug-exporter",
		"16:7 error tls-off",
		"18:7 error exporter-without-queue",
	}, check(t, builtins(t), faulty))
}

func TestAWaiverTakesAFindingBackIfItHasAReason(t *testing.T) {
	rules := builtins(t)
	src := strings.Replace(faulty, "  debug:\n", "  debug: # lint:allow debug-exporter: shows what comes out\n", 1)
	src = strings.Replace(src, "  otlp_grpc:\n    endpoint", "  # lint:allow tls-off: one private network\n  # of two containers\n  otlp_grpc:\n    endpoint", 1)
	src = strings.Replace(src, "      enabled: false", "      # lint:allow exporter-without-queue\n      enabled: false", 1)
	src = strings.Replace(src, "receivers:\n", "# lint:allow no-such-rule: x\nreceivers:\n", 1)
	src = strings.Replace(src, "service:\n", "# lint:allow secret-in-clear: was needed once\nservice:\n", 1)
	assert.Equal(t, []string{
		"1:1 error waiver",
		"3:3 error loadgen-without-allow-list",
		"10:14 error unknown-run-label",
		"21:7 error waiver",
		"22:7 error exporter-without-queue",
		"23:1 warning waiver",
	}, check(t, rules, src))
	findings, err := rules.Check("c.yaml", []byte(src))
	require.NoError(t, err)
	report := Report{Findings: findings}
	assert.Equal(t, 2, report.Waived())
	assert.Equal(t, 5, report.Count(Error))
}

// A # in a text is no comment, and so no waiver.
func TestAWaiverInATextIsNone(t *testing.T) {
	src := "exporters:\n  debug:\n    a: \"# lint:allow debug-exporter: no\"\n"
	assert.Equal(t, []string{"2:3 error debug-exporter"}, check(t, builtins(t), src))
}

func TestConfigurationsWithinKubernetesObjectsAreFoundAtTheirLines(t *testing.T) {
	src := `apiVersion: v1
kind: Service
metadata: {name: x}
---
apiVersion: opentelemetry.io/v1beta1
kind: OpenTelemetryCollector
metadata: {name: x}
spec:
  config:
    exporters:
      debug: {}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: x}
data:
  notes: |
    exporters are below
    debug: not here
  collector.yaml: |
    # lint:allow queue-in-memory: nothing is kept
    exporters:
      # lint:allow tls-off: the mesh does that
      otlp_http:
        endpoint: http://join:4318
      debug: {}
`
	assert.Equal(t, []string{"11:7 error debug-exporter", "21:5 warning waiver", "24:7 warning queue-in-memory", "26:7 error debug-exporter"}, check(t, builtins(t), src))
}

func TestVariablesCountByTheirDefaults(t *testing.T) {
	rules := builtins(t)
	for endpoint, want := range map[string]bool{
		"${env:OTLP:-http://127.0.0.1:4318}":      false,
		"${OTLP:-http://otlp.test:4318}":          true,
		"http://${env:HOST}:4318":                 true,
		"http://${env:HOST:-localhost}:4318":      false,
		"${env:OTLP}":                             false, // nothing says that it is without TLS
		"https://otlp.test":                       false,
		"http://[::1]:4318":                       false,
		"http://127.0.0.1.evil.test:4318/v1/logs": true,
	} {
		found := check(t, rules, "exporters:\n  otlp_http: {endpoint: \""+endpoint+"\", sending_queue: {storage: x}}\n")
		assert.Equal(t, want, len(found) == 1, "%s: %v", endpoint, found)
	}
	assert.Equal(t, []string{"1:67 error exporter-without-queue"},
		check(t, rules, "exporters: {otlp_http: {endpoint: https://x.test, sending_queue: {enabled: \"${env:Q:-false}\"}}}\n")[:1])
}

func TestAFileThatIsNoConfigurationIsAnError(t *testing.T) {
	for src, want := range map[string]string{
		"a: 1\n":                            "no collector configuration is in it",
		"":                                  "no collector configuration is in it",
		"exporters: [":                      "line 1",
		"services: {web: {image: x}}\n":     "no collector configuration is in it",
		"kind: OpenTelemetryCollector\n":    "without spec.config",
		strings.Repeat("#", maxSource+1):    "more than",
		"exporters: {a: 1\n  b: {c: d}}\n}": "line",
		bomb(20):                            "when its aliases are replaced",
		// Of these 7ed9d53 took up to 17 GB of memory, and minutes.
		strings.Repeat("[", 200_000):                    "line 1: nested more than 64 deep",
		strings.Repeat("{a: ", 50_000):                  "line 1: nested more than 64 deep",
		strings.Repeat("- ", 100_000):                   "line 1: nested more than 64 deep",
		strings.Repeat("? ", 100_000):                   "line 1: nested more than 64 deep",
		"exporters:\n" + numbered("  x%d: {}\n", 5_000): "more than 1000 keys",
		"exporters: {" + strings.Repeat("k", 300_000) + ": {" + numbered("a%d: 1, ", 20_000) + "}}":                                         "a key of more than 512 bytes",
		"exporters: " + strings.Repeat("{"+strings.Repeat("k", 500)+": ", 60) + "{" + numbered("a%d: 1, ", 5_000) + strings.Repeat("}", 61): "keys are too long",
		"apiVersion: v1\nkind: ConfigMap\ndata:\n  c.yaml: |\n    exporters: {a: " + strings.Repeat("[", 10_000):                            "line 5: nested more than 64 deep",
	} {
		_, err := builtins(t).Check("c.yaml", []byte(src))
		assert.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, "c.yaml: ")
	}
}

// numbered is a text with each number below n in its place.
func numbered(text string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, text, i)
	}
	return b.String()
}

// What is found in ten times the file takes no more than about ten times as long: with
// 7ed9d53 a megabyte of waivers took minutes. The bound is of the count of what is looked
// at, and not of time: this ends within the test's own limit, or it does not.
func TestAFileOfWaiversAndOneOfDocumentsAreReadOnce(t *testing.T) {
	rules := builtins(t)
	found, err := rules.Check("c.yaml", []byte(numbered("# lint:allow debug-exporter: %d\n", 25_000)+"exporters: {debug: {}}\n"))
	require.NoError(t, err)
	assert.Len(t, found, 25_000, "one waives, and the others do not")
	found, err = rules.Check("c.yaml", []byte(numbered("---\nexporters: {debug: {}} # lint:allow debug-exporter: %d\n", 15_000)))
	require.NoError(t, err)
	assert.Len(t, found, 15_000)
	for _, f := range found {
		assert.NotEmpty(t, f.Waived)
	}
}

// A pull request brings the names in a configuration, and those of its files.
func TestFindingsAreOneLineOfPlainTextEach(t *testing.T) {
	src := "exporters:\n  \"debug/x\\n::error::forged\\r\\e[31m\\u202e\": {}\n"
	findings, err := builtins(t).Check("::error::name\n.yaml", []byte(src))
	require.NoError(t, err)
	require.Len(t, findings, 1)
	report := &Report{Findings: findings}
	var text, gh bytes.Buffer
	require.NoError(t, Text(&text, report))
	require.NoError(t, GitHub(&gh, report))
	assert.True(t, strings.HasPrefix(text.String(), `./::error::name\n.yaml:2:3: error: debug-exporter: exporter debug/x\n::error::forged\r\x1b[31m\u202e: `), text.String())
	assert.Equal(t, 2, strings.Count(text.String(), "\n"))
	assert.True(t, strings.HasPrefix(gh.String(), `::error file=%3A%3Aerror%3A%3Aname\n.yaml,line=2,`), gh.String())
	assert.Equal(t, 1, strings.Count(gh.String(), "\n"))
	for _, out := range []string{text.String(), gh.String()} {
		assert.NotContains(t, out, "\x1b")
		assert.NotContains(t, out, "\u202e")
	}
}

// bomb is aliases of aliases, each of ten.
func bomb(levels int) string {
	text := "x0: &a0 {a: b}\n"
	for n := range levels {
		alias := fmt.Sprintf("*a%d", n)
		text += fmt.Sprintf("x%d: &a%d [%s]\n", n+1, n+1, strings.Join(slices.Repeat([]string{alias}, 10), ", "))
	}
	return text + "exporters: {}\n"
}

func TestReportsHaveEachFinding(t *testing.T) {
	rules := builtins(t)
	findings, err := rules.Check("a,b.yaml", []byte(strings.Replace(faulty, "  debug:", "  debug: # lint:allow debug-exporter: is wanted\n", 1)))
	require.NoError(t, err)
	report := &Report{Files: []string{"a,b.yaml"}, Findings: findings}

	var text, gh, js, sarif bytes.Buffer
	require.NoError(t, Text(&text, report))
	assert.Contains(t, text.String(), "a,b.yaml:2:3: error: loadgen-without-allow-list: receiver loadgen: attacks whatever its plan says")
	assert.Contains(t, text.String(), "a,b.yaml:12:3: debug-exporter: waived: is wanted\n")
	assert.Contains(t, text.String(), "that it selects nothing: loadgen.runid\n")

	require.NoError(t, GitHub(&gh, report))
	assert.Contains(t, gh.String(), "::error file=a%2Cb.yaml,line=2,col=3,title=loadgen-without-allow-list::receiver loadgen: attacks")
	assert.Equal(t, 4, strings.Count(gh.String(), "\n"), "the waived one is not shown")

	require.NoError(t, JSON(&js, report))
	var back Report
	require.NoError(t, json.Unmarshal(js.Bytes(), &back))
	assert.Equal(t, *report, back)

	require.NoError(t, SARIF(&sarif, report, rules, "0.1.0"))
	var log struct {
		Version string
		Runs    []struct {
			Results []struct {
				RuleID       string
				Level        string
				Suppressions []struct{ Justification string }
			}
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
		}
	}
	require.NoError(t, json.Unmarshal(sarif.Bytes(), &log))
	require.Len(t, log.Runs, 1)
	require.Len(t, log.Runs[0].Results, 5)
	assert.Equal(t, "is wanted", log.Runs[0].Results[2].Suppressions[0].Justification)
	assert.Len(t, log.Runs[0].Tool.Driver.Rules, len(rules))
}

func FuzzCheck(f *testing.F) {
	f.Add(faulty)
	f.Add("exporters: {otlp_http: &a {endpoint: x}, b: *a, c: {<<: *a}}\n")
	f.Add("kind: ConfigMap\ndata:\n  a: |\n    exporters: {debug: }\n")
	for _, glob := range []string{"../../examples/collector/*.yaml", "../../deploy/collector/*.yaml", "../../deploy/kubernetes/*/*.yaml"} {
		files, err := filepath.Glob(glob)
		require.NoError(f, err)
		require.NotEmpty(f, files, glob)
		for _, file := range files {
			src, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(string(src))
		}
	}
	rules := builtins(f)
	f.Fuzz(func(t *testing.T, src string) {
		found, err := rules.Check("c.yaml", []byte(src))
		if err != nil {
			require.Empty(t, found)
			return
		}
		for _, one := range found {
			require.NotEmpty(t, one.Rule)
			require.Positive(t, one.Column)
			require.True(t, 1 <= one.Line && one.Line <= 1+strings.Count(src, "\n")+strings.Count(src, "\r"), "line %d", one.Line)
		}
		again, err := rules.Check("c.yaml", []byte(src))
		require.NoError(t, err)
		require.Equal(t, found, again)
		report := &Report{Findings: found}
		var text, json, github, sarif bytes.Buffer
		require.NoError(t, Text(&text, report))
		require.NoError(t, JSON(&json, report))
		require.NoError(t, GitHub(&github, report))
		require.NoError(t, SARIF(&sarif, report, rules, "1"))
		for _, r := range text.String() + json.String() + github.String() + sarif.String() {
			require.True(t, r == '\n' || plaintext.Visible(r), "%U", r)
		}
		require.Equal(t, len(found)-report.Waived(), strings.Count(github.String(), "\n"), "a command is a line")
	})
}
