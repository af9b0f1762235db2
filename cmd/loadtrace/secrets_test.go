package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// secret is planted wherever one may be; where a part of a test needs several, its name
// goes on.
const secret = "S3CRET"

// hidesSecrets checks all that a command showed.
func (c *command) hidesSecrets(t *testing.T) {
	t.Helper()
	for _, shown := range []string{c.out.String(), c.err.String()} {
		assert.NotContains(t, strings.ToUpper(shown), secret)
		for _, user := range []string{"u:" + secret, "u:" + secret + "otlp"} {
			assert.NotContains(t, shown, base64.StdEncoding.EncodeToString([]byte(user)))
		}
	}
}

// secretPlan has a secret in each place of a plan that can hold one, and attacks an HTTP
// target and a gRPC one that is not there.
func secretPlan(t *testing.T, target string) string {
	dir := t.TempDir()
	targets := filepath.Join(dir, "targets.http")
	host := strings.TrimPrefix(target, "http://")
	require.NoError(t, os.WriteFile(targets, fmt.Appendf(nil,
		"GET http://u:%[1]s@%[2]s/?token=%[1]s\nAuthorization: Bearer %[1]s\nCookie: a=%[1]s\n", secret, host), 0o600))
	echo := write(t, "echo.proto", "syntax = \"proto3\";\npackage echo.v1;\nmessage Note { string text = 1; }\nservice Echo { rpc Unary(Note) returns (Note); }\n")
	plan := fmt.Sprintf(`
name: secrets
attacks:
- name: url
  http:
    url: 'http://u:%[1]s@%[2]s/?api_key=%[1]s&x=1'
    method: POST
    headers: {Authorization: Bearer %[1]s, X-Mine: '${env:HEADER}'}
    body: '{"password": "%[1]s"}'
  load: [{constant: 100/s, count: 5}]
- name: refused
  http: {url: 'http://u:%[1]s@%[3]s/?password=%[1]s', headers: {X-Api-Key: %[1]s}}
  load: [{constant: 100/s, count: 5}]
- name: targets
  http: {targets: {file: '%[4]s'}, redirects: 3}
  load: [{constant: 100/s, count: 5}]
- name: call
  grpc:
    target: '%[3]s'
    method: echo.v1.Echo/Unary
    plaintext: true
    proto: '%[5]s'
    metadata: {token: %[1]s}
    data: '{"text": "%[1]s"}'
  load: [{constant: 100/s, count: 5}]
trust: %[6]s
`, secret, host, closedPort, targets, echo, trusting)
	path := filepath.Join(dir, "plan.yaml")
	require.NoError(t, os.WriteFile(path, []byte(plan), 0o600))
	return path
}

func TestNoOutputOfARunHasASecret(t *testing.T) {
	w := newSecretive(t)
	plan, dir := secretPlan(t, w.target), t.TempDir()
	junit, markdown := filepath.Join(dir, "r.xml"), filepath.Join(dir, "r.md")
	otlp := secretFlags(t)
	run := func(t *testing.T, code int, flags ...string) {
		cmd := loadtrace(t, append([]string{"run", plan}, flags...)...)
		cmd.Env = append(cmd.Env, "HEADER="+secret+"env")
		cmd.run(t, code)
		cmd.hidesSecrets(t)
	}
	for name, c := range map[string]struct {
		flags []string
		code  int
	}{
		"the terminal":             {otlp(w.front), 0},
		"JSON":                     {append(otlp(w.front), "--json"), 0},
		"reports":                  {append(otlp(w.front), "--junit", junit, "--markdown", markdown), 0},
		"an endpoint that denies":  {append(otlp(w.denies), "--json"), 98},
		"an endpoint that is gone": {otlp("http://" + closedPort), 98},
		"one over gRPC":            {otlp("grpc://" + closedPort), 98},
		"the log of a collector":   {[]string{"--config", secretCollector(t, w.front)}, 0},
		"of one that fails":        {[]string{"--config", secretCollector(t, w.denies), "--flush-timeout", "500ms"}, 0}, // it has a queue of its own
	} {
		t.Run(name, func(t *testing.T) { run(t, c.code, c.flags...) })
	}
	for _, path := range []string{junit, markdown} {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.NotContains(t, string(text), secret)
	}
	w.sink.mu.Lock()
	assert.NotContains(t, w.sink.bodies.String(), secret, "telemetry")
	w.sink.mu.Unlock()
	run(t, 0, append(otlp(w.front), "--quiet")...)
	w.wereToldSecrets(t)
}

