package planfile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
		"=x":                                       `unknown key; the keys here are name, order, attacks, limits, sampling, profiles, thresholds, trust`,
		"limit.grace=1s":                           `limit: unknown key; did you mean limits? the keys here are name, order, attacks, limits, sampling, profiles, thresholds, trust`,
		"limits.x=1s":                              `limits.x: unknown key; the keys here are grace, overrun, max_duration, allowed_targets`,
		"attacks[1].name=x":                        `attacks: there is no element [1]; there are [0] login; to add one, set the list as a whole`,
		"attacks[00].name=x":                       `attacks: [00] begins with a zero, as no index does; write .00 for the element of that name, or the index without it`,
		"attacks.00.name=x":                        `attacks: there is no element "00"; there are [0] login; to add one, set the list as a whole`,
		"attacks.login.load[01]={}":                `attacks[0].load: [01] begins with a zero, as no index does; write .01 for the element of that name, or the index without it`,
		"attacks.logout.name=x":                    `attacks: there is no element "logout"; there are [0] login; to add one, set the list as a whole`,
		"attacks.login.load[7]={}":                 `attacks[0].load: there is no element [7]; there are [0] first; to add one, set the list as a whole`,
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
			label, _, _ := strings.Cut(set, "=") // the value may be a secret
			if r := []rune(label); len(r) > 60 {
				label = string(r[:60]) + "…"
			}
			assert.Equal(t, []string{"--set " + label + ": " + want}, got)
		})
	}
}

// digital is a plan whose names are digits, and whose header has another case.
const digital = `attacks:
  - name: a
    http: {url: http://127.0.0.1:8080/, headers: {authorization: x, X.Y: y}}
    load:
      - {name: "1", constant: 1/s, count: 1}
      - {name: "second", constant: 2/s, count: 1}
      - {name: "2", constant: 3/s, count: 1}
      - {name: "9", constant: 4/s, count: 1}
      - {name: "a.b [c", constant: 5/s, count: 1}
      - {name: twin, constant: 6/s, count: 1}
      - {name: twin, constant: 7/s, count: 1}
      - {constant: 8/s, count: 1}
limits: {allowed_targets: [127.0.0.1, "*.test"]}
thresholds:
  - {metric: error_ratio, at_most: 1%}
  - {metric: response_time, percentile: 99, at_most: 1s}
`

func TestBracketsHoldAnIndexAndDotsANameOfAList(t *testing.T) {
	for set, changed := range map[string]int{
		"attacks[0].load[0].constant=100/s":       0,
		"attacks[0].load[1].constant=100/s":       1, // whatever is named 1
		"attacks[0].load[2].constant=100/s":       2,
		"attacks.a.load[9].constant=100/s":        -1, // a name, and no index
		"attacks.a.load.9.constant=100/s":         3,  // a name, and no index
		"attacks[a].load.2.constant=100/s":        2,  // the name of its own index
		"attacks.0.load.7.constant=100/s":         7,  // an index that is not a name
		"attacks.a.load[second].constant=100/s":   1,
		"attacks.a.load[a.b [c].constant=100/s":   4,
		"attacks.a.load.1.constant=100/s":         -1, // the name of [0], the index of [1]
		"attacks.a.load.twin.constant=100/s":      -1,
		"attacks.a.load[-1].constant=100/s":       -1,
		"attacks.a.load[8].constant=100/s":        -1,
		"attacks.a.load[8]={constant: 1/s}":       -1,
		"attacks.a.load[ 0].constant=100/s":       -1,
		"attacks.a.load[1.constant=100/s":         -1,
		"attacks.a.load[99999999999999999999]={}": -1,
	} {
		t.Run(set, func(t *testing.T) {
			plan, err := planfile.Parse("plan.yaml", []byte(digital), planfile.Set(set))
			if changed < 0 {
				assert.Error(t, err)
				return
			}
			require.NoError(t, err)
			for i, stage := range plan.Attacks[0].Load {
				want := pace.Rate(i + 1)
				if i == changed {
					want = 100
				}
				assert.Equal(t, want, stage.Constant, "load[%d]", i)
			}
		})
	}
}

