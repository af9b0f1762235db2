package planfile_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

const quick = `attacks:
  - http: {url: http://127.0.0.1:8080/}
    load:
      - {constant: 200/s, duration: 10s}
`

// parse reads a plan that must be good.
func parse(t *testing.T, src string, opts ...planfile.Option) *loadgen.Plan {
	t.Helper()
	plan, err := planfile.Parse("plan.yaml", []byte(src), opts...)
	require.NoError(t, err)
	return plan
}

// env is an environment for the option Env.
func env(pairs map[string]string) planfile.Option {
	return planfile.Env(func(name string) (string, bool) {
		v, ok := pairs[name]
		return v, ok
	})
}

func TestTheSmallestPlanGetsEveryDefault(t *testing.T) {
	assert.Equal(t, &loadgen.Plan{
		Name:  "plan",
		Order: loadgen.Parallel,
		Attacks: []loadgen.Attack{{
			Name: "default",
			HTTP: &loadgen.HTTP{
				URL:         "http://127.0.0.1:8080/",
				Method:      "GET",
				Protocol:    loadgen.ProtocolAuto,
				KeepAlive:   new(true),
				Connections: 10_000,
				Timeout:     30 * time.Second,
				MaxBody:     100 << 20,
			},
			Load:       []pace.Stage{{Constant: 200, Duration: 10 * time.Second}},
			Workers:    10,
			MaxWorkers: 10_000,
		}},
		Limits: loadgen.Limits{Grace: 500 * time.Millisecond, Overrun: 5 * time.Second}, Sampling: new(1.0),
		Trust: loadgen.Trust{
			ScheduleLag: 10 * time.Millisecond, ConnectionWait: 10 * time.Millisecond, SchedulerLatency: 10 * time.Millisecond,
			CPUThrottled: "1%", CPUSteal: "5%",
		},
	}, parse(t, quick))
}

func TestEveryKeyIsRead(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []string{"ca.pem", "cert.pem", "key.pem", "body.bin"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, f), nil, 0o600))
	}
	plan, err := planfile.Parse(filepath.Join(dir, "x.yaml"), []byte(everyKey))
	require.NoError(t, err)
	assert.Equal(t, planOfEveryKey(dir), plan)
}

const everyKey = `
name: full
order: sequence
limits: {grace: 1s, overrun: 1m30s, max_duration: 1h}
sampling: 0.25
thresholds:
  - {metric: response_time, percentile: 99.9, at_most: 200ms, attack: a, stage: one, abort: {after: 0s}}
  - {metric: service_time, stat: mean, at_most: 1m30s, stage: each}
  - {metric: status, status: 5xx, at_most: 0.5%, window: 10s}
  - {metric: rate, at_least: 0.95, attack: b, abort: {after: 5s}}
  - {metric: error_ratio, at_most: 0%}
trust: {schedule_lag: 1s, connection_wait: 2s, cpu_throttled: 2%, cpu_steal: 0%, scheduler_latency: 3s}
attacks:
  - name: a
    http:
      url: https://example.test:8443/x
      method: POST
      headers: {X-Number: 10, Host: "example.test"}
      body_file: body.bin
      protocol: h2
      keep_alive: false
      connections: 5
      max_connections: 6
      timeout: 0.25s
      redirects: 3
      max_body: 512KiB
      tls: {ca_file: ca.pem, cert_file: cert.pem, key_file: key.pem, server_name: s, insecure_skip_verify: true}
    workers: 2
    max_workers: 20
    baggage: true
    load:
      - {name: one, constant: 30/m, duration: 10s}
      - {ramp: {from: 0/s, to: 3600/h}, count: 100}
      - {steps: {from: 30/s, to: 10/s, by: -10/s}, duration: 3s}
      - {sine: {mean: 10/s, amplitude: 5.5/s, period: 1s, phase: 90}, duration: 3s}
      - {poisson: {rate: 10/s, seed: 18446744073709551615}, duration: 3s}
      - {max: {workers: 20}, duration: 3s}
  - {name: b, http: {url: http://h/}, load: [{constant: 1/s, duration: 1m}]}
`