// secretive are a target and OTLP endpoints that note the secrets they are sent.
type secretive struct {
	target, front, denies string // URLs; front hands on to sink
	sink                  *otlpSink

	mu   sync.Mutex      // guards what follows
	sent map[string]bool // X-Mine of requests
	got  http.Header     // of the last export
}

func newSecretive(t *testing.T) *secretive {
	s := &secretive{sink: newSink(t, "127.0.0.1:0"), sent: map[string]bool{}}
	serve := func(h http.HandlerFunc) string {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return server.URL
	}
	s.target = serve(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sent[r.Header.Get("X-Mine")] = true
		http.Redirect(w, r, "http://u:"+secret+"@elsewhere.invalid/?token="+secret, http.StatusFound)
	})
	s.front = serve(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.got = r.Header.Clone()
		s.mu.Unlock()
		s.sink.ServeHTTP(w, r)
	})
	s.denies = serve(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) })
	return s
}

// wereToldSecrets: what is hidden is sent all the same.
func (s *secretive) wereToldSecrets(t *testing.T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	assert.True(t, s.sent[secret+"env"], "it is sent to the target all the same")
	assert.Equal(t, "a "+secret+"env", s.got.Get("x-env"))
	assert.Equal(t, secret+"file==", s.got.Get("x-file"))
	assert.Equal(t, "line", s.got.Get("x-both"), "the command line wins")
	assert.Equal(t, "Basic "+base64.StdEncoding.EncodeToString([]byte("u:"+secret+"otlp")), s.got.Get("Authorization"))
}

// secretFlags are those of an export to an endpoint, with a secret in each that can have one.
func secretFlags(t *testing.T) func(url string) []string {
	headers := write(t, "headers", "# of the collector\nx-file="+secret+"file==\r\n\nX-Both=file\n")
	return func(url string) []string {
		url = strings.Replace(url, "://", "://u:"+secret+"otlp@", 1)
		return []string{"--listen", "none", "--flush-timeout", "500ms", "--otlp", url,
			"--otlp-header", "x-env=a ${env:HEADER}", "--otlp-header", "x-both=line", "--otlp-header-file", headers}
	}
}

// secretCollector is a configuration that logs what it can.
func secretCollector(t *testing.T, endpoint string) string {
	return write(t, "collector.yaml", fmt.Sprintf(`
receivers: {loadgen: {}}
exporters: {otlp_http: {endpoint: %q, compression: none, headers: {authorization: '${env:HEADER}'}}, debug: {verbosity: detailed}}
service:
  telemetry: {metrics: {level: none}, logs: {level: debug}}
  pipelines:
    traces: {receivers: [loadgen], exporters: [otlp_http, debug]}
    logs: {receivers: [loadgen], exporters: [otlp_http, debug]}
    metrics: {receivers: [loadgen], exporters: [otlp_http, debug]}
`, endpoint))
}

