package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"github.com/loadtrace/loadtrace/loadgen"
)

// trustAll runs with the trust of writePlan.
var trustAll = []string{"--set", "trust=" + trusting, "--json", "--quiet", "--listen", "none"}

func TestAURLIsAttackedWithoutAPlan(t *testing.T) {
	tg := newTestTarget(t)
	c := loadtrace(t, append([]string{"run", tg.url, "--rate", "100/s", "--duration", "1s"}, trustAll...)...)
	c.run(t, 0)
	s := c.summary(t)
	assert.EqualValues(t, 100, s.Total.Requests.Finished)
	assert.EqualValues(t, 100, tg.hits.Load())
	assert.Equal(t, tg.url[len("http://"):], s.Plan)

	c = loadtrace(t, append([]string{"run", tg.url, "--workers", "2", "--duration", "200ms"}, trustAll...)...)
	c.run(t, 0)
	s = c.summary(t)
	assert.Positive(t, s.Total.Requests.Finished)
	assert.Zero(t, s.Total.RateWanted, "a closed loop")
}

func TestAURLGetsTheMethodHeadersAndBodyOfTheCommandLine(t *testing.T) {
	var mu sync.Mutex
	var method, token, body string
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		method, token, body = r.Method, r.Header.Get("Authorization"), string(text)
	}))
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "body.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"a": 1}`), 0o600))
	for _, given := range []string{"@" + file, `{"a": 1}`} {
		c := loadtrace(t, append([]string{"run", s.URL, "--rate", "5/s", "--duration", "1s", "--body", given, "--header", "Authorization: Bearer ${env:LOADTRACE_TEST_TOKEN}"}, trustAll...)...)
		c.Env = append(c.Env, "LOADTRACE_TEST_TOKEN=hunter2")
		c.run(t, 0)
		mu.Lock()
		assert.Equal(t, []string{"POST", "Bearer hunter2", `{"a": 1}`}, []string{method, token, body})
		mu.Unlock()
		assert.NotContains(t, c.out.String()+c.err.String(), "hunter2")
	}
}

func TestAMethodOfGRPCIsCalledWithoutAPlan(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(s, health.NewServer())
	reflection.Register(s)
	go s.Serve(l)
	t.Cleanup(s.Stop)
	call := l.Addr().String() + "/grpc.health.v1.Health/"
	c := loadtrace(t, append([]string{"run", "--grpc", call + "Check", "--data", `{"service": ""}`, "--rate", "20/s", "--duration", "500ms"}, trustAll...)...)
	c.run(t, 0)
	assert.EqualValues(t, 10, c.summary(t).Total.Status["OK"])

	c = loadtrace(t, append([]string{"run", "--grpc", call + "Czech"}, trustAll...)...)
	c.run(t, 2)
	assert.Contains(t, c.err.String(), "Error: --grpc: service grpc.health.v1.Health has no method Czech; call one of ")
}

func TestAPrintedPlanDoesWhatTheCommandLineDoes(t *testing.T) {
	tg := newTestTarget(t)
	line := []string{"run", tg.url, "--rate", "100/s", "--duration", "1s", "--header", "Authorization: Bearer ${env:LOADTRACE_TEST_TOKEN}", "--set", "trust=" + trusting}
	printed := loadtrace(t, append(line, "--print-plan")...)
	printed.Env = append(printed.Env, "LOADTRACE_TEST_TOKEN=hunter2")
	printed.run(t, 0)
	assert.Zero(t, tg.hits.Load(), "nothing is run")
	assert.Contains(t, printed.out.String(), `Authorization: "Bearer ${env:LOADTRACE_TEST_TOKEN}"`)
	assert.Empty(t, printed.err.String())

	var digests []loadgen.Digest
	for _, args := range [][]string{line, {"run", "-"}} {
		c := loadtrace(t, append(args, "--json", "--quiet", "--listen", "none")...)
		c.Env = append(c.Env, "LOADTRACE_TEST_TOKEN=hunter2")
		c.Stdin = bytes.NewReader(printed.out.Bytes())
		c.run(t, 0)
		s := c.summary(t)
		assert.EqualValues(t, 100, s.Total.Requests.Finished)
		assert.Equal(t, tg.url[len("http://"):], s.Plan)
		digests = append(digests, *s.Attacks[0].Digest)
	}
	assert.Equal(t, digests[0], digests[1], "the same plan")
}

func TestFlagsOfAURLThatDoNotFitAreExplained(t *testing.T) {
	good := writePlan(t, "http://127.0.0.1:1", "[{constant: 1/s, count: 1}]")
	const url = "http://127.0.0.1:1/"
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"a rate beside a plan":  {[]string{good, "--rate", "5/s"}, "--rate: is for a URL, and there is a plan"},
		"the plan of a plan":    {[]string{good, "--print-plan"}, "--print-plan: prints the plan of a URL"},
		"no scheme":             {[]string{"127.0.0.1:8080/x"}, `URL: "127.0.0.1:8080/x" has no scheme, and there is no such file; write http://127.0.0.1:8080/x`},
		"a rate without a unit": {[]string{url, "--rate", "5"}, "--rate: 5 has no unit; write 5/s"},
		"rate and workers":      {[]string{url, "--rate", "5/s", "--workers", "2"}, "--workers: "},
		"a URL and gRPC":        {[]string{url, "--grpc", "h:1/a.B/C"}, "--grpc: there is a URL too"},
		"a rate for nothing":    {[]string{"--rate", "5/s"}, "--rate: there is nothing to send to"},
		"two URLs":              {[]string{url, url}, "want one plan or one URL, got 2 arguments"},
		"a plan to print":       {[]string{url, "--rate", "5", "--print-plan"}, "--rate: 5 has no unit"},
		"a missing plan":        {[]string{"none"}, "none: there is no such plan; loadtrace init"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := loadtrace(t, append([]string{"run"}, c.args...)...)
			cmd.run(t, 2)
			assert.Contains(t, cmd.err.String(), "Error: "+c.want)
			assert.Empty(t, cmd.out.String())
		})
	}
}

func TestTheReferenceShowsThePrintedPlanAsItIs(t *testing.T) {
	text, err := os.ReadFile("../../docs/plan.md")
	require.NoError(t, err)
	c := loadtrace(t, "run", "http://127.0.0.1:8080/auth/validate", "--rate", "200/s", "--header", "Authorization: Bearer ${env:TOKEN}", "--print-plan")
	c.Env = append(c.Env, "TOKEN=x")
	c.run(t, 0)
	assert.Contains(t, string(text), c.out.String()+"```\n")
}
