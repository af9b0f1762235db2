package planfile_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

// faultsOf is what is said of a plan that must be bad, a line for each fault.
func faultsOf(t *testing.T, src string, opts ...planfile.Option) []string {
	t.Helper()
	plan, err := planfile.Parse("plan.yaml", []byte(src), opts...)
	require.Error(t, err)
	require.Nil(t, plan)
	return strings.Split(err.Error(), "\n")
}

// withHTTP is a plan with further keys of http, on line 4 from column 5.
func withHTTP(keys string) string {
	return "attacks:\n- http:\n    url: http://h/\n    " + keys + "\n  load: [{constant: 1/s, count: 1}]\n"
}

func TestSamplingIsAPart(t *testing.T) {
	for value, fault := range map[string]string{
		"1.5":  `1:11: sampling: 1.5 is not a ratio; write a number from 0 to 1: 0.1 gives a span to one request in ten`,
		"-0.1": `1:11: sampling: -0.1 is not a ratio; write a number from 0 to 1: 0.1 gives a span to one request in ten`,
	} {
		assert.Equal(t, []string{"plan.yaml:" + fault}, faultsOf(t, "sampling: "+value+"\n"+withHTTP("")))
	}
}

func TestFaultsNamePlaceKeyWrongAndFix(t *testing.T) {
	for keys, want := range httpFaults {
		t.Run(keys, func(t *testing.T) {
			if want == "" {
				parse(t, withHTTP(keys))
				return
			}
			assert.Equal(t, []string{"plan.yaml:" + want}, faultsOf(t, withHTTP(keys)))
		})
	}
}

