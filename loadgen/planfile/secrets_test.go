package planfile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

// values in which a password is, each wrong in a way of its own.
var faultyValues = map[string][]string{
	"attacks[0].http.url": {
		"http://u:p%ssS3CRET@h/", "http://u:p/S3CRET@h/", "http://u:p?S3CRET@h/", "http://u:p#S3CRET@h/", "http://u:p S3CRET@h/",
		"http://u:p\tS3CRET@h/", "http://u:1234/S3CRET@h:x/", "http://u:99999/S3CRET@h/", "ftp://u:S3CRET@h/", "http:/u:S3CRET@h/", "u:S3CRET@h/",
		"http://u:S3CRET@/", "http://u:S3CRET@h:99999/", "http://u:S3CRET@h:x/", "http://u:S3CRET@[h/", "http://h /?token=S3CRET",
		"http://u:[S3CRET@h/", "http://u:p\\S3CRET@h/", "http://u:S3CRET@h/ HTTP/1.1", "http://u:p@S3CRET@-h-..x/",
	},
	"attacks[0].http.headers.Authorization": {"Bearer S3CRET\x01", "Bearer {{S3CRET"},
	"attacks[0].http.headers.tra ce":        {"S3CRET"},
	"attacks[0].http.tls.server_name":       {"S3CRET"},
	"attacks[0].http.body":                  {"{{.ID}} S3CRET"},
	"attacks[0].grpc.target":                {"u:S3CRET@h:1", "u:p/S3CRET@h:1", "http://u:S3CRET@h:1"},
	"attacks[0].grpc.metadata.token":        {"S3CRET\x01"},
	"attacks[0].grpc.metadata.token-bin":    {"S3CRET!"},
	"attacks[0].grpc.data":                  {`{"password": "S3CRET"`, `S3CRET`},
}

func yamlPlan(key, value string) string {
	parts := strings.SplitN(strings.TrimPrefix(key, "attacks[0]."), ".", 3)
	value = fmt.Sprintf("%q", value)
	inner := parts[1] + ": " + value
	if len(parts) == 3 {
		inner = parts[1] + ":\n      " + parts[2] + ": " + value
	}
	must := "url: 'http://h/'"
	if parts[0] == "grpc" {
		must = "method: a.B/C\n    target: h:1"
	}
	for line := range strings.SplitSeq(must, "\n    ") {
		if !strings.HasPrefix(line, parts[1]+":") {
			inner += "\n    " + line
		}
	}
	return "attacks:\n- name: a\n  " + parts[0] + ":\n    " + inner + "\n  bad: 1\n  load: [{constant: 1/s, count: 1}]\n"
}

// The error about a URL once showed the password that made it none, and that about --set
// all that was set.
func TestNoErrorShowsASecret(t *testing.T) {
	for key, values := range faultyValues {
		for _, value := range values {
			whole := yamlPlan(key, value)
			variable := yamlPlan(key, "${env:S}")
			of := env(map[string]string{"S": value})
			for name, c := range map[string]struct {
				src  string
				opts []planfile.Option
			}{
				"in the plan":                 {whole, []planfile.Option{of}},
				"from a variable":             {variable, []planfile.Option{of}},
				"by --set":                    {yamlPlan(key, "x"), []planfile.Option{of, planfile.Set(key + "=" + value)}},
				"by --set and a variable":     {yamlPlan(key, "x"), []planfile.Option{of, planfile.Set(key + "=${env:S}")}},
				"by --set of what is unknown": {yamlPlan(key, "x"), []planfile.Option{of, planfile.Set(key + "x.y=" + value)}},
				"by --set of a mapping":       {yamlPlan(key, "x"), []planfile.Option{of, planfile.Set("attacks[0].http={x: \"" + value)}},
			} {
				t.Run(key+" "+value+" "+name, func(t *testing.T) {
					_, err := planfile.Parse("plan.yaml", []byte(c.src), c.opts...)
					require.Error(t, err)
					assert.NotContains(t, err.Error(), "S3CRET")
					assert.NotContains(t, planfile.Explain(err, []byte(c.src)), "S3CRET")
				})
			}
		}
	}
}

