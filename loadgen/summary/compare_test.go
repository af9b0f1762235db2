package summary_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/loadgen"
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
		"shop reported the environment of 1 and 2 instances":           runOn("x", shop("1", "p", "go1.26"), shop("2", "p", "go1.26")),
		"shop reported the environment of 1 and 0 instances":           runOn("x"),
		"the measurement of the second run cannot be trusted: too hot": {Plan: "checkout", Verdict: verdict.Report{Verdict: verdict.Undecided, Reasons: []string{"too hot"}}, Environment: a.Environment},
	} {
		got := summary.Comparable(a, b)
		assert.Equal(t, environment.Different, got.Answer, want)
		assert.Equal(t, []string{want}, got.Obstacles)
		back := summary.Comparable(b, a)
		assert.Equal(t, environment.Different, back.Answer, want)
	}
}

// figures are of so many requests that were OK, and of errors by kind.
func figures(ok uint64, errors map[string]uint64) summary.Figures {
	f := summary.Figures{
		Requests: summary.Requests{Planned: ok, Finished: ok, OK: ok},
		Status:   map[string]uint64{"200": ok}, Errors: map[loadgen.ErrorKind]summary.Error{},
	}
	for kind, n := range errors {
		f.Requests.Planned += n
		if status, bad := strings.CutPrefix(kind, "status "); bad {
			f.Requests.Finished += n
			f.Status[status] = n
		} else {
			f.Requests.Failed += n
			f.Errors[loadgen.ErrorKind(kind)] = summary.Error{Count: n}
		}
	}
	return f
}

// Two runs of nothing but errors were the same, and so were runs of other errors. A
// threshold may say that errors are what is wanted.
func TestRunsWhoseRequestsEndedDifferentlyMayNotBeCompared(t *testing.T) {
	type errors = map[string]uint64
	const no, both = "", "most requests of both runs were errors, and no threshold expects that, so their times are not those of successful requests: "
	kept, breached := verdict.Passed, verdict.Breached
	for name, c := range map[string]struct {
		ok        [2]uint64
		errors    [2]errors
		threshold *verdict.Outcome
		answer    environment.Answer
		obstacle  string
	}{
		"all failed":               {[2]uint64{0, 0}, [2]errors{{"refused": 10}, {"refused": 20}}, nil, environment.Different, both + "100 % of requests failed in the first, 100 % of requests failed in the second"},
		"all denied":               {[2]uint64{0, 0}, [2]errors{{"status 401": 10}, {"status 401": 20}}, nil, environment.Different, both + "100 % errors in the first, 100 % errors in the second"},
		"all denied, as wanted":    {[2]uint64{0, 0}, [2]errors{{"status 401": 10}, {"status 401": 20}}, &kept, environment.Same, no},
		"all denied, and breached": {[2]uint64{0, 0}, [2]errors{{"status 401": 10}, {"status 401": 20}}, &breached, environment.Different, both + "100 % errors in the first, 100 % errors in the second"},
		"other ones, as wanted":    {[2]uint64{0, 0}, [2]errors{{"status 401": 10}, {"status 503": 20}}, &kept, environment.Different, "the errors of the two runs differ, and their times are among the figures: status 401 100 % and 0 %, status 503 0 % and 100 %"},
		"one is dead":              {[2]uint64{100, 0}, [2]errors{{}, {"refused": 100}}, nil, environment.Different, "most requests of the second run were errors, so their times are not those of successful requests: 100 % of requests failed"},
		"more of one kind":         {[2]uint64{990, 950}, [2]errors{{"status 503": 10}, {"status 503": 50}}, nil, environment.Unknown, "the errors of the two runs differ, and their times are among the figures: status 503 1 % and 5 %"},
		"as many of another kind":  {[2]uint64{900, 900}, [2]errors{{"timeout": 100}, {"status 503": 100}}, nil, environment.Unknown, "the errors of the two runs differ, and their times are among the figures: status 503 0 % and 10 %, timeout 10 % and 0 %"},
		"of many kinds": {[2]uint64{900, 1000}, [2]errors{{"timeout": 20, "reset": 20, "status 500": 20, "status 502": 20, "status 503": 20}, {}}, nil, environment.Unknown,
			"the errors of the two runs differ, and their times are among the figures: reset 2 % and 0 %, status 500 2 % and 0 %, status 502 2 % and 0 %, and 2 more kinds"},
		"about as many":          {[2]uint64{990, 981}, [2]errors{{"status 503": 10}, {"status 503": 19}}, nil, environment.Same, no},
		"none":                   {[2]uint64{100, 200}, [2]errors{{}, {}}, nil, environment.Same, no},
		"cut off by a stop only": {[2]uint64{100, 200}, [2]errors{{"cancelled": 30}, {}}, nil, environment.Same, no},
	} {
		t.Run(name, func(t *testing.T) {
			var runs [2]*summary.Summary
			for i := range runs {
				runs[i] = runOn("x", shop("1", "p", "go1.26"))
				f := figures(c.ok[i], c.errors[i])
				digest := &loadgen.Digest{Requests: "r", Load: "l", Client: "c"}
				runs[i].Total, runs[i].Attacks = f, []summary.Attack{{Name: "web", Digest: digest, Figures: f}}
				if c.threshold != nil {
					runs[i].Verdict.Thresholds = []verdict.Result{{Metric: loadgen.MetricErrorRatio, Outcome: *c.threshold}}
				}
			}
			got := summary.Comparable(runs[0], runs[1])
			assert.Equal(t, c.answer, got.Answer)
			if c.obstacle == no {
				assert.Empty(t, got.Obstacles)
				return
			}
			assert.Equal(t, []string{c.obstacle}, got.Obstacles)
		})
	}
}

func TestWhatNobodyToldIsNotTakenForTheSame(t *testing.T) {
	got := summary.Comparable(runOn("x"), runOn("x"))
	assert.Equal(t, environment.Unknown, got.Answer)
	assert.Equal(t, []string{"neither run knows the environment of its target"}, got.Obstacles)

	old := runOn("x", shop("1", "p", "go1.26"))
	old.Environment.Generator = environment.Environment{}
	got = summary.Comparable(old, runOn("x", shop("1", "p", "go1.26")))
	assert.Equal(t, environment.Unknown, got.Answer)
}
