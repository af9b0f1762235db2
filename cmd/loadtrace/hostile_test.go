package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/loadtrace/loadtrace/internal/plaintext/plaintexttest"
)

// hostile is a text from outside, without NUL, which no argument has.
var hostile = strings.ReplaceAll(plaintexttest.Texts[1], "\x00", "") + plaintexttest.Texts[2]

// plain checks what a command showed.
func (c *command) plain(t *testing.T) {
	t.Helper()
	plaintexttest.Check(t, c.err.String())
	plaintexttest.Check(t, c.out.String())
}

// The message of an OTLP endpoint was once written to the terminal as it came.
func TestWhatATargetAndAnEndpointAnswerIsTextInEveryOutput(t *testing.T) {
	for _, text := range []string{hostile, strings.Repeat(hostile, 4000)} {
		tg := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "\x9b\u202e")
			w.WriteHeader(500)
			io.WriteString(w, text)
		}))
		t.Cleanup(tg.Close)
		otlp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := proto.Marshal(&status.Status{Code: 3, Message: strings.ToValidUTF8(text[:min(len(text), 60000)], "")})
			assert.NoError(t, err)
			w.Header().Set("Content-Type", "application/x-protobuf")
			w.WriteHeader(400)
			w.Write(body)
		}))
		t.Cleanup(otlp.Close)
		plan := writePlan(t, tg.URL+"/##[error]x/%0A::error::", "[{name: '::error::x ##[error]', constant: 100/s, count: 20}]")
		junit, markdown := filepath.Join(t.TempDir(), "r.xml"), filepath.Join(t.TempDir(), "r.md")
		run := func(flags ...string) *command {
			c := loadtrace(t, append([]string{"run", plan, "--listen", "none", "--otlp", otlp.URL, "--flush-timeout", "300ms",
				"--set", "name=::error::x ##[error] <img> |"}, flags...)...)
			c.run(t, 98)
			c.plain(t)
			assert.Contains(t, c.err.String(), "did not take all telemetry")
			return c
		}
		run("--junit", junit, "--markdown", markdown)
		c := run("--json", "--quiet")
		assert.True(t, json.Valid(c.out.Bytes()))
		for _, file := range []string{junit, markdown} {
			shown, err := os.ReadFile(file)
			require.NoError(t, err)
			plaintexttest.Check(t, string(shown))
		}
		shown, err := os.ReadFile(junit)
		require.NoError(t, err)
		require.NoError(t, xml.Unmarshal(shown, new(struct{})))

		first := write(t, "first.json", c.out.String())
		c = loadtrace(t, "compare", first, first)
		c.Run()
		c.plain(t)
	}
}

// What a flag, a file's name, an environment variable and a file hold is text in the error
// about it.
func TestErrorsAreText(t *testing.T) {
	for name, args := range faulty(t) {
		t.Run(name, func(t *testing.T) {
			c := loadtrace(t, args...)
			c.Env = append(c.Env, "HOSTILE="+hostile)
			c.Run()
			if name != "a stranger's summary" {
				assert.NotZero(t, c.ProcessState.ExitCode())
				assert.NotEmpty(t, c.err.String())
			}
			c.plain(t)
		})
	}
}

// faulty are command lines with a fault, by where hostile text is.
func faulty(t *testing.T) map[string][]string {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	good := writePlan(t, "http://"+closedPort, "[{constant: 1/s, count: 1}]")
	odd := strings.ReplaceAll(hostile, "/", "")[:200]
	lines := file("targets", "GET http://h/ HTTP/1.1"+strings.ReplaceAll(hostile, "\n", "")+"\n")
	bad := file(odd, "attacks: 1\n")
	stranger := file("sum.json", strangersSummary(t))
	return map[string][]string{
		"a flag":                {"run", good, "--" + hostile},
		"a command":             {hostile},
		"a value":               {"run", good, "--color", hostile},
		"a duration":            {"run", good, "--flush-timeout", hostile},
		"a file that is not":    {"run", odd},
		"a file's name":         {"run", bad},
		"a targets file":        {"run", good, "--set", "attacks[0].http={targets: {file: " + lines + "}}"},
		"--set":                 {"run", good, "--set", hostile},
		"--set of a key":        {"run", good, "--set", "a" + hostile + "=x"},
		"--set of a value":      {"run", good, "--set", "attacks[0].http.url=" + hostile},
		"--set of a name":       {"run", good, "--set", "attacks[0].name=" + hostile},
		"an address":            {"run", good, "--otlp", hostile},
		"an address's scheme":   {"run", good, "--otlp", "x://h/" + odd},
		"a signal":              {"run", good, "--otlp", "http://h", "--otlp-signals", "x" + hostile},
		"a header":              {"run", good, "--otlp", "http://h", "--otlp-header", hostile},
		"a header's file":       {"run", good, "--otlp", "http://h", "--otlp-header-file", odd},
		"a listener":            {"run", good, "--listen", hostile},
		"a report":              {"run", good, "--junit", filepath.Join(dir, "none", odd)},
		"a configuration":       {"run", good, "--config", "yaml:" + hostile},
		"a collector's":         {"--config", "yaml:" + hostile},
		"a component":           {"validate", "--config", "yaml:" + fmt.Sprintf("receivers: {%q: {}}\n", hostile)},
		"lint of none":          {"lint", odd},
		"lint of a file's name": {"lint", bad},
		"lint of a format":      {"lint", bad, "--format", hostile},
		"lint's rules":          {"lint", bad, "--rules", odd},
		"no summary":            {"compare", bad, odd},
		"a stranger's summary":  {"compare", stranger, stranger},
		"a variant":             {"ladder", "--plan", good, "--variant", hostile, "--variant", hostile},
		"processors":            {"ladder", "--service-cpus", hostile},
		"start":                 {"run", good, "--start-at", hostile},
		"shard":                 {"run", good, "--shard", hostile},
	}
}

// strangersSummary is JSON whose names are hostile.
func strangersSummary(t *testing.T) string {
	text, err := json.Marshal(map[string]any{"run_id": hostile, "plan": hostile, "attacks": []any{map[string]any{"name": hostile, "target": hostile}}})
	require.NoError(t, err)
	return string(text)
}
