package summary

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// failures finds out whether the requests of two runs ended so differently that their
// figures are of different things: the times are those of all requests, errors included,
// and how soon requests fail says nothing of how soon they would have been answered.
func (c *Comparability) failures(a, b *Summary) {
	for _, p := range c.Pairs {
		one, other := &a.Attacks[p.First], &b.Attacks[p.Second]
		where := ""
		if len(a.Attacks) > 1 || len(b.Attacks) > 1 {
			where = "attack " + one.Name + ": "
		}
		c.outcomes(&one.Figures, &other.Figures, [...]bool{a.expects(one), b.expects(other)}, where)
	}
}

// outcomes of an attack, whose errors are expected or are not.
func (c *Comparability) outcomes(one, other *Figures, expected [2]bool, where string) {
	failing := [...]Failing{one.Failing(), other.Failing()}
	bad := func(n int) bool { return failing[n].Level() >= Most }
	switch {
	case bad(0) && bad(1) && !(expected[0] && expected[1]):
		c.differ("%smost requests of both runs were errors, and no threshold expects that, so their times are not those of successful requests: %s in the first, %s in the second",
			where, failing[0], failing[1])
		return
	case bad(0) != bad(1):
		n := 0
		if bad(1) {
			n = 1
		}
		c.differ("%smost requests of the %s run were errors, so their times are not those of successful requests: %s", where, ordinals[n], failing[n])
		return
	}
	c.mixes(one, other, where)
}

// expects reports whether a threshold says that most requests of an attack should be the
// errors that they are.
func (s *Summary) expects(a *Attack) bool {
	f := a.Failing()
	f.Attack = a.Name
	return slices.ContainsFunc(s.Verdict.Thresholds, func(r verdict.Result) bool {
		return r.Outcome == verdict.Passed && s.judges(&r, f)
	})
}

// By how much of all requests an error of one kind may differ without being worth a word,
// and from when on two runs are of different things.
const (
	otherMix   = 0.01
	otherThing = 0.5
)

// mixes finds errors of a kind that are in one run more often than in the other.
func (c *Comparability) mixes(one, other *Figures, where string) {
	first, second := one.mix(), other.mix()
	if len(first) == 0 || len(second) == 0 {
		return // nothing was due
	}
	kinds := maps.Clone(first)
	maps.Copy(kinds, second)
	by := func(kind string) float64 { return math.Abs(first[kind] - second[kind]) }
	var differ []string
	var moved float64
	for _, kind := range slices.SortedFunc(maps.Keys(kinds), func(a, b string) int { return cmp.Or(cmp.Compare(by(b), by(a)), cmp.Compare(a, b)) }) {
		moved += by(kind) / 2
		if by(kind) > otherMix && kind != wellEnded {
			differ = append(differ, fmt.Sprintf("%s %s and %s", kind, percentOf(first[kind]), percentOf(second[kind])))
		}
	}
	if len(differ) == 0 {
		return
	}
	if len(differ) > 3 {
		differ = append(differ[:3], fmt.Sprintf("and %d more kinds", len(differ)-3))
	}
	text := fmt.Sprintf("%sthe errors of the two runs differ, and their times are among the figures: %s", where, strings.Join(differ, ", "))
	if moved >= otherThing {
		c.differ("%s", text)
		return
	}
	c.doubt(text)
}

// wellEnded are the requests that are no errors, in a mix.
const wellEnded = "ok"

// mix is what parts of the requests that were due ended in which way.
func (f *Figures) mix() map[string]float64 {
	due := f.Failing().Due
	if due == 0 {
		return nil
	}
	mix := map[string]float64{wellEnded: float64(f.Requests.OK) / float64(due)}
	add := func(kind string, n uint64) { mix[kind] += float64(n) / float64(due) }
	for status, n := range f.Status {
		if BadStatus(status) {
			add("status "+status, n)
		}
	}
	for kind, e := range f.Errors {
		if kind != loadgen.ErrorCancelled {
			add(string(kind), e.Count)
		}
	}
	for reason, n := range f.Requests.NotSent {
		if reason.Due() {
			add("not sent "+string(reason), n)
		}
	}
	return mix
}

// BadStatus reports whether a status, as in Figures.Status, is one of an error.
func BadStatus(status string) bool {
	code, err := strconv.Atoi(status)
	return err == nil && code >= 400 || err != nil && status != loadgen.CodeName(0)
}

func percentOf(part float64) string {
	return strconv.FormatFloat(math.Round(1000*part)/10, 'f', -1, 64) + " %"
}