// httpFaults are faults of keys below http, by line and column.
var httpFaults = map[string]string{
	`timeout: 10`:                    `4:14: attacks[0].http.timeout: 10 has no unit; write 10s or 10ms`,
	`timeout: soon`:                  `4:14: attacks[0].http.timeout: "soon" is not a duration; write one such as 500ms, 30s or 1h30m (units ns, us, ms, s, m, h)`,
	`timeout: -1s`:                   `4:14: attacks[0].http.timeout: is negative; write one such as 30s`,
	`timeout: 0s`:                    `4:14: attacks[0].http.timeout: 0s is not possible; leave the key out for the default, 30s, or write more than 0`,
	`timeout: [1s]`:                  `4:14: attacks[0].http.timeout: is a list; write a single value`,
	`max_body: 10`:                   `4:15: attacks[0].http.max_body: 10 has no unit; write 10B or 10MiB (units B, KiB, MiB, GiB, TiB, or KB, MB, GB, TB for powers of 1000)`,
	`max_body: 1.5MiB`:               `4:15: attacks[0].http.max_body: "1.5MiB" is not a size; write a whole number with a unit, such as 512KiB or 64MiB (units B, KiB, MiB, GiB, TiB, or KB, MB, GB, TB for powers of 1000)`,
	`max_body: 9999999999GiB`:        `4:15: attacks[0].http.max_body: "9999999999GiB" is too large; write a smaller size`,
	`max_body: -1B`:                  `4:15: attacks[0].http.max_body: is negative; write one such as 100MiB`,
	`connections: many`:              `4:18: attacks[0].http.connections: "many" is not a whole number up to 2147483647; write one such as 10`,
	`connections: 1.5`:               `4:18: attacks[0].http.connections: "1.5" is not a whole number up to 2147483647; write one such as 10`,
	`connections: "5"`:               `4:18: attacks[0].http.connections: "5" is a text; write 10 without quotes`,
	`connections: 99999999999`:       `4:18: attacks[0].http.connections: "99999999999" is not a whole number up to 2147483647; write one such as 10`,
	`redirects: -2`:                  `4:16: attacks[0].http.redirects: is negative; write one such as 10, or 0 to follow none`,
	`keep_alive: yes`:                `4:17: attacks[0].http.keep_alive: "yes" is neither true nor false; write true or false`,
	`timout: 10s`:                    `4:5: attacks[0].http.timout: unknown key; did you mean timeout?`,
	`colour: red`:                    `4:5: attacks[0].http.colour: unknown key; the keys here are url, method, headers, body, body_file, targets, literal, protocol, keep_alive, connections, max_connections, timeout, redirects, max_body, tls`,
	`url: http://x/`:                 `4:5: attacks[0].http.url: is there twice; remove one of the two`,
	`method: get`:                    `4:13: attacks[0].http.method: "get" is not supported; write one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE`,
	`protocol: h3`:                   `4:15: attacks[0].http.protocol: "h3" is no protocol; write auto, http/1, h2 or h2c`,
	`protocol: h2`:                   `3:10: attacks[0].http.url: protocol h2 needs TLS; write https://, or protocol: h2c for HTTP/2 without TLS`,
	`headers: {Traceparent: x}`:      `4:28: attacks[0].http.headers.Traceparent: is the generator's: it names the trace of each request; leave it out`,
	`headers: {x-vegeta-seq: x}`:     `4:29: attacks[0].http.headers.x-vegeta-seq: is the generator's: it numbers the requests; leave it out`,
	`headers: {tracestate: a=b}`:     `4:27: attacks[0].http.headers.tracestate: is the generator's: it names the run; leave it out`,
	`headers: {content-length: 5}`:   `4:31: attacks[0].http.headers.content-length: follows from the body; leave it out`,
	`headers: {"a b": x}`:            `4:22: attacks[0].http.headers.a b: "a b" is not the name of a header; use letters, digits and -`,
	`headers: {A: "x\ny"}`:           `4:18: attacks[0].http.headers.A: its value has characters that no header may have; write text on one line`,
	`headers: {A: }`:                 `4:15: attacks[0].http.headers.A: has no value; write "" for an empty one`,
	`headers: {A: x, a: y}`:          `4:24: attacks[0].http.headers.a: is the same header as A; remove one of the two`,
	`headers: {Host: "bü cher"}`:     `4:21: attacks[0].http.headers.Host: "bü cher" is no host; write one such as example.test`,
	`headers: {Host: "a b"}`:         `4:21: attacks[0].http.headers.Host: "a b" is no host; write one such as example.test`,
	`headers: [a]`:                   `4:14: attacks[0].http.headers: is a list; write a mapping of keys`,
	`body: !!binary aGk=`:            `4:11: attacks[0].http.body: tag "!!binary" is not understood; leave it out`,
	`body: & x`:                      `4:11: attacks[0].http.body: anchor &x has no value; write the value after it`,
	`body: *none`:                    `4:11: attacks[0].http.body: no anchor &none before this; write &none before the value that is meant`,
	`targets: {file: /dev/null}`:     `3:10: attacks[0].http.url: there are targets too; write url or targets, not both`,
	`tls: {server_name: }`:           ``,
	`tls: {cert_file: /dev/null}`:    `4:5: attacks[0].http.tls.key_file: is missing beside cert_file; name the file of the certificate's key`,
	`tls: {key_file: /dev/null}`:     `4:5: attacks[0].http.tls.cert_file: is missing beside key_file; name the file of the key's certificate`,
	`body_file: /does/not/exist`:     `4:16: attacks[0].http.body_file: stat /does/not/exist: no such file or directory; name a file that can be read`,
	`body_file: /`:                   `4:16: attacks[0].http.body_file: read /: invalid argument; name a file that can be read`,
	`headers: {HOST: ""}`:            `4:21: attacks[0].http.headers.HOST: "" is no host; write one such as example.test`,
	`headers: {":authority": a}`:     `4:29: attacks[0].http.headers.:authority: ":authority" is a pseudo header of HTTP/2, which follows from method and URL; leave it out, or write Host for another authority`,
	`headers: {TRAILER: a}`:          `4:24: attacks[0].http.headers.TRAILER: is not supported; leave it out`,
	`headers: {A: "{{.ID}}"}`:        `4:18: attacks[0].http.headers.A: "{{.ID}}" would be sent as it is: HTTP attacks have no templates; write what is meant, or literal: true below http to send it so`,
	`headers: {X.Y: a, X: "a\rb"}`:   `4:26: attacks[0].http.headers.X: its value has characters that no header may have; write text on one line`,
	`headers: {X: a, X.Y: "a\0b"}`:   `4:26: attacks[0].http.headers.X.Y: its value has characters that no header may have; write text on one line`,
	`body: 'id={{newUUID}}'`:         `4:11: attacks[0].http.body: "{{newUUID}}" would be sent as it is: HTTP attacks have no templates; write what is meant, or literal: true below http to send it so`,
	`{body: x, body_file: /dev/null`: `4:5: unexpected map key`,

	"protocol: h2c\n    headers: {upgrade: websocket}":     `5:24: attacks[0].http.headers.upgrade: HTTP/2 has no upgrades; leave it out, or write protocol: http/1`,
	"protocol: h2c\n    headers: {Connection: Upgrade}":    `5:27: attacks[0].http.headers.Connection: over HTTP/2 it is close or keep-alive; write one of these, leave it out, or write protocol: http/1`,
	"protocol: h2c\n    headers: {Connection: Keep-Alive}": ``,
	"protocol: h2c\n    headers: {Connection: close}":      ``,
	"headers: {Connection: Upgrade, Upgrade: websocket}":   ``,
}