func TestASetThatMayMeanTwoElementsIsRefused(t *testing.T) {
	const have = "there are [0] 1, [1] second, [2] 2, [3] 9, [4] a.b [c, [5] twin, [6] twin, [7]; to add one, set the list as a whole"
	for set, want := range map[string]string{
		"attacks.a.load.1.constant=5/s":           `attacks[0].load: 1 is the name of [0] and the index of [1]; write the index in brackets`,
		"attacks.a.load.twin.constant=5/s":        `attacks[0].load: "twin" is the name of [5], [6]; write the index of one`,
		"attacks.a.load[twin].constant=5/s":       `attacks[0].load: "twin" is the name of [5], [6]; write the index of one`,
		"attacks.a.load[9].constant=5/s":          `attacks[0].load: there is no element [9]; ` + have,
		"attacks.a.load.8.constant=5/s":           `attacks[0].load: there is no element "8"; ` + have,
		"attacks.a.load[8]={constant: 1/s}":       `attacks[0].load: there is no element [8]; ` + have,
		"attacks.a.load[-1].constant=5/s":         `attacks[0].load: there is no element [-1]; ` + have,
		"attacks.a.load[].constant=5/s":           `attacks[0].load: there is no element []; ` + have,
		"attacks.a.load[1.constant=5/s":           `attacks[0].load: "[1.constant" has a [ without a ]; write one such as [0] or [login]`,
		"attacks.a.load[1]constant=5/s":           `attacks[0].load: "constant" stands after ]; write .KEY, another [INDEX] or nothing`,
		"attacks.a.load[1].=5/s":                  `attacks[0].load: "." stands after ]; write .KEY, another [INDEX] or nothing`,
		"attacks.a.load.=[]":                      `attacks[0]: "load." ends in a dot; write the key after it, or leave it out`,
		"attacks.a..load=[]":                      `attacks[0].: unknown key; the keys here are name, http, grpc, load, workers, max_workers, baggage`,
		"attacks.a.load[a=b].constant=5/s":        `attacks[0].load: "[a" has a [ without a ]; write one such as [0] or [login]`,
		"thresholds[2].at_most=5%":                `thresholds: there is no element [2]; there are [0], [1]; to add one, set the list as a whole`,
		"thresholds.error_ratio.at_most=5%":       `thresholds: there is no element "error_ratio"; there are [0], [1]; to add one, set the list as a whole`,
		"limits.allowed_targets[2]=*":             `limits.allowed_targets: there is no element [2]; there are [0], [1]; to add one, set the list as a whole`,
		"limits.allowed_targets[0].x=*":           `limits.allowed_targets[0].x: there are no keys below limits.allowed_targets[0]; set limits.allowed_targets[0] itself`,
		"attacks[0].grpc.import_paths[0]=x":       `attacks[0].grpc.import_paths: there is no element [0]; the list is empty: set it as a whole`,
		"attacks[0].http.headers[X].y=x":          `attacks[0].http.headers: "[X].y" does not end in ]; write attacks[0].http.headers.NAME`,
		"attacks[0].http.headers.X[1]=x":          `attacks[0].http.headers.X[1]: "X[1]" is not the name of a header; use letters, digits and -`,
		"attacks[0].http.headers[traceparent]=00": `attacks[0].http.headers.traceparent: is the generator's: it names the trace of each request; leave it out`,
	} {
		t.Run(set, func(t *testing.T) {
			got := faultsOf(t, digital, planfile.Set(set))
			label, _, _ := strings.Cut(set, "=")
			assert.Contains(t, got, "--set "+label+": "+want)
		})
	}
}

func TestTheOnlyAttackIsCalledDefaultUnlessItHasAName(t *testing.T) {
	assert.Equal(t, 3, parse(t, quick, planfile.Set("attacks.default.workers=3")).Attacks[0].Workers)
	assert.Contains(t, faultsOf(t, named, planfile.Set("attacks.default.workers=3"))[0], `attacks: there is no element "default"`)
}

func TestASetOfAListThatIsNoneIsRefused(t *testing.T) {
	assert.Contains(t, faultsOf(t, "attacks: {login: {workers: 1}}\n", planfile.Set("attacks[0].workers=1")),
		"--set attacks[0].workers: attacks: is a mapping of keys, not a list; set attacks as a whole")
}

func TestASetChangesElementsOfEveryKindOfList(t *testing.T) {
	plan := parse(t, digital, planfile.Set(
		"limits.allowed_targets[1]=*.example.test", "limits.allowed_targets.0=10.0.0.0/8",
		"thresholds[1].at_most=2s", "thresholds.0.at_most=5%",
		"attacks[0].http.url=http://10.0.0.1/"))
	assert.Equal(t, []string{"10.0.0.0/8", "*.example.test"}, plan.Limits.AllowedTargets)
	assert.Equal(t, loadgen.Limit("5%"), plan.Thresholds[0].AtMost)
	assert.Equal(t, loadgen.Limit("2s"), plan.Thresholds[1].AtMost)
}

// Two spellings would be two headers, of which the plan may have one only.
func TestASetOfAHeaderReplacesItInAnyCase(t *testing.T) {
	plan := parse(t, digital, planfile.Set(
		"attacks[0].http.headers.Authorization=new", "attacks.a.http.headers[x.y]=z", "attacks.a.http.headers.X=x", "attacks.a.http.headers.A.B-C.=d"))
	assert.Equal(t, map[string]string{"authorization": "new", "X.Y": "z", "X": "x", "A.B-C.": "d"}, plan.Attacks[0].HTTP.Headers)
}

func TestOfSeveralSetsOfOneKeyTheLastWinsHoweverItIsWritten(t *testing.T) {
	plan := parse(t, digital, planfile.Set("attacks[0].workers=1", "attacks.a.workers=2", "attacks.0.workers=3", "attacks[a].workers=4"))
	assert.Equal(t, 4, plan.Attacks[0].Workers)
	plan = parse(t, digital, planfile.Set("attacks[0].name=b", "attacks.b.workers=2", "attacks[0].load=[{name: x, constant: 1/s, count: 1}]", "attacks.b.load.x.constant=9/s"))
	assert.Equal(t, 2, plan.Attacks[0].Workers)
	assert.Equal(t, pace.Rate(9), plan.Attacks[0].Load[0].Constant)
}

func TestASetBelowAValueThatHasNoKeysIsRefused(t *testing.T) {
	assert.Contains(t, faultsOf(t, "limits: 5s\n"+named, planfile.Set("limits.grace=1s")),
		"--set limits.grace: limits: is a single value, so that it has no keys; set limits as a whole")
}
