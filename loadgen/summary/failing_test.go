package summary

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// failing is figures of so many requests that were OK, had a bad status, failed.
func failing(ok, bad, failed uint64) Figures {
	return Figures{Requests: Requests{
		Planned: ok + bad + failed, Finished: ok + bad, Failed: failed, OK: ok,
	}}
}

func TestErrorsAreOfTheRequestsThatWereDue(t *testing.T) {
	f := failing(90, 4, 6)
	f.Requests.NotSent = map[loadgen.NotSentReason]uint64{loadgen.NotSentStopped: 500, loadgen.NotSentLate: 10, loadgen.NotSentBackoff: 5}
	f.Errors = map[loadgen.ErrorKind]Error{loadgen.ErrorCancelled: {Count: 5}, loadgen.ErrorTimeout: {Count: 1}}
	got := f.Failing()
	assert.EqualValues(t, 110, got.Due)
	assert.EqualValues(t, 20, got.Errors)
}

func TestTheLevelOfErrorsAndTheirWords(t *testing.T) {
	for _, c := range []struct {
		ok, bad, failed uint64
		want            Level
		words           string
	}{
		{0, 0, 0, None, ""},
		{100, 0, 0, None, ""},
		{0, 0, 100, All, "100 % of requests failed"},
		{0, 100, 0, All, "100 % errors"},
		{1, 99, 0, Most, "99 % errors"},
		{1, 0, 99_999, Most, ">99.9 % of requests failed"},
		{50, 25, 25, Most, "50 % errors"},
		{51, 0, 49, Some, "49 % of requests failed"},
		{990, 10, 0, Some, "1 % errors"},
		{991, 9, 0, Few, "0.9 % errors"},
		{99_999, 0, 1, Few, "<0.1 % of requests failed"},
	} {
		f := failing(c.ok, c.bad, c.failed)
		got := f.Failing()
		assert.Equal(t, c.want, got.Level(), "%+v", c)
		if c.words != "" {
			assert.Equal(t, c.words, got.String())
		}
	}
}

func TestAnAttackThatFailedAsAWholeDoesNotHideBehindOthers(t *testing.T) {
	s := Summary{
		Total:   failing(9000, 0, 100),
		Attacks: []Attack{{Name: "a", Figures: failing(9000, 0, 0)}, {Name: "b", Figures: failing(0, 0, 100)}},
	}
	assert.Equal(t, "attack b: 100 % of requests failed", s.Failing().String())
	s.Attacks[1].Figures, s.Total = failing(100, 0, 0), failing(9100, 0, 0)
	assert.Equal(t, None, s.Failing().Level())
}

// A run against a dead port once ended with "the measurement is sound" and no more.
func TestErrorsThatNoThresholdJudgesAreInTheVerdictsWords(t *testing.T) {
	on := func(results ...verdict.Result) []verdict.Result {
		for i := range results {
			results[i].Outcome = verdict.Passed
		}
		return results
	}
	for _, c := range []struct {
		verdict      verdict.Verdict
		thresholds   []verdict.Result
		words, paste string
	}{
		{verdict.Sound, nil, "no thresholds, so the run does not fail: 100 % of requests failed", "thresholds: [{metric: error_ratio, at_most: 1%}]"},
		{verdict.Pass, on(verdict.Result{Metric: loadgen.MetricRate}, verdict.Result{Metric: loadgen.MetricStatus}),
			"all 2 thresholds were kept to, but none is on errors: 100 % of requests failed", "- {metric: error_ratio, at_most: 1%}"},
		{verdict.Pass, on(verdict.Result{Metric: loadgen.MetricErrorRatio}), "the threshold was kept to", ""},
		{verdict.Pass, on(verdict.Result{Metric: loadgen.MetricStatus, AtLeast: true}), "the threshold was kept to", ""},
		{verdict.Undecided, nil, "the measurement cannot be trusted", ""},
	} {
		s := Summary{Total: failing(0, 0, 100), Verdict: verdict.Report{Verdict: c.verdict, Thresholds: c.thresholds}}
		assert.Equal(t, c.words, s.VerdictWords())
		_, lines := s.ErrorThreshold()
		assert.Equal(t, c.paste, strings.Join(lines, "\n"))
		s.Total = failing(60, 0, 40)
		assert.Equal(t, s.Verdict.Words(), s.VerdictWords(), "the figures say so, and it may be as it should be")
	}
}

func TestAThresholdOnOneStageDoesNotJudgeTheRun(t *testing.T) {
	for stage, unjudged := range map[string]bool{"": false, "peak": true} {
		s := Summary{Total: failing(0, 0, 100), Verdict: verdict.Report{Verdict: verdict.Pass, Thresholds: []verdict.Result{
			{Metric: loadgen.MetricErrorRatio, Stage: stage, Outcome: verdict.Passed},
		}}}
		assert.Equal(t, unjudged, len(s.Unjudged()) > 0, "stage %q", stage)
	}
	p := load(openFor(10, time.Second), openFor(10, time.Second))
	p.Attacks[0].Load[1].Name = "peak"
	for stage, want := range map[string]string{"": "", "peak": "peak", loadgen.EachStage: ""} {
		p.Thresholds = []loadgen.Threshold{{Metric: loadgen.MetricErrorRatio, AtMost: "100%", Stage: stage}}
		s := simulate(t, simulation{plan: p, targets: []simTarget{func(uint64) simAnswer { return simAnswer{} }}})
		assert.Equal(t, want, s.Verdict.Thresholds[0].Stage)
		assert.Equal(t, want != "", len(s.Unjudged()) > 0, "stage %q", stage)
	}
	p.Attacks[0].Load = p.Attacks[0].Load[1:]
	p.Thresholds[0].Stage = "peak"
	s := simulate(t, simulation{plan: p, targets: []simTarget{func(uint64) simAnswer { return simAnswer{} }}})
	assert.Empty(t, s.Unjudged(), "it is the only stage")
}