func TestURLsAreChecked(t *testing.T) {
	for url, want := range map[string]string{
		`ftp://h/`:          `"ftp://h/" does not begin with http:// or https://`,
		`h/path`:            `"h/path" does not begin with http:// or https://`,
		`http:///path`:      `"http:///path" has no host`,
		`http://h:0/`:       `port 0 is not between 1 and 65535`,
		`http://h:70000/`:   `port 70000 is not between 1 and 65535`,
		`"http://h/\u0001"`: `"http://h/\x01" is not a URL`,
		`"http://[::1/"`:    `"http://[::1/" is not a URL`,
		`http://bü_cher/`:   `"bü_cher" is no host name: idna: disallowed rune U+005F`,
	} {
		t.Run(url, func(t *testing.T) {
			src := "attacks:\n- http: {url: " + url + "}\n  load: [{constant: 1/s, count: 1}]\n"
			assert.Equal(t, []string{"plan.yaml:2:15: attacks[0].http.url: " + want + "; write one such as http://127.0.0.1:8080/path"}, faultsOf(t, src))
		})
	}
}

func TestURLsHaveNothingThatWouldEndOrStayInThem(t *testing.T) {
	for url, want := range map[string]string{
		`"http://a b.test/"`:     `"http://a b.test/" has a space in it; write %20 for a space`,
		`http://h/?x=a b`:        `"http://h/?x=a b" has a space in it; write %20 for a space`,
		`http://h/ HTTP/1.1`:     `"http://h/ HTTP/1.1" has HTTP/1.1 after it; leave that out: the plan's key protocol sets the version`,
		`"http://h/\n"`:          `"http://h/\n" has white space in it, U+000A; remove it, or write it as %XX`,
		`"http://u:secret@h/ x"`: `"http://h/ x" has a space in it; write %20 for a space`,
		`"http://{{.Host}}/"`:    `"{{.Host}}" would be sent as it is: HTTP attacks have no templates; write what is meant, or literal: true below http to send it so`,
	} {
		t.Run(url, func(t *testing.T) {
			src := "attacks:\n- http: \n    url: " + url + "\n  load: [{constant: 1/s, count: 1}]\n"
			assert.Equal(t, []string{"plan.yaml:3:10: attacks[0].http.url: " + want}, faultsOf(t, src))
		})
	}
}

func TestWhatIsLiteralMayStandInAPlan(t *testing.T) {
	plan := parse(t, withHTTP("literal: true\n    headers: {A: '{{.ID}}'}\n    body: '{{newUUID}} $${env:X}'"))
	assert.Equal(t, "{{newUUID}} ${env:X}", plan.Attacks[0].HTTP.Body)
	plan = parse(t, withHTTP("body: '$${env:X} {\"a\": {\"b\": {}}}'"))
	assert.Equal(t, `${env:X} {"a": {"b": {}}}`, plan.Attacks[0].HTTP.Body, "a variable that is escaped is wanted")
}

