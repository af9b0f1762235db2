package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

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
