package terminal

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

func TestAComparisonShowsChangesOnlyWhereTheyMeanSomething(t *testing.T) {
	named := func(s summary.Summary, name, load string) *summary.Summary {
		s.Attacks = append([]summary.Attack(nil), s.Attacks[:1]...)
		s.Attacks[0].Name = name
		s.Attacks[0].Digest = &loadgen.Digest{Requests: "r", Client: "c", Load: load, Address: "a"}
		return &s
	}
	a, b := named(passed(), "validate", "500/s"), named(oneAttack(), "auth/validate\x1b[2J", "500/s")
	slow := named(sound(), "validate", "5/s")
	comparison := func(first, second *summary.Summary, o Options) string {
		return text(func(w *bytes.Buffer) { Comparison(w, first, second, summary.Comparable(first, second), o) })
	}
	requireGolden(t, "comparison.txt", comparison(a, b, Options{})+"\n"+comparison(a, slow, Options{Width: 100})+"\n"+comparison(a, a, Options{Color: true}))
	for _, o := range []Options{{Width: 40}, {}, {Width: 140, ASCII: true}} {
		for line := range strings.Lines(comparison(a, b, o)) {
			require.LessOrEqual(t, width(strings.TrimRight(line, "\n")), o.width())
		}
	}
}

func TestAnAttackWithoutARateIsComparedAsNone(t *testing.T) {
	a, b := passed(), passed()
	b.Attacks = append([]summary.Attack(nil), b.Attacks...)
	b.Attacks[0].RateAchieved = 0
	got := text(func(w *bytes.Buffer) { Comparison(w, &a, &b, summary.Comparable(&a, &b), Options{}) })
	assert.Regexp(t, `(?m)^    rate .*/s +none *$`, got)
}

func TestAChangeIsAPartOrAFactor(t *testing.T) {
	for want, c := range map[string][2]float64{
		"+0.0 %": {2, 2}, "-50.0 %": {2, 1}, "+99.0 %": {1, 1.99}, "2.00-fold": {1, 2}, "33.6-fold": {1, 33.6},
		"over 100-fold": {1, 336.7}, "": {0, 5},
	} {
		assert.Equal(t, want, change(c[0], c[1]))
	}
	assert.Empty(t, change(5, 0))
}
