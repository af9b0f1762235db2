package planfile_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

func TestWriteSaysAllThatTheRunDoes(t *testing.T) {
	out, err := planfile.Write(parse(t, quick, planfile.Set("attacks[0].http.body=costs $5: \"é\"\a\n", "attacks[0].http.headers.X=null")))
	require.NoError(t, err)
	assert.Equal(t, `name: plan
order: parallel
attacks:
  - name: default
    http:
      url: http://127.0.0.1:8080/
      method: GET
      headers:
        X: "null"
      body: "costs $$5: \"é\"\u0007\n"
      protocol: auto
      keep_alive: true
      connections: 10000
      timeout: 30s
      max_body: 100MiB
    load:
      - constant: 200/s
        duration: 10s
    workers: 10
    max_workers: 10000
limits:
  grace: 500ms
  overrun: 5s
sampling: 1
trust:
  schedule_lag: 10ms
  connection_wait: 10ms
  cpu_throttled: 1%
  cpu_steal: 5%
  scheduler_latency: 10ms
`, string(out))
}

func TestWriteRefusesAPlanThatCouldNotBeRead(t *testing.T) {
	_, err := planfile.Write(&loadgen.Plan{})
	assert.ErrorContains(t, err, "write plan: attacks: is missing")
}

func TestWhatIsWrittenIsReadBackAsTheSamePlan(t *testing.T) {
	file := filepath.Join(t.TempDir(), "it's a $file: #1")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	rapid.Check(t, func(t *rapid.T) {
		plan := drawPlan(t, file)
		planfile.Defaults(plan)
		out, err := planfile.Write(plan)
		require.NoError(t, err)
		again, err := planfile.Parse("other/place.yaml", out, env(nil))
		require.NoError(t, err, "%s", out)
		require.Equal(t, plan, again, "%s", out)
	})
}

func drawPlan(t *rapid.T, file string) *loadgen.Plan {
	plan := &loadgen.Plan{
		Name:  rapid.StringMatching(`[A-Za-z0-9#:'"$ é-]{0,20}[a-z0-9]`).Draw(t, "name"),
		Order: rapid.SampledFrom([]loadgen.Order{"", loadgen.Parallel, loadgen.Sequence}).Draw(t, "order"),
		Limits: loadgen.Limits{
			Grace: drawDuration(t, "grace"), Overrun: drawDuration(t, "overrun"), MaxDuration: drawDuration(t, "max_duration"),
		},
	}
	names := rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Za-z][A-Za-z0-9_-]{0,63}`), 1, 3, rapid.ID).Draw(t, "names")
	for _, name := range names {
		workers := rapid.IntRange(0, 500).Draw(t, "workers")
		plan.Attacks = append(plan.Attacks, loadgen.Attack{
			Name:    name,
			Load:    rapid.SliceOfN(rapid.Custom(drawStage), 1, 4).Draw(t, "load"),
			Workers: workers, MaxWorkers: workers + rapid.IntRange(1000, 2000).Draw(t, "max_workers"),
			Baggage: rapid.Bool().Draw(t, "baggage"),
		})
		if a := &plan.Attacks[len(plan.Attacks)-1]; rapid.Bool().Draw(t, "grpc") {
			a.GRPC = drawGRPC(t, file)
		} else {
			a.HTTP = drawHTTP(t, file)
		}
	}
	return plan
}

func drawDuration(t *rapid.T, label string) time.Duration {
	unit := rapid.SampledFrom([]time.Duration{1, time.Millisecond, time.Second, time.Minute, time.Hour}).Draw(t, label+" unit")
	return unit * time.Duration(rapid.IntRange(0, 5000).Draw(t, label))
}

func drawHTTP(t *rapid.T, file string) *loadgen.HTTP {
	texts := rapid.StringMatching(`[ -~é€]{0,20}`)
	h := &loadgen.HTTP{
		Protocol:    rapid.SampledFrom([]loadgen.Protocol{"", loadgen.ProtocolAuto, loadgen.ProtocolHTTP1}).Draw(t, "protocol"),
		KeepAlive:   rapid.SampledFrom([]*bool{nil, new(true), new(false)}).Draw(t, "keep_alive"),
		Connections: rapid.IntRange(0, 9).Draw(t, "connections"), MaxConnections: rapid.IntRange(0, 9).Draw(t, "max_connections"),
		Timeout: drawDuration(t, "timeout"), Redirects: rapid.IntRange(0, 9).Draw(t, "redirects"),
		MaxBody: loadgen.Bytes(rapid.Int64Range(0, 1<<62).Draw(t, "max_body")),
		TLS: loadgen.TLS{
			ServerName:         texts.Draw(t, "server_name"),
			CAFile:             rapid.SampledFrom([]string{"", file}).Draw(t, "ca_file"),
			InsecureSkipVerify: rapid.Bool().Draw(t, "insecure_skip_verify"),
		},
	}
	if rapid.Bool().Draw(t, "targets") {
		h.Targets = &loadgen.Targets{File: file, Format: rapid.SampledFrom([]loadgen.TargetsFormat{"", loadgen.TargetsHTTP, loadgen.TargetsJSON}).Draw(t, "format")}
	} else {
		h.URL = "http://example.test/" + rapid.StringMatching(`[a-z$:#?&=*{}'"-]{0,20}`).Draw(t, "path")
		h.Method = rapid.SampledFrom([]string{"", "GET", "POST"}).Draw(t, "method")
	}
	if rapid.Bool().Draw(t, "with headers") {
		h.Headers = rapid.MapOfN(rapid.StringMatching("[!#$%&'*+.^_`|~0-9a-z-]{1,12}"), texts, 1, 4).
			Filter(func(m map[string]string) bool { return m["host"] == "" && m["trailer"] == "" }).Draw(t, "headers")
	}
	if rapid.Bool().Draw(t, "body_file") {
		h.BodyFile = file
	} else {
		h.Body = rapid.String().Draw(t, "body")
	}
	h.Literal = strings.Contains(fmt.Sprint(h.URL, h.Headers, h.Body), "{{") || rapid.Bool().Draw(t, "literal")
	return h
}