// A number, a rate, a name: a variable may stand for each, and its value be a password by
// mistake.
func TestNoErrorShowsWhatAVariableGave(t *testing.T) {
	const plan = "name: a\nattacks:\n- name: a\n  http: {url: 'http://h/'}\n  load: [{constant: 1/s, count: 1}]\n"
	for _, key := range []string{
		"name", "order", "sampling", "limits.grace", "limits.allowed_targets", "attacks[0].name", "attacks[0].workers", "attacks[0].load[0].constant",
		"attacks[0].load[0].count", "attacks[0].http.method", "attacks[0].http.protocol", "attacks[0].http.timeout", "attacks[0].http.max_body",
		"attacks[0].http.keep_alive", "attacks[0].http.headers.Host", "attacks[0].http.targets.format", "attacks[0].grpc.method",
		"attacks[0].grpc.compression", "attacks[0].grpc.authority", "attacks[0].grpc.stream.end", "thresholds",
	} {
		for _, value := range []string{"S3CRET/\x07", "S3CRET" + strings.Repeat("x", 100) + "\x07", "12345S3CRET", "a.B.S3CRET", "/a.B/S3CRET"} {
			set := key + "=${env:S}"
			if key == "thresholds" {
				set = key + "=[{metric: '${env:S}', at_most: '${env:S}'}]"
			}
			if key == "limits.allowed_targets" {
				set = key + "=['${env:S}/x']"
			}
			_, err := planfile.Parse("plan.yaml", []byte(plan), env(map[string]string{"S": value}), planfile.Set(set))
			if err != nil {
				assert.NotContains(t, err.Error(), "S3CRET", set)
			}
		}
	}
}

func TestAnErrorNamesTheVariableInsteadOfItsValue(t *testing.T) {
	_, err := planfile.Parse("plan.yaml", []byte(yamlPlan("attacks[0].http.url", "http://u:${env:PASS}@h/")), env(map[string]string{"PASS": "p/word"}))
	assert.ErrorContains(t, err, `"http://u:${env:PASS}@h/" is not a URL`)
	_, err = planfile.Parse("plan.yaml", []byte(quick+"order: ${env:ORDER}\n"), env(map[string]string{"ORDER": "reverse"}))
	assert.ErrorContains(t, err, `order: "${env:ORDER}" is no order`)
}

func TestALineOfThePlanIsShownWithoutItsSecrets(t *testing.T) {
	for line, want := range map[string]string{
		`- {x: 1, http: {url: "http://user:S3CRET@h/"}}`:           `- {x: 1, http: {url: "http://***********@h/"}}`,
		`- {x: 1, http: {headers: {Authorization: a, B: S3CRET}}}`: `- {x: 1, http: {headers: {***************************}}}`,
		`- {x: 1, http: {headers: {B: S3CRET}, url: y}}`:           `- {x: 1, http: {headers: {*********}, url: y}}`,
		`- {x: 1, http: {headers: {Token: "a ${env:T}"}}}`:         `headers: {**********${env:T}*}`,
		`- {x: 1, http: {url: "http://h/?api_key=S3CRET"}}`:        `- {x: 1, http: {url: "http://h/?api_key=*********`,
		`- {x: 1, http: {url: "http://h/", body: S3CRET}}`:         `- {x: 1, http: {url: "http://h/", body: ********`,
	} {
		src := "attacks:\n" + line + "\n"
		_, err := planfile.Parse("plan.yaml", []byte(src))
		require.Error(t, err)
		shown := planfile.Explain(err, []byte(src))
		assert.Contains(t, shown, want)
		assert.NotContains(t, shown, "S3CRET")
	}
}

// hostile is what must not get into a terminal or a log as it is.
const hostile = "\x1b]0;x\x07\u009b2J\u202e\n::error::forged\n##[error]forged"

// The first line of a targets file, the name of the plan's file and what the YAML parser
// found were once printed as they were.
func TestErrorsAreLinesOfVisibleText(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a\x1b[31m\n::error::")
	require.NoError(t, os.Mkdir(dir, 0o700))
	file := filepath.Join(dir, "plan.yaml")
	for name, src := range map[string]string{
		"a key":     fmt.Sprintf("%q: 1\n", hostile),
		"an anchor": "name: *\u202e\u009b\n",
		"a tag":     "name: !\u202ex y\n",
		"a name":    fmt.Sprintf("name: %q\nattacks: []\n", hostile),
		"a URL":     fmt.Sprintf("attacks: [{http: {url: %q}, load: []}]\n", "http://h/ HTTP/"+strings.ReplaceAll(hostile, "\n", "")),
		"a method":  fmt.Sprintf("attacks: [{http: {url: 'http://h', method: %q}, load: []}]\n", hostile),
		"a file":    fmt.Sprintf("attacks: [{http: {url: 'http://h', body_file: %q}, load: [{constant: 1/s, count: 1}]}]\n", hostile),
		"syntax":    "name: [\u202e\u2066\n",
		"length":    "attacks: [{http: {url: '" + strings.Repeat("x", 1<<19) + "'}, load: []}]\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := planfile.Parse(file, []byte(src))
			require.Error(t, err)
			for text := range strings.SplitSeq(err.Error(), "\n") {
				assert.True(t, strings.HasPrefix(text, `/`), "%q", text)
				assert.NotRegexp(t, `[^\PC]`, text)
				assert.Less(t, len(text), 9000)
			}
		})
	}
}
