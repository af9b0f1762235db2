package planfile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// twoAttacks is a plan of 30 s with a closed loop beside a schedule.
const twoAttacks = `attacks:
- name: web
  http: {url: http://h/}
  load: [{name: peak, constant: 1/s, duration: 30s}, {constant: 1/s, duration: 1s}]
- name: loop
  grpc: {target: "h:1", method: a.B/C, plaintext: true}
  load: [{name: all, max: {workers: 1}, duration: 10s}]
`

func TestThresholdsAreChecked(t *testing.T) {
	for keys, want := range thresholdFaults {
		t.Run(keys, func(t *testing.T) {
			src := twoAttacks + "thresholds: [{" + keys + "}]\n"
			if want == "" {
				parse(t, src)
				return
			}
			got := faultsOf(t, src)
			if assert.Len(t, got, 1, "%v", got) {
				assert.Contains(t, got[0], ": thresholds[0]."+want)
			}
		})
	}
}

const time99 = "metric: response_time, percentile: 99, "

// thresholdFaults are faults of thresholds; empty for none.
var thresholdFaults = map[string]string{
	time99 + "at_most: 200ms": "",
	time99 + "at_most: 200ms, stage: peak, attack: web, abort: {after: 0s}": "",
	"metric: rate, at_least: 90%, attack: web, window: 31s":                 "",
	"metric: status, status: UNAVAILABLE, at_most: 0%":                      "",
	"metric: rate, at_least: 30/m":                                          "",

	"at_most: 1s":                 "metric: is missing; write one of response_time, service_time, schedule_lag, error_ratio, status, rate",
	"metric: latency, at_most: 1": `metric: "latency" is not a metric; write one of response_time, service_time, schedule_lag, error_ratio, status, rate`,
	"metric: responsetime, at_most: 1s, percentile: 9":       `metric: "responsetime" is not a metric; did you mean response_time? write one of response_time, service_time, schedule_lag, error_ratio, status, rate`,
	"metric: response_time, at_most: 1s":                     `percentile: is missing, and stat too; write percentile: 99, stat: mean or stat: max`,
	time99 + "at_most: 1s, stat: max":                        `stat: there is percentile too; write percentile or stat, not both`,
	"metric: service_time, stat: p99, at_most: 1s":           `stat: "p99" is not known; write mean or max, or a percentile instead`,
	"metric: response_time, percentile: 0.99, at_most: 1s":   `percentile: 0.99 is below 1; write percent, such as 99 or 99.9, not a fraction`,
	"metric: response_time, percentile: 100, at_most: 1s":    `percentile: 100 is the greatest of all; write stat: max`,
	"metric: response_time, percentile: 101, at_most: 1s":    `percentile: 101 is not between 1 and 100; write one such as 99 or 99.9`,
	"metric: response_time, percentile: -9, at_most: 1s":     `percentile: -9 is not between 1 and 100; write one such as 99 or 99.9`,
	time99 + "below: 1s, at_most: 1s":                        `below: unknown key; the keys here are metric, percentile, stat, status, at_most, at_least, attack, stage, window, abort`,
	"metric: error_ratio, percentile: 99, at_most: 1%":       `percentile: does not fit error_ratio, which is a single number; leave it out`,
	"metric: error_ratio, status: 5xx, at_most: 1%":          `status: does not fit error_ratio; write metric: status, or leave it out`,
	"metric: status, at_most: 1%":                            `status: is missing; write an HTTP status such as 503, a class such as 5xx, or a gRPC code such as UNAVAILABLE`,
	"metric: status, status: 6xx, at_most: 1%":               `status: "6xx" is not a status; write an HTTP status such as 503, a class such as 5xx, or a gRPC code such as UNAVAILABLE`,
	"metric: status, status: 503, attack: loop, at_most: 1%": `status: "503" cannot come from an attack of the other protocol; write an HTTP status such as 503, a class such as 5xx, or a gRPC code such as UNAVAILABLE`,

	"metric: error_ratio":                            `at_most: is missing, and at_least too; write a limit, such as at_most: 1%`,
	"metric: error_ratio, at_most: 1%, at_least: 1%": `at_least: there is at_most too; write at_most or at_least; the other can be a second threshold`,
	"metric: error_ratio, at_most: 1s":               `at_most: 1s is no limit of error_ratio; write one such as 1%`,
	"metric: error_ratio, at_most: few":              `at_most: "few" is no limit; write one such as 1%`,
	"metric: error_ratio, at_most: -1%":              `at_most: is negative; write one such as 1%`,
	"metric: error_ratio, at_most: 100%":             `at_most: 100% can never be breached; write one such as 1%`,
	"metric: error_ratio, at_most: 5":                `at_most: 5 can never be breached; write one such as 1%`,
	time99 + "at_most: 200":                          `at_most: 200 has no unit; write 200s or 200ms`,
	time99 + "at_most: 1%":                           `at_most: 1% is no limit of response_time; write one such as 200ms`,
	time99 + "at_most: 0s":                           `at_most: 0s is always breached; write one such as 200ms`,
	"metric: rate, at_least: 0/s":                    `at_least: 0/s can never be breached; write one such as 500/s, or 95% of the wanted rate`,
	"metric: rate, at_least: 200%, attack: web":      `at_least: 200% is more than all; write one such as 500/s, or 95% of the wanted rate`,
	"metric: rate, at_least: 500/d":                  `at_least: "500/d" is no limit; write one such as 500/s, or 95% of the wanted rate`,
	"metric: rate, at_least: 95%":                    `at_least: an attack has a closed loop, which wants no rate to compare with; write a rate such as 500/s, or name an attack without a closed loop`,

	"metric: schedule_lag, stat: max, at_most: 1s, attack: loop": `metric: there is no schedule to lag behind in a closed loop; write response_time, or a load with a rate`,
	time99 + "at_most: 1s, attack: wep":                          `attack: there is no attack "wep"; the attacks are web, loop`,
	time99 + "at_most: 1s, stage: pek":                           `stage: there is no stage "pek"; the stages are peak, all, and each for each by itself`,
	time99 + "at_most: 1s, stage: peak, attack: loop":            `stage: there is no stage "peak"; the stages are all, and each for each by itself`,
	time99 + "at_most: 1s, stage: peak, window: 5s":              `window: there is stage too; write window or stage; the other can be a second threshold`,
	time99 + "at_most: 1s, window: 40s":                          `window: 40s is longer than the load, 31s, so it would never be whole; write a shorter one, or leave it out for the whole run`,
	time99 + "at_most: 1s, window: 11s, attack: loop":            `window: 11s is longer than the load, 10s, so it would never be whole; write a shorter one, or leave it out for the whole run`,
	time99 + "at_most: 1s, window: 100ms":                        `window: 100ms is less than 1s; write one such as 10s`,
	time99 + "at_most: 1s, window: -1s":                          `window: is negative; write one such as 10s`,
	time99 + "at_most: 1s, abort: {}":                            `abort.after: is missing; write after: 30s`,
	time99 + "at_most: 1s, abort: {after: -1s}":                  `abort.after: is negative; write one such as 5s`,
}

