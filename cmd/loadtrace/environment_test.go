package main

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/internal/distribution"
)

func TestASummarySaysWhatTheRunWasMadeIn(t *testing.T) {
	tg := newTestTarget(t)
	plan := writePlan(t, tg.url, "[{max: {workers: 1}, count: 5}]")
	sink := newSink(t, "127.0.0.1:0")
	c := loadtrace(t, "run", plan, "--json", "--quiet", "--otlp", sink.url)
	c.run(t, 0)
	e := c.summary(t).Environment.Generator
	assert.Equal(t, runtime.Version(), e.Go.Version)
	assert.Equal(t, "400", e.Go.GC, "as the command sets it")
	assert.Positive(t, e.CPU.Allowed)
	assert.Equal(t, distribution.Version, e.Versions["loadtrace"])
	assert.Contains(t, c.out.String(), `"fingerprint": "`+e.Fingerprint()+`"`)
	sink.mu.Lock()
	told := sink.bodies.String()
	sink.mu.Unlock()
	assert.Contains(t, told, "loadgen.env.fingerprint")
	assert.Contains(t, told, e.Fingerprint())

	c = loadtrace(t, "run", plan, "--quiet")
	c.run(t, 0)
	assert.Contains(t, c.out.String(), "\nenvironment  "+e.Fingerprint()+" · ", "the same from run to run")
}

func TestTheDemoLearnsWhatItsServiceRunsIn(t *testing.T) {
	c := loadtrace(t, "demo", "--quiet", "--set",
		"attacks=[{name: http, http: {targets: {file: tokens.http}}, load: [{constant: 50/s, count: 50}]}]")
	c.run(t, 0)
	assert.Regexp(t, `\n {13}auth-service  [0-9a-f]{12} · same host · `, c.out.String())
}