func TestRatesNeedAUnit(t *testing.T) {
	for rate, want := range map[string]string{
		`500`:                           `500 has no unit; write 500/s, or /m or /h`,
		`500/d`:                         `"500/d" is not per second, minute or hour; write 500/s, /m or /h`,
		`fast/s`:                        `"fast/s" is not a rate; write one such as 500/s, 30/m or 10/h`,
		`1.5k/s`:                        `"1.5k/s" is not a rate; write one such as 500/s, 30/m or 10/h`,
		`1e3/s`:                         `"1e3/s" is not a rate; write one such as 500/s, 30/m or 10/h`,
		`500 / s`:                       `"500 / s" is not a rate; write one such as 500/s, 30/m or 10/h`,
		`0/s`:                           `0/s sends nothing; write a rate above 0, or leave the stage out`,
		strings.Repeat("9", 400) + `/s`: `"` + strings.Repeat("9", 60) + `…" is too large; write a smaller rate`,
	} {
		t.Run(rate, func(t *testing.T) {
			src := "attacks:\n- http: {url: http://h/}\n  load:\n  - constant: " + rate + "\n    count: 1\n"
			assert.Equal(t, []string{"plan.yaml:4:15: attacks[0].load[0].constant: " + want}, faultsOf(t, src))
		})
	}
}

func TestAllFaultsAreReportedAtOnceInTheOrderOfTheirPlace(t *testing.T) {
	assert.Equal(t, []string{
		`plan.yaml:1:8: order: "backwards" is no order; write parallel or sequence`,
		`plan.yaml:2:1: plan: unknown key; the keys here are name, order, attacks, limits, sampling, profiles, thresholds, trust`,
		`plan.yaml:4:3: attacks[0].http: is missing, and grpc too; say what to attack, such as http: {url: http://127.0.0.1:8080/} or grpc: {target: 127.0.0.1:9090, method: package.Service/Method}`,
		`plan.yaml:4:9: attacks[0].name: "log in" does not fit metric labels and paths; begin with a letter and use letters, digits, _ and -, at most 64`,
		`plan.yaml:5:12: attacks[0].workers: 30 is more than max_workers, 20; raise max_workers or lower workers`,
		`plan.yaml:9:20: attacks[0].load[0].max.workers: 21 is more than the attack's max_workers, 20; raise max_workers or lower workers`,
		`plan.yaml:10:3: attacks[1].load: is missing; write at least one stage, such as - {constant: 100/s, duration: 30s}`,
		`plan.yaml:11:10: attacks[1].http.url: "nowhere" does not begin with http:// or https://; write one such as http://127.0.0.1:8080/path`,
		`plan.yaml:12:9: attacks[2].name: "b" is the name of attacks[1] too; give each attack a name of its own`,
		`plan.yaml:15:19: limits.overrun: is negative; write one such as 5s`,
	}, faultsOf(t, `order: backwards
plan:   x
attacks:
- name: log in
  workers: 30
  max_workers: 20
  load:
  - duration: 1s
    max: {workers: 21}
- {name: b, http: {
    url: nowhere}}
- name: b
  http: {url: http://h/}
  load: [{constant: 1/s, count: 1}]
limits: {overrun: -1s}
`))
}

func TestOneFaultIsNotReportedAgainAsWhatFollowsFromIt(t *testing.T) {
	assert.Equal(t, []string{
		`plan.yaml:2:3: attacks[0].htpp: unknown key; did you mean http?`,
		`plan.yaml:4:16: attacks[0].load[0].constant: 5 has no unit; write 5/s, or /m or /h`,
	}, faultsOf(t, `attacks:
- htpp: {url: http://h/}
  load:
  - {constant: 5, count: 1}
`))
}

func TestKeysOfAShapeAreRequired(t *testing.T) {
	assert.Equal(t, []string{
		`plan.yaml:4:12: attacks[0].load[0].ramp.from: is missing; write from: 500/s`,
		`plan.yaml:6:11: attacks[0].load[1].sine.amplitude: is missing; write amplitude: 500/s`,
		`plan.yaml:6:11: attacks[0].load[1].sine.period: is missing; write period: 30s`,
		`plan.yaml:7:21: attacks[0].load[2].max.workers: is missing; write workers: 10`,
	}, faultsOf(t, `attacks:
- http: {url: http://h/}
  load:
  - {ramp: {to: 5/s}, count: 1}
  - count: 1
    sine: {mean: 5/s}
  - {count: 1, max: {workers: }}
`))
}

