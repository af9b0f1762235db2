package summary_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// doing is a run of attacks, each a name and what it does: requests, load, address.
func doing(attacks ...[4]string) *summary.Summary {
	s := runOn("x", shop("1", "p", "go1.26"))
	for _, a := range attacks {
		s.Attacks = append(s.Attacks, summary.Attack{
			Name: a[0], Target: "GET http://" + a[3],
			Digest: &loadgen.Digest{Requests: a[1], Load: a[2], Client: "c", Address: a[3]},
		})
	}
	return s
}

func TestAttacksArePairedByWhatTheyDo(t *testing.T) {
	a := doing([4]string{"pay", "post", "fast", "h1"}, [4]string{"browse", "get", "slow", "h1"})
	for name, c := range map[string]struct {
		second    *summary.Summary
		pairs     []summary.Pair
		obstacles []string
		notes     []string
	}{
		"the same": {second: doing([4]string{"pay", "post", "fast", "h1"}, [4]string{"browse", "get", "slow", "h1"}),
			pairs: []summary.Pair{{First: 0, Second: 0}, {First: 1, Second: 1}}},
		"names that changed places": {second: doing([4]string{"browse", "post", "fast", "h1"}, [4]string{"pay", "get", "slow", "h1"}),
			pairs: []summary.Pair{{First: 0, Second: 0}, {First: 1, Second: 1}}},
		"another order, other names, another host": {second: doing([4]string{"b", "get", "slow", "h2"}, [4]string{"p", "post", "fast", "h2"}),
			pairs: []summary.Pair{{First: 0, Second: 1}, {First: 1, Second: 0}},
			notes: []string{"the target of attack pay is GET http://h1 and GET http://h2", "the target of attack browse is GET http://h1 and GET http://h2"}},
		"one name for two things": {second: doing([4]string{"pay", "delete", "slow", "h1"}, [4]string{"browse", "get", "slow", "h1"}),
			pairs:     []summary.Pair{{First: 0, Second: 0, Differs: []string{"what is sent", "the load"}}, {First: 1, Second: 1}},
			obstacles: []string{"attack pay is not the same in both runs: it differs in what is sent and the load"}},
		"one is missing": {second: doing([4]string{"pay", "post", "fast", "h1"}, [4]string{"search", "find", "slow", "h1"}),
			pairs:     []summary.Pair{{First: 0, Second: 0}},
			obstacles: []string{"attack browse is in the first run only", "attack search is in the second run only"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := summary.Comparable(a, c.second)
			assert.Equal(t, c.pairs, got.Pairs)
			assert.Equal(t, c.obstacles, got.Obstacles)
			assert.Equal(t, c.notes, got.Notes)
			want := environment.Same
			if c.obstacles != nil {
				want = environment.Different
			}
			assert.Equal(t, want, got.Answer)
			assert.Equal(t, want, summary.Comparable(c.second, a).Answer)
		})
	}
}

func TestPlansThatDifferAsAWholeMayNotBeCompared(t *testing.T) {
	a, b := doing([4]string{"pay", "post", "fast", "h"}), doing([4]string{"pay", "post", "fast", "h"})
	a.Digest, b.Digest = "sequence", "parallel"
	assert.Equal(t, []string{"the plans differ in the order of their attacks or in their limits"}, summary.Comparable(a, b).Obstacles)
	b.Digest = a.Digest
	b.Shard = &summary.Shard{Index: 1, Count: 2}
	assert.Equal(t, []string{"the first run is a whole one, the second shard " + pace.Shard{Index: 1, Count: 2}.String()}, summary.Comparable(a, b).Obstacles)
}

func TestASummaryOfAnEarlierVersionIsNotTakenForTheSamePlan(t *testing.T) {
	a, b := doing([4]string{"pay", "post", "fast", "h"}), doing([4]string{"pay", "post", "fast", "h"})
	b.Attacks[0].Digest = nil
	got := summary.Comparable(a, b)
	assert.Equal(t, environment.Unknown, got.Answer)
	assert.Equal(t, []summary.Pair{{First: 0, Second: 0}}, got.Pairs)
	b.Attacks[0].Target = "GET http://elsewhere"
	assert.Equal(t, environment.Different, summary.Comparable(a, b).Answer)
}

// Requests that are refused are quick.
func TestARunOfErrorsIsNotComparedWithOneOfAnswers(t *testing.T) {
	a, b := doing([4]string{"pay", "post", "fast", "h"}), doing([4]string{"pay", "post", "fast", "h"})
	set := func(s *summary.Summary, r summary.Requests) { s.Total.Requests, s.Attacks[0].Requests = r, r }
	set(a, summary.Requests{Planned: 100, Finished: 100, OK: 100})
	set(b, summary.Requests{Planned: 100, Failed: 100})
	assert.Equal(t, []string{"most requests of the second run were errors, so their times are not those of successful requests: 100 % of requests failed"}, summary.Comparable(a, b).Obstacles)
	set(a, summary.Requests{Planned: 100, Finished: 100})
	set(b, summary.Requests{Planned: 100, Finished: 100})
	assert.Equal(t, environment.Different, summary.Comparable(a, b).Answer)
	for _, s := range []*summary.Summary{a, b} {
		s.Verdict.Thresholds = []verdict.Result{{Metric: loadgen.MetricStatus, AtLeast: true, Outcome: verdict.Passed}}
	}
	assert.Equal(t, environment.Same, summary.Comparable(a, b).Answer, "as both plans expect a 401")
}