func TestTheThresholdToAddIsOnTheAttackThatFailed(t *testing.T) {
	for name, want := range map[string]string{"dead": "dead", "a: b": `"a: b"`, "off": `"off"`, "1": `"1"`} {
		s := Summary{
			Total: failing(9000, 0, 10), Verdict: verdict.Report{Verdict: verdict.Sound},
			Attacks: []Attack{{Name: "good", Figures: failing(9000, 0, 0)}, {Name: name, Figures: failing(0, 0, 10)}},
		}
		_, lines := s.ErrorThreshold()
		assert.Equal(t, []string{"thresholds: [{metric: error_ratio, at_most: 1%, attack: " + want + "}]"}, lines)
	}
}

// A threshold over all attacks was taken to judge a dead one, whose errors are lost among
// the requests of the others; and of several that were dead only one was named.
func TestEachAttackThatFailedAndThatNoThresholdCouldCatchIsNamed(t *testing.T) {
	good, dead, denied, half := failing(9000, 0, 0), failing(0, 0, 10), failing(0, 20, 0), failing(6, 4, 0)
	on := func(attack string, o verdict.Outcome) verdict.Result {
		return verdict.Result{Metric: loadgen.MetricErrorRatio, Attack: attack, Outcome: o}
	}
	const no, yes = verdict.Breached, verdict.Passed
	speed := verdict.Result{Metric: loadgen.MetricResponseTime, Outcome: yes}
	for name, c := range map[string]struct {
		attacks    []Figures // a, b, c
		thresholds []verdict.Result
		verdict    verdict.Verdict
		words      string // empty: those of the verdict alone
		paste      []string
	}{
		"one of all attacks": {
			[]Figures{good, dead}, []verdict.Result{on("", yes)}, verdict.Pass,
			"the threshold was kept to, but none could catch this: attack b: 100 % of requests failed", []string{"- {metric: error_ratio, at_most: 1%, attack: b}"},
		},
		"it is on another attack": {
			[]Figures{good, dead}, []verdict.Result{on("a", yes)}, verdict.Pass,
			"the threshold was kept to, but none could catch this: attack b: 100 % of requests failed", []string{"- {metric: error_ratio, at_most: 1%, attack: b}"},
		},
		"two, without a threshold": {
			[]Figures{good, dead, denied}, nil, verdict.Sound,
			"no thresholds, so the run does not fail: attack b: 100 % of requests failed, attack c: 100 % errors",
			[]string{"thresholds:", "- {metric: error_ratio, at_most: 1%, attack: b}", "- {metric: error_ratio, at_most: 1%, attack: c}"},
		},
		"two, of which one is judged": {
			[]Figures{good, dead, denied}, []verdict.Result{on("b", yes), speed}, verdict.Pass,
			"all 2 thresholds were kept to, but none could catch this: attack c: 100 % errors", []string{"- {metric: error_ratio, at_most: 1%, attack: c}"},
		},
		"two of three, most of all": {
			[]Figures{half, dead, denied}, []verdict.Result{on("", yes)}, verdict.Pass,
			"the threshold was kept to, but none could catch this: attack b: 100 % of requests failed, attack c: 100 % errors",
			[]string{"- {metric: error_ratio, at_most: 1%, attack: b}", "- {metric: error_ratio, at_most: 1%, attack: c}"},
		},
		"all":                          {[]Figures{dead, denied}, nil, verdict.Sound, "no thresholds, so the run does not fail: 100 % errors", []string{"thresholds: [{metric: error_ratio, at_most: 1%}]"}},
		"all, as a threshold wants it": {[]Figures{dead, denied}, []verdict.Result{on("", yes)}, verdict.Pass, "", nil},
		"each is judged":               {[]Figures{good, dead, denied}, []verdict.Result{on("b", yes), on("c", yes)}, verdict.Pass, "", nil},
		"it is caught":                 {[]Figures{good, dead}, []verdict.Result{on("", no)}, verdict.Fail, "", nil},
		"the run failed anyway":        {[]Figures{good, dead}, []verdict.Result{on("a", no)}, verdict.Fail, "", nil},
		"nothing is dead":              {[]Figures{good, half}, []verdict.Result{on("", yes)}, verdict.Pass, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := Summary{Verdict: verdict.Report{Verdict: c.verdict, Thresholds: c.thresholds}}
			for i, f := range c.attacks {
				s.Attacks = append(s.Attacks, Attack{Name: string(rune('a' + i)), Figures: f})
				s.Total.Requests.Finished += f.Requests.Finished
				s.Total.Requests.Failed += f.Requests.Failed
				s.Total.Requests.OK += f.Requests.OK
			}
			want := c.words
			if want == "" {
				want = s.Verdict.Words()
			}
			assert.Equal(t, want, s.VerdictWords())
			_, lines := s.ErrorThreshold()
			assert.Equal(t, c.paste, lines)
		})
	}
}