func TestFaultsOfStagesHaveTheAttacksKey(t *testing.T) {
	_, err := pace.New([]pace.Stage{{Constant: -1, Count: 1}})
	var stage *pace.KeyError
	require.ErrorAs(t, err, &stage)
	require.Equal(t, "load[0].constant", stage.Key)

	_, err = planfile.Parse("plan.yaml", []byte(`attacks:
- {name: a, http: {url: http://h/}, load: [{constant: 1/s, count: 1}]}
- {name: b, http: {url: http://h/}, load: [{constant: -1/s, count: 1}]}
`))
	var fault *planfile.Error
	require.ErrorAs(t, err, &fault)
	assert.Equal(t, &planfile.Error{
		File: "plan.yaml", Line: 3, Column: 55,
		Key: "attacks[1].load[0].constant", What: stage.What, Fix: stage.Fix,
	}, fault)
	var key *pace.KeyError
	require.True(t, errors.As(err, &key), "a fault unwraps to its key error")
	assert.Equal(t, "attacks[1].load[0].constant", key.Key)
}

func TestSourcesThatAreNoPlanAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"nothing":             {"", `plan.yaml:1:1: attacks: is missing; write at least one attack, with http and load`},
		"a comment":           {"# x\n", `plan.yaml:1:1: attacks: is missing; write at least one attack, with http and load`},
		"a word":              {"hello", `plan.yaml:1:1: the plan is a single value; write a mapping of keys`},
		"a list":              {"- a", `plan.yaml:1:1: the plan is a list; write a mapping of keys`},
		"two documents":       {quick + "---\n" + quick, `plan.yaml:6:1: a second document; write one plan per file`},
		"two documents apart": {"name: x\n...\n" + quick, `plan.yaml:3:1: a second document; write one plan per file`},
		"no YAML":             {"attacks: [", `plan.yaml:1:10: sequence end token ']' not found`},
		"not UTF-8":           {"name: \xff", `plan.yaml:1:7: is not UTF-8; save the file as UTF-8; put a binary body into a file and name it with body_file`},
		"a NUL":               {"name: é\x00", `plan.yaml:1:8: control character U+0000; write it as an escape within double quotes, such as "\u0007"`},
		"too long":            {strings.Repeat("#", 1<<20+1), `plan.yaml: more than 1048576 bytes; put bodies into files and name them with body_file`},
		"its own alias":       {"attacks: &a [*a]", `plan.yaml:1:14: attacks[0]: alias *a is within its own anchor; name another anchor`},
		"a merged word":       {"attacks: &a x\n<<: *a", `plan.yaml:1:13: <<: merges a single value; name an anchor of a mapping, such as <<: *base`},
	} {
		t.Run(name, func(t *testing.T) {
			got := faultsOf(t, c.src)
			assert.Contains(t, got, c.want)
		})
	}
}

func TestDeepNestingIsRefusedAtOnce(t *testing.T) {
	const n = 100_000
	for name, src := range map[string]string{
		"lists":           strings.Repeat("[", n) + strings.Repeat("]", n),
		"mappings":        strings.Repeat("{a: ", n),
		"dashes":          strings.Repeat("- ", n),
		"question marks":  strings.Repeat("? ", n),
		"colons":          strings.Repeat("a: ", n),
		"tags":            strings.Repeat("!a ", n),
		"lines of tags":   strings.Repeat("!a\n", n),
		"anchors":         strings.Repeat("&a ", n),
		"lines of dashes": strings.Repeat("-\n", n),
		"indentation": func() string {
			var b strings.Builder
			for i := range 1000 {
				b.WriteString(strings.Repeat(" ", i) + "a:\n")
			}
			return b.String()
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			assert.Contains(t, strings.Join(faultsOf(t, src), "\n"), "nested more than 64 deep")
		})
	}
}

