package terminal

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

func drawn(e summary.Environment) string {
	return text(func(b *bytes.Buffer) {
		p := &printer{Options: Options{Width: 100}}
		p.environment(&e)
		b.WriteString(p.text.String())
	})
}

func TestTheEnvironmentIsOneQuietLineAndOneForEachKindOfTarget(t *testing.T) {
	own := environment.Environment{
		OS: "linux", Arch: "amd64", Kernel: "6.18.1", Host: "a1", ClockSource: "tsc",
		CPU: environment.CPU{Model: "AMD EPYC", Online: 8, Allowed: 2}, Go: environment.Go{Version: "go1.26", MaxProcs: 2, GC: "400"},
	}
	assert.Equal(t, "\nenvironment  "+own.Fingerprint()+" · AMD EPYC · 2 of 8 processors · go1.26 · GOGC 400 · linux 6.18.1\n",
		drawn(summary.Environment{Generator: own}))

	beside, far := own, own
	beside.Go.GC, beside.CPU.Allowed = "100", 8
	beside.Go.MaxProcs = 8
	far.Host, far.CPU.Model = "b2", "Neoverse-V2"
	got := drawn(summary.Environment{Generator: own, Targets: []summary.Target{
		{Service: "auth", Environment: beside}, {Service: "shop", Environment: far}, {Service: "shop", Environment: far},
	}})
	assert.Contains(t, got, "\n             auth  "+beside.Fingerprint()+" · same host · 8 processors · go1.26\n")
	assert.Contains(t, got, "\n             shop  2 instances · "+far.Fingerprint()+" · Neoverse-V2 · 2 of 8 processors")
}

func TestManyKindsOfTargetAreCutShort(t *testing.T) {
	e := summary.Environment{Generator: environment.Environment{OS: "linux"}}
	for _, model := range []string{"a", "b", "c", "d", "e"} {
		e.Targets = append(e.Targets, summary.Target{Service: "shop", Environment: environment.Environment{CPU: environment.CPU{Model: model}}})
	}
	assert.Contains(t, drawn(e), "and 2 more kinds of target\n")
	assert.Empty(t, drawn(summary.Environment{}), "what is not known is not told")
}
