package planfile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

// withBody is a plan whose body is as written, so that the text that becomes
// of it can be seen.
func withBody(body string) string {
	return "attacks:\n- http:\n    url: http://h/\n    body: " + body + "\n  load: [{constant: 1/s, count: 1}]\n"
}

func TestVariablesAreReplacedWithinTexts(t *testing.T) {
	vars := env(map[string]string{"A": "one", "EMPTY": "", "DOLLAR": "${env:A} $$"})
	for written, want := range map[string]string{
		`${env:A}`:                        "one",
		`x${env:A}y${env:A}z`:             "xoneyonez",
		`"${env:A}"`:                      "one",
		`'${env:A}'`:                      "one",
		`${env:NONE:-two}`:                "two",
		`${env:A:-two}`:                   "one",
		`"[${env:NONE:-}]"`:               "[]",
		`"[${env:EMPTY:-two}]"`:           "[]",
		`${env:NONE:-${env:A}}`:           "one",
		`${env:NONE:-${env:NADA:-three}}`: "three",
		`${env:NONE:-a$$b}`:               "a$b",
		`${env:NONE:-http://h:1/}`:        "http://h:1/",
		`$$`:                              "$",
		`$${env:A}`:                       "${env:A}",
		`5$`:                              "5$",
		`$A`:                              "$A",
		`${env:DOLLAR}`:                   "${env:A} $$",
	} {
		t.Run(written, func(t *testing.T) {
			assert.Equal(t, want, parse(t, withBody(written), vars).Attacks[0].HTTP.Body)
		})
	}
}

func TestVariablesStandForNumbersToo(t *testing.T) {
	vars := env(map[string]string{"RATE": "30/m", "N": "7", "OFF": "false"})
	plan := parse(t, `
attacks:
- http: {url: http://h/, keep_alive: "${env:OFF}"}
  workers: ${env:N}
  load: [{constant: "${env:RATE}", count: "${env:N}"}]
`, vars)
	attack := plan.Attacks[0]
	assert.Equal(t, 7, attack.Workers)
	assert.Equal(t, []pace.Stage{{Constant: 0.5, Count: 7}}, attack.Load)
	assert.False(t, *attack.HTTP.KeepAlive)
}

func TestAnEmptyVariableLeavesTheDefault(t *testing.T) {
	plan := parse(t, quick+"order: ${env:NONE:-}\n", env(nil))
	assert.Equal(t, "parallel", string(plan.Order))
}

func TestFaultsOfVariablesAreExplained(t *testing.T) {
	vars := env(map[string]string{"BINARY": "\xff"})
	for written, want := range map[string]string{
		`${env:NONE}`:    `plan.yaml:4:11: attacks[0].http.body: environment variable NONE is not set; set it, or write ${env:NONE:-default}`,
		`${NONE}`:        `plan.yaml:4:11: attacks[0].http.body: "${NONE}" begins no environment variable; write ${env:NAME}, or $${ for the characters themselves`,
		`"${env:1:-x}"`:  `plan.yaml:4:11: attacks[0].http.body: "1" is not the name of an environment variable; use letters, digits and _`,
		`${env:A`:        `plan.yaml:4:11: attacks[0].http.body: "${env:A" is not closed; write ${env:NAME} or ${env:NAME:-default}`,
		`${env:A:-x`:     `plan.yaml:4:11: attacks[0].http.body: "${env:A:-x" is not closed; write ${env:NAME} or ${env:NAME:-default}`,
		`${env:A:x}`:     `plan.yaml:4:11: attacks[0].http.body: "${env:A:x}" is not closed; write ${env:NAME} or ${env:NAME:-default}`,
		`${env:BINARY}`:  `plan.yaml:4:11: attacks[0].http.body: environment variable BINARY is not UTF-8; set it to text`,
		`"a ${env:NO} "`: `plan.yaml:4:11: attacks[0].http.body: environment variable NO is not set; set it, or write ${env:NO:-default}`,
	} {
		t.Run(written, func(t *testing.T) {
			_, err := planfile.Parse("plan.yaml", []byte(withBody(written)), vars)
			assert.EqualError(t, err, want)
		})
	}
}

func TestALiteralPlanKeepsItsDollars(t *testing.T) {
	t.Setenv("LOADTRACE_TEST_USER", "expanded")
	src := `attacks: [{name: a, http: {url: "http://127.0.0.1/", body: "$$5 ${env:LOADTRACE_TEST_USER} ${"}, load: [{constant: 1/s, duration: 1s}]}]`
	plan, err := planfile.Parse("plan", []byte(src), planfile.Literal(),
		planfile.Set("attacks[0].http.headers.Cookie=$${env:NO_SUCH}", "attacks[0].http.tls.server_name=a$$b"))
	require.NoError(t, err)
	h := plan.Attacks[0].HTTP
	assert.Equal(t, "$$5 ${env:LOADTRACE_TEST_USER} ${", h.Body)
	assert.Equal(t, "$${env:NO_SUCH}", h.Headers["Cookie"])
	assert.Equal(t, "a$$b", h.TLS.ServerName)
}

// It was once said to have no value, too.
func TestAHeaderWhoseVariableIsNotSetIsReportedOnce(t *testing.T) {
	_, err := planfile.Parse("plan.yaml", []byte("attacks: [{http: {url: 'http://h/', headers: {A: '${env:NONE}'}}, load: [{constant: 1/s, count: 1}]}]"),
		planfile.Env(func(string) (string, bool) { return "", false }))
	assert.EqualError(t, err, "plan.yaml:1:50: attacks[0].http.headers.A: environment variable NONE is not set; set it, or write ${env:NONE:-default}")
}
