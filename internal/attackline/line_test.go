package attackline

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

func TestALineSendsAtADefaultRate(t *testing.T) {
	p, err := (&Line{URL: "http://127.0.0.1:8080/x"}).Plan()
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1:8080", p.Name)
	assert.Equal(t, "GET", p.Attacks[0].HTTP.Method)
	assert.Equal(t, pace.Rate(50), p.Attacks[0].Load[0].Constant)
	assert.Equal(t, DefaultDuration, p.Attacks[0].Load[0].Duration.String())
	assert.Empty(t, p.Thresholds)
}

func TestALineIsThePlanThatItPrints(t *testing.T) {
	t.Setenv("TOKEN", "hunter2")
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("body.json", []byte("{}"), 0o600))
	for name, c := range printed {
		t.Run(name, func(t *testing.T) {
			text, err := c.line.Source(c.sets...)
			require.NoError(t, err)
			dir, err := os.Getwd()
			require.NoError(t, err)
			assert.Equal(t, strings.ReplaceAll(c.want, "DIR", dir), string(text))
			want, err := c.line.Plan(c.sets...)
			require.NoError(t, err)
			got, err := planfile.Parse("somewhere/else.yaml", text)
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

// printed are lines and their plans. DIR is the working directory.
var printed = map[string]struct {
	line Line
	sets []string
	want string
}{
	"open": {
		line: Line{URL: "http://h:1/a?b=c&d=<>", Rate: "200/s", Duration: "1m30s", Headers: []string{"Authorization: Bearer ${env:TOKEN}", "X-A:b: c"}},
		want: `name: h:1
attacks:
  - http:
      url: "http://h:1/a?b=c&d=<>"
      headers:
        Authorization: "Bearer ${env:TOKEN}"
        X-A: "b: c"
    load:
      - constant: 200/s
        duration: 1m30s
`,
	},
	"closed, with a body": {
		line: Line{URL: "https://h/", Workers: "8", Body: "a\u007fb\nc"},
		want: `name: h
attacks:
  - http:
      url: https://h/
      method: POST
      body: "a\u007Fb\nc"
    load:
      - max:
          workers: 8
        duration: 10s
`,
	},
	"a body's file": {
		line: Line{URL: "http://h/", Method: "PUT", Body: "@body.json"},
		sets: []string{"attacks[0].http.timeout=5s"},
		want: `name: h
attacks:
  - http:
      url: http://h/
      method: PUT
      body_file: DIR/body.json
      timeout: 5s
    load:
      - constant: 50/s
        duration: 10s
`,
	},
	"gRPC": {
		line: Line{GRPC: "127.0.0.1:8081/auth.v1.Auth/Validate", Data: `{"token": "x"}`, Headers: []string{"x-tenant: a"}},
		want: `name: auth.v1.Auth/Validate
attacks:
  - grpc:
      target: "127.0.0.1:8081"
      method: auth.v1.Auth/Validate
      plaintext: true
      metadata:
        x-tenant: a
      data: "{\"token\": \"x\"}"
    load:
      - constant: 50/s
        duration: 10s
`,
	},
}

func TestTLSOfGRPCFollowsFromSchemeAndHost(t *testing.T) {
	for call, plaintext := range map[string]bool{
		"127.0.0.1:1/a.B/C": true, "localhost:1/a.B/C": true, "[::1]:1/a.B/C": true, "grpcs://127.0.0.1:1/a.B/C": false,
		"api.test:1/a.B/C": false, "10.0.0.1:1/a.B/C": false, "grpc://api.test:1/a.B/C": true,
	} {
		p, err := (&Line{GRPC: call}).Plan()
		require.NoError(t, err)
		assert.Equal(t, plaintext, p.Attacks[0].GRPC.Plaintext, call)
	}
}

// Of two dollar signs one was once left out.
func TestAnyBodyIsSentAsItIsGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.StringMatching(`[^@\x00{]\PC*|[\x01-\x{ff}]|[^@]?\$+[a{]?`).Filter(func(s string) bool { return s != "@" && !strings.Contains(s, "${") }).Draw(t, "body")
		p, err := (&Line{URL: "http://h/", Body: body}).Plan("attacks[0].http.literal=true")
		require.NoError(t, err)
		require.Equal(t, body, p.Attacks[0].HTTP.Body)
	})
}

