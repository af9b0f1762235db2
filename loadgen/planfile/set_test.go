package planfile_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

const named = `attacks:
  - name: login
    http: {url: http://127.0.0.1:8080/}
    load:
      - {name: first, constant: 200/s, duration: 10s}
`

func TestASetChangesWhatTheFileSays(t *testing.T) {
	plan := parse(t, named, planfile.Set(
		"attacks[0].http.url=http://h/?a=b#c",
		"attacks[0].http.body=a: b #c",
		"attacks.login.load.first.constant=500/s",
		"attacks.login.load[0].duration=1m"))
	assert.Equal(t, "http://h/?a=b#c", plan.Attacks[0].HTTP.URL)
	assert.Equal(t, "a: b #c", plan.Attacks[0].HTTP.Body, "a text is taken as it stands")
	assert.Equal(t, []pace.Stage{{Name: "first", Constant: 500, Duration: time.Minute}}, plan.Attacks[0].Load)
}

func TestASetAddsKeysThatTheFileLacks(t *testing.T) {
	plan := parse(t, named, planfile.Set(
		"name=other",
		"limits.grace=1s",
		"attacks.login.http.tls.server_name=example.test",
		"attacks.login.http.headers.X.With-Dots=Bearer: {x}",
		"attacks.login.http.keep_alive=false",
		`attacks.login.http.body={"a": [1]}`))
	attack := plan.Attacks[0]
	assert.Equal(t, "other", plan.Name)
	assert.Equal(t, time.Second, plan.Limits.Grace)
	assert.Equal(t, "example.test", attack.HTTP.TLS.ServerName)
	assert.Equal(t, map[string]string{"X.With-Dots": "Bearer: {x}"}, attack.HTTP.Headers)
	assert.False(t, *attack.HTTP.KeepAlive)
	assert.Equal(t, `{"a": [1]}`, attack.HTTP.Body)
}

func TestASetTakesInlineYAML(t *testing.T) {
	plan := parse(t, named, planfile.Set(
		"attacks.login.load=[{ramp: {from: 1/s, to: 2/s}, count: 5}, {max: {workers: 3}, duration: 1s}]",
		"limits={overrun: 1s}"))
	assert.Equal(t, []pace.Stage{
		{Ramp: &pace.Ramp{From: 1, To: 2}, Count: 5},
		{Max: &pace.Max{Workers: 3}, Duration: time.Second},
	}, plan.Attacks[0].Load)
	assert.Equal(t, time.Second, plan.Limits.Overrun)
}

func TestALaterSetWins(t *testing.T) {
	plan := parse(t, named, planfile.Set("name=a"), planfile.Set("name=b"))
	assert.Equal(t, "b", plan.Name)
}

func TestASetToNullGivesTheDefaultBack(t *testing.T) {
	plan := parse(t, named+"limits: {grace: 3s}\n", planfile.Set("limits.grace=null", "attacks.login.load[0].name="))
	assert.Equal(t, 500*time.Millisecond, plan.Limits.Grace)
	assert.Empty(t, plan.Attacks[0].Load[0].Name)
}

func TestASetMayMakeAWholePlan(t *testing.T) {
	plan := parse(t, "", planfile.Set("attacks=[{http: {url: 'http://h/'}, load: [{constant: 1/s, count: 1}]}]", "order=sequence"))
	assert.Equal(t, "http://h/", plan.Attacks[0].HTTP.URL)
	assert.Equal(t, loadgen.Sequence, plan.Order)
}

func TestASetReplacesVariables(t *testing.T) {
	plan := parse(t, named, env(map[string]string{"RATE": "7/s", "X": "y"}),
		planfile.Set("attacks.login.load[0].constant=${env:RATE}", "attacks.login.http.body=${env:X}$$"))
	assert.Equal(t, pace.Rate(7), plan.Attacks[0].Load[0].Constant)
	assert.Equal(t, "y$", plan.Attacks[0].HTTP.Body)
}

func TestASetThatIsWrongSaysWhatIsThere(t *testing.T) {
	for set, want := range map[string]string{
		"name":                                     `has no =; write KEY=VALUE, such as attacks[0].http.timeout=5s`,
		"=x":                                       `unknown key; the keys here are name, order, attacks, limits, sampling, thresholds, trust`,
		"limit.grace=1s":                           `limit: unknown key; did you mean limits? the keys here are name, order, attacks, limits, sampling, thresholds, trust`,
		"limits.x=1s":                              `limits.x: unknown key; the keys here are grace, overrun, max_duration, allowed_targets`,
		"attacks[1].name=x":                        `attacks: there is no element "1"; there are [0] login`,
		"attacks.logout.name=x":                    `attacks: there is no element "logout"; there are [0] login`,
		"attacks.login.load[7]={}":                 `attacks[0].load: there is no element "7"; there are [0] first`,
		"name.x=y":                                 `name.x: there are no keys below name; set name itself`,
		"attacks[0].http.timeout=10":               `attacks[0].http.timeout: 10 has no unit; write 10s or 10ms`,
		"attacks[0].http.timeout=[":                `attacks[0].http.timeout: sequence end token ']' not found`,
		"attacks[0].http.timeout=${env:NONE}":      `attacks[0].http.timeout: environment variable NONE is not set; set it, or write ${env:NONE:-default}`,
		"attacks[0].http.body=${env:NONE}":         `attacks[0].http.body: environment variable NONE is not set; set it, or write ${env:NONE:-default}`,
		"attacks[0].http.body=\xff":                `attacks[0].http.body: is not UTF-8; write text`,
		"attacks[0].http={url: 'http://h/', x: 1}": `attacks[0].http.x: unknown key; the keys here are url, method, headers, body, body_file, targets, literal, protocol, keep_alive, connections, max_connections, timeout, redirects, max_body, tls`,
		"attacks[0].http.url=":                     `attacks[0].http.url: is missing; write url, or targets for a file of requests`,
	} {
		t.Run(set, func(t *testing.T) {
			got := faultsOf(t, named, env(nil), planfile.Set(set))
			label := set
			if set == "attacks[0].http.body=\xff" {
				label = "attacks[0].http.body=\ufffd"
			}
			if r := []rune(label); len(r) > 60 {
				label = string(r[:60]) + "…"
			}
			assert.Equal(t, []string{"--set " + label + ": " + want}, got)
		})
	}
}

func TestASetBelowAValueThatHasNoKeysIsRefused(t *testing.T) {
	assert.Contains(t, faultsOf(t, "limits: 5s\n"+named, planfile.Set("limits.grace=1s")),
		"--set limits.grace=1s: limits: is a single value, so that it has no keys; set limits as a whole")
}