func TestTooManyKeysAreRefusedAtOnce(t *testing.T) {
	keys := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "    X-%d: x\n", i)
		}
		return b.String()
	}
	plan := "attacks:\n- http:\n   url: http://h/\n   headers:\n%s  load: [{constant: 1/s, count: 1}]\n"
	parse(t, fmt.Sprintf(plan, keys(1000)))
	assert.Equal(t, []string{"plan.yaml:1005:11: more than 1000 keys in one mapping; remove what is not needed: a plan has fewer than 10 levels and 100 keys in one mapping"},
		faultsOf(t, fmt.Sprintf(plan, keys(50_000)))[:1])
}

func TestManySmallMappingsAreNotTooManyKeys(t *testing.T) {
	stages := strings.Repeat("  - constant: 1/s\n    count: 1\n", 5000)
	parse(t, "attacks:\n- http: {url: http://h/}\n  load:\n"+stages)
}

func TestAliasesOfAliasesDoNotGrowWithoutEnd(t *testing.T) {
	var src strings.Builder
	src.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 20 {
		fmt.Fprintf(&src, "a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), i)
	}
	assert.Contains(t, strings.Join(faultsOf(t, src.String()), "\n"), "the plan takes more than 8388608 bytes when its aliases are replaced; use fewer of them")
}

func TestVariablesDoNotGrowWithoutEnd(t *testing.T) {
	big := env(map[string]string{"BIG": strings.Repeat("x", 1<<16)})
	src := withHTTP("body: " + strings.Repeat("${env:BIG}", 1000))
	assert.Contains(t, faultsOf(t, src, big)[0], "grows to more than 1048576 bytes with its environment variables")
}

func TestNoMoreThanAHundredFaultsAreListed(t *testing.T) {
	got := faultsOf(t, "attacks:\n"+strings.Repeat("- x\n", 300))
	require.Len(t, got, 101)
	assert.Equal(t, "plan.yaml: 200 more faults; fix these first", got[100])
}

func TestTooManyAttacksAreRefused(t *testing.T) {
	plan := &loadgen.Plan{Name: "x", Attacks: make([]loadgen.Attack, 1001)}
	assert.EqualError(t, planfile.Validate(plan), "attacks: there are 1001, more than 1000; put targets that share a load into one targets file")
}

func TestSeveralAttacksNeedNames(t *testing.T) {
	one := loadgen.Attack{HTTP: &loadgen.HTTP{URL: "http://h/"}, Load: []pace.Stage{{Constant: 1, Count: 1}}}
	assert.NoError(t, planfile.Validate(&loadgen.Plan{Attacks: []loadgen.Attack{one}}))
	assert.EqualError(t, planfile.Validate(&loadgen.Plan{Attacks: []loadgen.Attack{one, one}}),
		"attacks[0].name: is missing; give each of several attacks a name, such as login\n"+
			"attacks[1].name: is missing; give each of several attacks a name, such as login")
}

func TestValidateLeavesThePlanAsItIs(t *testing.T) {
	plan := &loadgen.Plan{Attacks: []loadgen.Attack{{
		HTTP: &loadgen.HTTP{Targets: &loadgen.Targets{File: "/dev/null"}},
		Load: []pace.Stage{{Constant: 1, Count: 1}},
	}}}
	require.NoError(t, planfile.Validate(plan))
	assert.Equal(t, &loadgen.Plan{Attacks: []loadgen.Attack{{
		HTTP: &loadgen.HTTP{Targets: &loadgen.Targets{File: "/dev/null"}},
		Load: []pace.Stage{{Constant: 1, Count: 1}},
	}}}, plan)
}

func TestTargetsFilesAreChecked(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "t.http"), nil, 0o600))
	_, err := planfile.Parse(filepath.Join(dir, "p.yaml"), []byte(`attacks:
- http:
    targets: {file: t.http, format: csv}
    method: GET
  load: [{constant: 1/s, count: 1}]
`))
	assert.EqualError(t, err, dir+`/p.yaml:3:37: attacks[0].http.targets.format: "csv" is not a format; write http or json
`+dir+`/p.yaml:4:13: attacks[0].http.method: there are targets, which have methods of their own; leave it out`)
}