// The error about a header showed it, and that about an endpoint its password.
func TestNoErrorOfACommandHasASecret(t *testing.T) {
	good := writePlan(t, "http://"+closedPort, "[{constant: 1/s, count: 1}]")
	key := write(t, "key.pem", "-----BEGIN PRIVATE KEY-----\n"+secret+"\n-----END PRIVATE KEY-----\n")
	run := func(flags ...string) []string { return append([]string{"run", good, "--listen", "none"}, flags...) }
	held := write(t, "held", secret+"file\n")

	collector := write(t, "collector.yaml", `
receivers: {loadgen: {}}
processors: {batch: {timeout: '${env:HEADER}', send_batch_size: '${file:`+held+`}'}}
exporters: {debug: {verbosity: '${HEADER}'}, otlp_http: {endpoint: 'http://u:${env:HEADER}@%h', timeout: '${env:TREE}'}}
service: {pipelines: {traces: {receivers: [loadgen], processors: [batch], exporters: [debug, otlp_http]}}}
`)
	endpoint := write(t, "endpoint.yaml", `
receivers: {loadgen: {}}
exporters: {otlp_grpc: {endpoint: '${env:HEADER} x://y', auth: {authenticator: '${env:HEADER}'}}}
service: {pipelines: {traces: {receivers: [loadgen], exporters: [otlp_grpc]}}}
`)
	for name, args := range map[string][]string{
		"a configuration":          {"run", good, "--config", collector},
		"a configuration's check":  {"validate", "--config", collector},
		"a collector":              {"--config", collector},
		"an endpoint of a config":  {"run", good, "--config", endpoint},
		"a component that is none": {"validate", "--config", endpoint},
		"no key":                   run("--otlp", "http://h", "--otlp-header", secret),
		"no key of several":        run("--otlp", "http://h", "--otlp-header", "a=b", "--otlp-header", "a b="+secret),
		"a value":                  run("--otlp", "http://h", "--otlp-header", "a="+secret+"\n"),
		"a file of headers":        run("--otlp", "http://h", "--otlp-header-file", write(t, "headers", secret+"\n")),
		"no variable":              run("--otlp", "http://h", "--otlp-header", "a="+secret+"${env:NONE_SUCH}"),
		"an endpoint":              run("--otlp", "http://u:p/"+secret+"@h"),
		"an endpoint's scheme":     run("--otlp", "ftp://u:"+secret+"@h"),
		"an escape":                run("--otlp", "http://u:p%ss"+secret+"@h"),
		"a circle":                 {"run", good, "--listen", "http://127.0.0.1:14318", "--otlp", "http://u:" + secret + "@127.0.0.1:14318"},
		"a key file":               run("--set", "attacks[0].http={url: 'https://h', tls: {cert_file: "+key+", key_file: "+key+"}}"),
		"a port":                   run("--otlp", "http://u:"+secret+"@h:99999"),
		"an address of a config":   {"validate", "--config", "https://u:" + secret + "@h/x"},
		"a listener":               run("--listen", "http://u:"+secret+"@h/"),
	} {
		t.Run(name, func(t *testing.T) {
			c := loadtrace(t, args...)
			c.Env = append(c.Env, "HEADER="+secret+" env", "TREE={a: ["+secret+"leaf]}")
			c.run(t, 2)
			assert.NotEmpty(t, c.err.String())
			c.hidesSecrets(t)
			if strings.Contains(strings.Join(args, " "), collector) {
				assert.Contains(t, c.err.String(), "${env:HEADER}", "it says which value is wrong")
			}
		})
	}
}

// The exporter follows redirects, and sent the headers along to wherever they lead.
func TestAnEndpointThatRedirectsGivesNoOtherTheHeaders(t *testing.T) {
	var came atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came.Add(1) }))
	t.Cleanup(other.Close)
	endpoint := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	t.Cleanup(endpoint.Close)
	plan := writePlan(t, "http://"+closedPort, "[{constant: 100/s, count: 10}]")
	c := loadtrace(t, "run", plan, "--listen", "none", "--otlp", endpoint.URL, "--otlp-header", "x-api-key="+secret, "--flush-timeout", "300ms")
	c.run(t, 98)
	c.hidesSecrets(t)
	assert.Zero(t, came.Load())
	assert.Contains(t, c.err.String()+c.out.String(), "it redirects to another origin, "+other.URL)
}
