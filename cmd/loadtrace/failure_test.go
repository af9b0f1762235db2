package main

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// closedPort is an address where nobody listens.
const closedPort = "127.0.0.1:1"

// A summary once said that spans were lost, and neither where nor why.
func TestADeadOTLPEndpointIsNamedWithItsError(t *testing.T) {
	tg := newTestTarget(t)
	for _, scheme := range []string{"http", "grpc"} {
		c := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 100/s, count: 5}]"),
			"--json", "--quiet", "--otlp", scheme+"://"+closedPort, "--flush-timeout", "300ms")
		c.run(t, 98)
		v := c.summary(t).Verdict
		assert.Equal(t, verdict.Undecided, v.Verdict)
		first := v.Reasons[0]
		assert.Contains(t, first, "--otlp, "+scheme+"://"+closedPort+", ")
		assert.Contains(t, first, "dial tcp "+closedPort+": connect: connection refused")
		assert.Equal(t, first, c.summary(t).Faults[0])
		assert.Contains(t, c.err.String(), "undecided: "+first)
		assert.Equal(t, 1, strings.Count(c.err.String(), closedPort+": connect"), "once is enough: %s", &c.err)
	}
}

// The collector's own words on its start once stood before the fault of the plan.
func TestAFaultOfThePlanIsToldAsItIs(t *testing.T) {
	noPEM := writeConfig(t, "none")
	for key, what := range map[string]string{
		"attacks[0].grpc.target: asking " + closedPort: "grpc: {target: '" + closedPort + "', method: a.B/C, plaintext: true}",
		"attacks[0].http.tls.ca_file: " + noPEM:        "http: {url: 'https://h', tls: {ca_file: '" + noPEM + "'}}",
	} {
		c := loadtrace(t, "run", writeConfig(t, "attacks: [{"+what+", load: [{constant: 1/s, count: 1}]}]"), "--quiet")
		c.run(t, 2)
		assert.True(t, strings.HasPrefix(c.err.String(), "Error: "+key), "%s", &c.err)
		for _, word := range []string{"start the collector", "pipelines", "receiver", "prepare"} {
			assert.NotContains(t, c.err.String(), word)
		}
	}
}

// Runs of which nothing worked once ended with a tick and "the measurement is sound".
func TestATotalFailureLooksLikeOneAndExitsWith0WithoutThresholds(t *testing.T) {
	denied := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"error": "the token expired"}`, http.StatusUnauthorized)
	}))
	t.Cleanup(denied.Close)
	const paste = "thresholds: [{metric: error_ratio, at_most: 1%}]"
	for name, c := range map[string]struct{ url, head, sample string }{
		"a dead port":       {"http://" + closedPort, "100 % of requests failed", "refused     dial tcp " + closedPort + ": connect: connection refused"},
		"a name of nothing": {"http://nothing.invalid", "100 % of requests failed", "dns         "},
		"an expired token":  {denied.URL, "100 % errors", `401         {"error": "the token expired"}`},
	} {
		t.Run(name, func(t *testing.T) {
			plan := writePlan(t, c.url, "[{constant: 100/s, count: 20}]")
			cmd := loadtrace(t, "run", plan, "--quiet")
			cmd.run(t, 0)
			assert.Regexp(t, "^✘ test completed in .* · "+c.head+" ", cmd.out.String())
			for _, want := range []string{c.sample, "so the run does not fail: " + c.head, paste} {
				assert.Contains(t, cmd.out.String(), want)
			}
			assert.NotContains(t, cmd.out.String(), "is sound")

			cmd = loadtrace(t, "run", plan, "--quiet", "--json")
			cmd.run(t, 0)
			assert.Contains(t, cmd.err.String(), c.head)
			assert.Contains(t, cmd.err.String(), paste)

			// What is to be pasted does what it is said to.
			cmd = loadtrace(t, "run", writePlanWith(t, c.url, "[{constant: 100/s, count: 20}]", paste+"\ntrust: "+trusting+"\n"), "--quiet")
			cmd.run(t, 99)
		})
	}
}

// Each was "check that it listens there and takes OTLP", the answers with what the exporter
// puts around them.
func TestAnOTLPEndpointThatDoesNotTakeTelemetryIsNamedWithWhatToDo(t *testing.T) {
	tg := newTestTarget(t)
	answers := func(code int) *httptest.Server {
		return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", code) }))
	}
	denies, forbids, nothing, busy := answers(401), answers(403), answers(404), answers(429)
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // or it does not notice that the client has gone
		<-r.Context().Done()
	}))
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	for _, s := range []*httptest.Server{denies, forbids, nothing, busy, hangs, secure} {
		t.Cleanup(s.Close)
	}
	calls := grpc.NewServer()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go calls.Serve(listener)
	t.Cleanup(calls.Stop)
	host := func(s *httptest.Server) string { return s.Listener.Addr().String() }
	over := func(scheme, address string) string { return scheme + "://" + address }
	for name, c := range map[string]struct{ endpoint, cause, fix string }{
		"no token":            {denies.URL, "responded with HTTP Status Code 401", "it denied access: check the token or tenant in --otlp-header"},
		"no tenant":           {forbids.URL, "responded with HTTP Status Code 403", "it denied access: check the token or tenant in --otlp-header"},
		"another path":        {nothing.URL + "/collector", "/collector/v1/", "check the path: /v1/traces, /v1/metrics and /v1/logs are put behind it"},
		"it is overwhelmed":   {busy.URL, "responded with HTTP Status Code 429", "it takes no more: send it less (sampling: 0.1)"},
		"it is slow":          {hangs.URL, "it did not answer in time", "check what holds it up, send it less (sampling: 0.1), or allow more time (--flush-timeout)"},
		"gRPC to an HTTP one": {over("grpc", host(nothing)), "HTTP", "it speaks HTTP there, not gRPC: write http://" + host(nothing)},
		"HTTP to a gRPC one":  {over("http", listener.Addr().String()), "", "write grpc://" + listener.Addr().String()},
		"gRPC without it":     {over("grpc", listener.Addr().String()), "unknown service", "leave out a signal that it does not take with --otlp-signals"},
		"plain HTTP to TLS":   {over("http", host(secure)), "HTTP Status Code 400", "check that it takes OTLP there, and whether it wants TLS: https://" + host(secure)},
		"TLS to plain HTTP":   {over("https", host(nothing)), "", "it speaks no TLS there: write http://" + host(nothing)},
		"plain gRPC to TLS":   {over("grpc", host(secure)), "", "check that it takes OTLP over gRPC there, and whether it wants TLS (grpcs://)"},
		"TLS to plain gRPC":   {over("grpcs", listener.Addr().String()), "", "it speaks no TLS there: write grpc://" + listener.Addr().String()},
		"an unknown CA":       {over("https", host(secure)), "certificate", "its certificate is not trusted here"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 100/s, count: 5}]"),
				"--json", "--quiet", "--listen", "none", "--otlp", c.endpoint, "--flush-timeout", "300ms")
			cmd.run(t, 98)
			first := cmd.summary(t).Verdict.Reasons[0]
			assert.Contains(t, first, "the endpoint of --otlp, "+c.endpoint+", did not take all telemetry: ")
			assert.Contains(t, first, c.cause)
			assert.Contains(t, first, c.fix)
			for _, around := range []string{"Permanent error", "rpc error", "code = "} {
				assert.NotContains(t, first, around)
			}
			assert.Equal(t, 1, strings.Count(strings.TrimSpace(cmd.err.String()), "\n")+1, "one line: %s", &cmd.err)
		})
	}
}
