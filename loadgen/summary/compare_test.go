package summary_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

func machine(model, golang string) environment.Environment {
	return environment.Environment{OS: "linux", Arch: "amd64", CPU: environment.CPU{Model: model}, Go: environment.Go{Version: golang}}
}

func runOn(generator string, targets ...summary.Target) *summary.Summary {
	return &summary.Summary{
		Plan: "checkout", Verdict: verdict.Report{Verdict: verdict.Pass, Trusted: true},
		Environment: summary.Environment{Generator: machine(generator, "go1.26"), Targets: targets},
	}
}

func shop(instance, model, golang string) summary.Target {
	return summary.Target{Service: "shop", Instance: instance, Environment: machine(model, golang)}
}

func TestFiguresOfTheSameEnvironmentMayBeCompared(t *testing.T) {
	a := runOn("x", shop("1", "p", "go1.26"), shop("2", "q", "go1.26"))
	b := runOn("x", shop("8", "q", "go1.26"), shop("9", "p", "go1.26"))
	assert.Equal(t, summary.Comparability{Answer: environment.Same}, summary.Comparable(a, b), "instances have other ids in each run")

	b = runOn("x", shop("8", "q", "go1.27"), shop("9", "p", "go1.26"))
	got := summary.Comparable(a, b)
	assert.Equal(t, environment.Same, got.Answer, "the target's Go may be what is compared")
}

func TestFiguresOfOtherEnvironmentsMayNot(t *testing.T) {
	a := runOn("x", shop("1", "p", "go1.26"))
	for want, b := range map[string]*summary.Summary{
		"the generators differ in processor: x and y":                  runOn("y", shop("1", "p", "go1.26")),
		"the instances of shop differ in processor: p and q":           runOn("x", shop("1", "q", "go1.26")),
		"shop had 1 and 2 instances that told what they ran in":        runOn("x", shop("1", "p", "go1.26"), shop("2", "p", "go1.26")),
		"shop had 1 and 0 instances that told what they ran in":        runOn("x"),
		"the measurement of the second run cannot be trusted: too hot": {Plan: "checkout", Verdict: verdict.Report{Verdict: verdict.Undecided, Reasons: []string{"too hot"}}, Environment: a.Environment},
	} {
		got := summary.Comparable(a, b)
		assert.Equal(t, environment.Different, got.Answer, want)
		assert.Equal(t, []string{want}, got.Obstacles)
		back := summary.Comparable(b, a)
		assert.Equal(t, environment.Different, back.Answer, want)
	}
}

func TestTwoRunsWithoutAnswersMayNotBeCompared(t *testing.T) {
	dead := func(failed uint64) *summary.Summary {
		s := runOn("x", shop("1", "p", "go1.26"))
		s.Total.Requests = summary.Requests{Planned: failed, Failed: failed}
		return s
	}
	got := summary.Comparable(dead(10), dead(20))
	assert.Equal(t, environment.Different, got.Answer)
	assert.Equal(t, []string{"most requests of both runs failed without an answer, so that their times say nothing of answers: 100 % of requests failed in the first, 100 % of requests failed in the second"}, got.Obstacles)
}

func TestWhatNobodyToldIsNotTakenForTheSame(t *testing.T) {
	got := summary.Comparable(runOn("x"), runOn("x"))
	assert.Equal(t, environment.Unknown, got.Answer)
	assert.Equal(t, []string{"neither run knows what its target ran in"}, got.Obstacles)

	old := runOn("x", shop("1", "p", "go1.26"))
	old.Environment.Generator = environment.Environment{}
	got = summary.Comparable(old, runOn("x", shop("1", "p", "go1.26")))
	assert.Equal(t, environment.Unknown, got.Answer)
}