func TestAFaultNamesTheFlagAndTheFix(t *testing.T) {
	const url = "http://127.0.0.1:8080/"
	for name, c := range map[string]struct {
		line Line
		want string
	}{
		"no unit of a rate":      {Line{URL: url, Rate: "200"}, "--rate: 200 has no unit; write 200/s, or /m or /h"},
		"a negative rate":        {Line{URL: url, Rate: "-1/s"}, "--rate: -1/s is negative; give a rate above 0/s"},
		"no unit of a duration":  {Line{URL: url, Duration: "10"}, "--duration: 10 has no unit; write 10s or 10ms"},
		"both loops":             {Line{URL: url, Rate: "1/s", Workers: "1"}, "--workers: sends as fast as the target answers, and --rate at a rate; leave one of the two out"},
		"workers that are none":  {Line{URL: url, Workers: "many"}, `--workers: "many" is not a whole number; write one such as 8`},
		"no workers":             {Line{URL: url, Workers: "0"}, "--workers: 0 workers send nothing; give at least 1"},
		"another scheme":         {Line{URL: "ftp://h/"}, `URL: "ftp://h/" does not begin with http:// or https://; write one such as http://127.0.0.1:8080/path`},
		"a method":               {Line{URL: url, Method: "FETCH"}, `--method: "FETCH" is not supported; write one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE`},
		"a header without colon": {Line{URL: url, Headers: []string{"hunter2"}}, "--header: is not 'Name: value'; write one such as 'Accept: text/html'"},
		"the second header":      {Line{URL: url, Headers: []string{"a: b", "hunter2"}}, "--header, number 2: is not 'Name: value'; write one such as 'Accept: text/html'"},
		"a header twice":         {Line{URL: url, Headers: []string{"a: b", "A: hunter2"}}, `--header: "A" is there twice; write one of the two, or both values in one, with a comma between them`},
		"a header of HTTP's own": {Line{URL: url, Headers: []string{"Content-Length: 5"}}, "--header Content-Length: follows from the body; leave it out"},
		"a variable":             {Line{URL: url, Headers: []string{"A: ${env:LOADTRACE_NONE}"}}, "--header A: environment variable LOADTRACE_NONE is not set; set it, or write ${env:LOADTRACE_NONE:-default}"},
		"data of a URL":          {Line{URL: url, Data: "{}"}, "--data: is for --grpc; write --body"},
		"a URL and gRPC":         {Line{URL: url, GRPC: "h:1/a.B/C"}, "--grpc: there is a URL too; leave one of the two out"},
		"no target":              {Line{Rate: "1/s"}, "--rate: there is nothing to send to; write loadtrace run http://127.0.0.1:8080/ --rate …"},
		"a body of gRPC":         {Line{GRPC: "h:1/a.B/C", Body: "x"}, "--body: is for a URL, and there is --grpc; write --data"},
		"no method of gRPC":      {Line{GRPC: "h:1"}, `--grpc: "h:1" names no method; write host:port/package.Service/Method, such as 127.0.0.1:8081/grpc.health.v1.Health/Check`},
		"a scheme of gRPC":       {Line{GRPC: "http://h:1/a.B/C"}, `--grpc: "http" is not a scheme of gRPC; write grpc:// for a server without TLS, grpcs:// for one with TLS`},
		"a dot for a slash":      {Line{GRPC: "h:1/a.B.C"}, `--grpc: "a.B.C" is not a method; did you mean a.B/C?`},
		"no JSON":                {Line{GRPC: "h:1/a.B/C", Data: "{"}, `--data: is no JSON: unexpected end of JSON input; write a message such as {"name": "x"}, or a list of them`},
		"bytes":                  {Line{URL: url, Body: "\xff"}, "--body: is not UTF-8; put it into a file and write @file"},
		"two faults":             {Line{URL: "http://", Rate: "x"}, "URL: \"http://\" has no host; write one such as http://127.0.0.1:8080/path\n--rate: \"x\" is not a rate; write one such as 500/s, 30/m or 10/h"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.line.Plan()
			assert.EqualError(t, err, c.want)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestAnAllowListHoldsForALine(t *testing.T) {
	_, err := (&Line{URL: "http://192.0.2.1/"}).Plan("limits.allowed_targets=[127.0.0.1]")
	assert.ErrorContains(t, err, "URL: 192.0.2.1:80 is not in limits.allowed_targets; ")
}

func TestAFaultOfASetValueNamesTheSet(t *testing.T) {
	line := Line{URL: "http://h/"}
	for _, read := range []func(...string) error{
		func(s ...string) error { _, err := line.Plan(s...); return err },
		func(s ...string) error { _, err := line.Source(s...); return err },
	} {
		assert.ErrorContains(t, read("attacks[0].http.urll=x"), "--set attacks[0].http.urll: attacks[0].http.urll: unknown key; did you mean url?")
	}
}

func TestAURLWithoutASchemeIsKnown(t *testing.T) {
	for _, arg := range []string{"localhost:8080", "localhost/x", "127.0.0.1:8080/path?a=b", "[::1]:80", "api.example.com", "api:8080", "u@api.example.com/x"} {
		assert.ErrorContains(t, WithoutScheme(arg), "has no scheme", arg)
	}
	for _, arg := range []string{"plan", "plan.yaml", "a/plan.yml", "-", "plans/quick", "http://h/", `C:\plan.yaml`} {
		assert.NoError(t, WithoutScheme(arg), arg)
	}
	assert.NotContains(t, WithoutScheme("u:hunter2@api.example.com").Error(), "hunter2")
}