func TestTrustIsChecked(t *testing.T) {
	for keys, want := range map[string]string{
		"schedule_lag: 50ms, cpu_steal: 100%": "",
		"schedule_lag: 0s":                    `trust.schedule_lag: 0s is not possible; leave the key out for the default, 10ms, or write more than 0`,
		"schedule_lag: -5ms":                  `trust.schedule_lag: is negative; write one such as 10ms`,
		"cpu_steal: 5s":                       `trust.cpu_steal: 5s is no ratio from 0% to 100%; write one such as 5%`,
		"cpu_steal: 101%":                     `trust.cpu_steal: 101% is no ratio from 0% to 100%; write one such as 5%`,
		"cpu_throttled: some":                 `trust.cpu_throttled: "some" is no ratio; write one such as 5%`,
	} {
		t.Run(keys, func(t *testing.T) {
			src := twoAttacks + "trust: {" + keys + "}\n"
			if want == "" {
				parse(t, src)
				return
			}
			got := faultsOf(t, src)
			if assert.Len(t, got, 1) {
				assert.Contains(t, got[0], want)
			}
		})
	}
}

func TestTooManyThresholdsAreRefused(t *testing.T) {
	one := "- {metric: error_ratio, at_most: 1%}\n"
	assert.Contains(t, faultsOf(t, twoAttacks+"thresholds:\n"+strings.Repeat(one, 101))[0], "thresholds: there are 101, more than 100")

	stages := strings.Repeat("  - {constant: 1/s, count: 1}\n", 600)
	each := "- {metric: error_ratio, at_most: 1%, stage: each}\n"
	got := faultsOf(t, fmt.Sprintf("attacks:\n- http: {url: http://h/}\n  load:\n%sthresholds:\n%s%s", stages, each, each))
	assert.Contains(t, got[0], "thresholds: with one for each stage there are 1200, more than 1000")
}

func TestAStageThatIsNamedTwiceIsNoStageOfAThreshold(t *testing.T) {
	src := "attacks:\n- http: {url: http://h/}\n  load: [{name: x, constant: 1/s, count: 1}, {name: x, constant: 1/s, count: 1}]\n" +
		"thresholds: [{metric: error_ratio, at_most: 1%, stage: x}]\n"
	assert.Contains(t, faultsOf(t, src)[0], "thresholds[0].stage: attack default has several stages of this name")
}