func drawGRPC(t *rapid.T, file string) *loadgen.GRPC {
	folder := filepath.Dir(file)
	printable := rapid.StringMatching(`[ -~]{0,20}`)
	g := &loadgen.GRPC{
		Target:      rapid.SampledFrom([]string{"127.0.0.1:9090", "[::1]:1", "api.test:443"}).Draw(t, "target"),
		Method:      rapid.StringMatching(`([a-z]{1,5}\.){0,2}[A-Z][a-z0-9_]{0,5}/[A-Z][a-z]{0,5}`).Draw(t, "method"),
		Protoset:    rapid.SampledFrom([]string{"", file}).Draw(t, "protoset"),
		Plaintext:   rapid.Bool().Draw(t, "plaintext"),
		Authority:   printable.Draw(t, "authority"),
		Connections: rapid.IntRange(0, 9).Draw(t, "connections"), Timeout: drawDuration(t, "timeout"),
		Compression:  rapid.SampledFrom([]string{"", "gzip"}).Draw(t, "compression"),
		WaitForReady: rapid.Bool().Draw(t, "wait_for_ready"),
		Stream: loadgen.StreamLoad{
			Messages: rapid.IntRange(0, 9).Draw(t, "messages"), Interval: drawDuration(t, "interval"), Duration: drawDuration(t, "duration"),
		},
	}
	if g.Protoset == "" && rapid.Bool().Draw(t, "proto") {
		g.Proto, g.ImportPaths = file, rapid.SampledFrom([][]string{nil, {folder}, {"/", folder}}).Draw(t, "import_paths")
	}
	if !g.Plaintext {
		g.TLS.ServerName = printable.Draw(t, "server_name")
	}
	if rapid.Bool().Draw(t, "keep_alive") {
		g.KeepAlive = loadgen.KeepAlive{Time: 10*time.Second + drawDuration(t, "time"), Timeout: drawDuration(t, "ping timeout")}
	}
	if rapid.Bool().Draw(t, "with metadata") {
		g.Metadata = rapid.MapOfN(rapid.StringMatching("x[0-9a-z_.-]{1,12}"), printable, 1, 4).Draw(t, "metadata")
	}
	switch rapid.IntRange(0, 3).Draw(t, "messages from") {
	case 0:
		text, err := json.Marshal(rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "data"))
		require.NoError(t, err)
		g.Data = string(text)
	case 1:
		g.DataFile = file
	case 2:
		g.BinaryFile = file
	}
	return g
}

func drawStage(t *rapid.T) pace.Stage {
	rate := func(label string) pace.Rate { return pace.Rate(rapid.Float64Range(0.001, 1e6).Draw(t, label)) }
	s := pace.Stage{Name: rapid.StringMatching(`([a-z$:# -]{0,10}[a-z])?`).Draw(t, "name")}
	switch rapid.IntRange(0, 5).Draw(t, "shape") {
	case 0:
		s.Constant = rate("constant")
	case 1:
		s.Ramp = &pace.Ramp{From: rate("from"), To: rate("to")}
	case 2:
		s.Steps = &pace.Steps{From: 10, To: 30, By: pace.Rate(rapid.Float64Range(1, 10).Draw(t, "by"))}
	case 3:
		s.Sine = &pace.Sine{Mean: 10, Amplitude: 5, Period: time.Second, Phase: rapid.Float64Range(-360, 360).Draw(t, "phase")}
	case 4:
		s.Poisson = &pace.Poisson{Rate: rate("rate"), Seed: rapid.Uint64().Draw(t, "seed")}
	case 5:
		s.Max = &pace.Max{Workers: rapid.IntRange(1, 1000).Draw(t, "max")}
	}
	s.Duration = time.Duration(rapid.Int64Range(1, 1000).Draw(t, "duration")) * time.Millisecond
	return s
}