// planOfEveryKey is what everyKey says, in a folder.
func planOfEveryKey(dir string) *loadgen.Plan {
	return &loadgen.Plan{
		Name: "full", Order: loadgen.Sequence,
		Limits: loadgen.Limits{Grace: time.Second, Overrun: 90 * time.Second, MaxDuration: time.Hour}, Sampling: new(0.25),
		Thresholds: []loadgen.Threshold{
			{Metric: loadgen.MetricResponseTime, Percentile: 99.9, AtMost: "200ms", Attack: "a", Stage: "one", Abort: &loadgen.Abort{}},
			{Metric: loadgen.MetricServiceTime, Stat: loadgen.StatMean, AtMost: "1m30s", Stage: loadgen.EachStage},
			{Metric: loadgen.MetricStatus, Status: "5xx", AtMost: "0.5%", Window: 10 * time.Second},
			{Metric: loadgen.MetricRate, AtLeast: "0.95", Attack: "b", Abort: &loadgen.Abort{After: 5 * time.Second}},
			{Metric: loadgen.MetricErrorRatio, AtMost: "0%"},
		},
		Trust: loadgen.Trust{
			ScheduleLag: time.Second, ConnectionWait: 2 * time.Second, SchedulerLatency: 3 * time.Second,
			CPUThrottled: "2%", CPUSteal: "0%",
		},
		Attacks: []loadgen.Attack{{
			Name: "a",
			HTTP: &loadgen.HTTP{
				URL: "https://example.test:8443/x", Method: "POST",
				Headers:  map[string]string{"X-Number": "10", "Host": "example.test"},
				BodyFile: filepath.Join(dir, "body.bin"), Protocol: loadgen.ProtocolHTTP2,
				KeepAlive: new(false), Connections: 5, MaxConnections: 6,
				Timeout: 250 * time.Millisecond, Redirects: 3, MaxBody: 512 << 10,
				TLS: loadgen.TLS{
					CAFile: filepath.Join(dir, "ca.pem"), CertFile: filepath.Join(dir, "cert.pem"),
					KeyFile: filepath.Join(dir, "key.pem"), ServerName: "s", InsecureSkipVerify: true,
				},
			},
			Workers: 2, MaxWorkers: 20, Baggage: true,
			Load: []pace.Stage{
				{Name: "one", Constant: 0.5, Duration: 10 * time.Second},
				{Ramp: &pace.Ramp{From: 0, To: 1}, Count: 100},
				{Steps: &pace.Steps{From: 30, To: 10, By: -10}, Duration: 3 * time.Second},
				{Sine: &pace.Sine{Mean: 10, Amplitude: 5.5, Period: time.Second, Phase: 90}, Duration: 3 * time.Second},
				{Poisson: &pace.Poisson{Rate: 10, Seed: 1<<64 - 1}, Duration: 3 * time.Second},
				{Max: &pace.Max{Workers: 20}, Duration: 3 * time.Second},
			},
		}, {
			Name: "b", Workers: 10, MaxWorkers: 10_000, Load: []pace.Stage{{Constant: 1, Duration: time.Minute}},
			HTTP: &loadgen.HTTP{
				URL: "http://h/", Method: "GET", Protocol: loadgen.ProtocolAuto, KeepAlive: new(true),
				Connections: 10_000, Timeout: 30 * time.Second, MaxBody: 100 << 20,
			},
		}},
	}
}

func TestAPlanIsNamedAfterItsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "night shift.yaml")
	require.NoError(t, os.WriteFile(path, []byte(quick), 0o600))
	plan, err := planfile.Load(path)
	require.NoError(t, err)
	assert.Equal(t, "night shift", plan.Name)
}

func TestLoadTakesSets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.yaml")
	require.NoError(t, os.WriteFile(path, []byte(quick), 0o600))
	plan, err := planfile.Load(path, "name=other", "attacks[0].workers=3")
	require.NoError(t, err)
	assert.Equal(t, "other", plan.Name)
	assert.Equal(t, 3, plan.Attacks[0].Workers)
}

func TestAFileThatIsNotThereIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.yaml")
	_, err := planfile.Load(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.ErrorContains(t, err, path)
}

func TestFilesAreRelativeToThePlansFolder(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "targets.json"), nil, 0o600))
	plan, err := planfile.Parse(filepath.Join(dir, "p.yaml"), []byte(`
attacks:
  - http: {targets: {file: ./targets.json}}
    load: [{constant: 1/s, count: 1}]
`))
	require.NoError(t, err)
	targets := plan.Attacks[0].HTTP.Targets
	assert.Equal(t, filepath.Join(dir, "targets.json"), targets.File)
	assert.Equal(t, loadgen.TargetsJSON, targets.Format, "from the ending of the file's name")
	assert.Empty(t, plan.Attacks[0].HTTP.Method, "targets have their own")
}

func TestAnchorsAndMergesAreReplaced(t *testing.T) {
	plan := parse(t, `
attacks:
  - name: a
    http: &base
      url: http://127.0.0.1:8080/a
      timeout: 5s
      headers: &h {A: "1", B: "2"}
    load: &load
      - {constant: 1/s, count: 1}
  - name: b
    http:
      <<: *base
      url: http://127.0.0.1:8080/b
      headers: {<<: [*h], B: "3"}
    load: *load
`)
	a, b := plan.Attacks[0], plan.Attacks[1]
	assert.Equal(t, "http://127.0.0.1:8080/a", a.HTTP.URL)
	assert.Equal(t, "http://127.0.0.1:8080/b", b.HTTP.URL, "what is written wins over what is merged")
	assert.Equal(t, 5*time.Second, b.HTTP.Timeout)
	assert.Equal(t, map[string]string{"A": "1", "B": "3"}, b.HTTP.Headers)
	assert.Equal(t, a.Load, b.Load)
}

func TestASetChangesOnePlaceOfASharedAnchor(t *testing.T) {
	plan := parse(t, `
attacks:
  - name: a
    http: &h {url: http://127.0.0.1:8080/}
    load: &load [{constant: 1/s, count: 1}]
  - {name: b, http: *h, load: *load}
`, planfile.Set("attacks.b.load[0].constant=5/s", "attacks.b.http.timeout=1s"))
	assert.Equal(t, pace.Rate(1), plan.Attacks[0].Load[0].Constant)
	assert.Equal(t, pace.Rate(5), plan.Attacks[1].Load[0].Constant)
	assert.Equal(t, 30*time.Second, plan.Attacks[0].HTTP.Timeout)
	assert.Equal(t, time.Second, plan.Attacks[1].HTTP.Timeout)
}

func TestNullStandsForTheDefault(t *testing.T) {
	plan := parse(t, quick+"order:\nlimits: {grace: ~}\n")
	assert.Equal(t, loadgen.Parallel, plan.Order)
	assert.Equal(t, 500*time.Millisecond, plan.Limits.Grace)
}

func TestABodyKeepsItsLines(t *testing.T) {
	plan := parse(t, `
attacks:
  - http:
      url: http://127.0.0.1:8080/
      method: POST
      body: |
        {"price": "$$5"}
        end
    load: [{constant: 1/s, count: 1}]
`)
	assert.Equal(t, "{\"price\": \"$5\"}\nend\n", plan.Attacks[0].HTTP.Body)
}
