package judge

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/runs/judge/queuetest"
)

// noises are distributions of the logarithm of a round's ratio, with mean 0 and a
// standard deviation of about 1.
var noises = []struct {
	name string
	draw func(*rand.Rand) float64
}{
	{"normal", (*rand.Rand).NormFloat64},
	{"heavy tails (Student's t, 3)", func(r *rand.Rand) float64 {
		sum := 0.0
		for range 3 {
			z := r.NormFloat64()
			sum += z * z
		}
		return r.NormFloat64() / math.Sqrt(sum/3) / math.Sqrt(3)
	}},
	{"skewed (exponential)", func(r *rand.Rand) float64 { return r.ExpFloat64() - 1 }},
	{"one round of ten disturbed", func(r *rand.Rand) float64 {
		if r.Float64() < 0.1 {
			return 3 * r.NormFloat64()
		}
		return 0.5 * r.NormFloat64()
	}},
}

// pairs are rounds whose logarithms are shift plus noise.
func pairs(r *rand.Rand, n int, shift, spread float64, draw func(*rand.Rand) float64) []Pair {
	out := make([]Pair, n)
	for i := range out {
		machine := math.Exp(r.NormFloat64()) // what both sides of a round share
		out[i] = Pair{A: machine, B: machine * math.Exp(shift+spread*draw(r))}
	}
	return out
}

// claims counts the verdicts on simulated figures of the same true change.
func claims(t *testing.T, n int, o Options, figures func() []Figure) map[Verdict]float64 {
	out := map[Verdict]float64{}
	for range n {
		c, err := Compare(figures(), o)
		require.NoError(t, err)
		out[c.Verdict] += 1 / float64(n)
		for _, one := range c.Changes {
			if one.Verdict == Better || one.Verdict == Worse {
				out["any"] += 1 / float64(n)
				break
			}
		}
	}
	return out
}

func TestSimulatedPairsOfOneVersionAreAlarmedAtTheirNominalRate(t *testing.T) {
	n, r := queuetest.Simulations(t, 1500, 10_000), queuetest.Rand()
	nominal := 0.018 // three standard errors of the small number
	if n == 10_000 {
		nominal = 0.01
	}
	for _, noise := range noises {
		for _, rounds := range []int{3, 5, 10, 20} {
			got := claims(t, n, Options{}, func() []Figure {
				return []Figure{{Name: "p99", Pairs: pairs(r, rounds, 0, 0.08, noise.draw)}}
			})
			t.Logf("false alarms, %s, %d rounds: %.2f %%", noise.name, rounds, 100*got["any"])
			if noise.name == "normal" {
				assert.InDelta(t, 0.05, got["any"], nominal)
			} else {
				assert.Less(t, got["any"], 0.16, "%s, %d rounds", noise.name, rounds)
			}
		}
	}
}

// The quantiles of one run go together: the correction must hold whether they do or not.
func TestSimulatedFiguresTogetherAreAlarmedAtMostAtTheNominalRate(t *testing.T) {
	n, r := queuetest.Simulations(t, 1500, 10_000), queuetest.Rand()
	for _, shared := range []float64{0, 0.7, 1} {
		got := claims(t, n, Options{}, func() []Figure {
			figures := make([]Figure, 6)
			common := pairs(r, 8, 0, 0.08*math.Sqrt(shared), (*rand.Rand).NormFloat64)
			for i := range figures {
				own := pairs(r, 8, 0, 0.08*math.Sqrt(1-shared), (*rand.Rand).NormFloat64)
				for j := range own {
					own[j].B *= common[j].B / common[j].A
				}
				figures[i] = Figure{Name: fmt.Sprint(i), Pairs: own}
			}
			return figures
		})
		t.Logf("false alarms on any of 6 figures, correlation %.1f: %.2f %%", shared, 100*got["any"])
		assert.Less(t, got["any"], 0.06)
	}
}

func TestSimulatedChangesAtTheToleranceAreRarelyClaimed(t *testing.T) {
	n, r := queuetest.Simulations(t, 1500, 10_000), queuetest.Rand()
	for change, wrong := range map[float64]Verdict{0: Worse, 0.05: Worse, 0.051: Same} {
		got := claims(t, n, Options{Tolerance: 0.05}, func() []Figure {
			return []Figure{{Pairs: pairs(r, 10, math.Log1p(change), 0.03, (*rand.Rand).NormFloat64)}}
		})
		t.Logf("true change +%.1f %%, tolerance 5 %%, 10 rounds: better %.2f %%, same %.1f %%, worse %.2f %%, undecided %.1f %%",
			100*change, 100*got[Better], 100*got[Same], 100*got[Worse], 100*got[Undecided])
		assert.Less(t, got[wrong], 0.035)
		assert.Less(t, got[Better], 0.01)
	}
}

func TestSimulatedProposalsHaveTheirPower(t *testing.T) {
	n, r := queuetest.Simulations(t, 100, 2000), queuetest.Rand()
	for _, aim := range []Aim{
		{Effect: 0.1}, {Effect: 0.1, Tolerance: 0.05}, {Tolerance: 0.05}, {Effect: 0.1, Figures: 6},
	} {
		for _, spread := range []float64{0.04, 0.08} {
			shown, rounds := 0, 0
			for range n {
				all := pairs(r, 5, math.Log1p(aim.Effect), spread, (*rand.Rand).NormFloat64)
				change := only(t, all, aim)
				total, err := aim.Rounds(change.Spread, 5)
				require.NoError(t, err)
				rounds += total
				all = append(all, pairs(r, total-5, math.Log1p(aim.Effect), spread, (*rand.Rand).NormFloat64)...)
				if v := only(t, all, aim).Verdict; v == Worse && aim.Effect > 0 || v == Same && aim.Effect == 0 {
					shown++
				}
			}
			power := queuetest.Share(shown, n)
			t.Logf("%+v, spread %.2f: power %.1f %% with %.1f rounds on average", aim, spread, 100*power, float64(rounds)/float64(n))
			if n == 2000 {
				assert.Greater(t, power, 0.9)
			}
			assert.Greater(t, power, 0.85)
		}
	}
}

// only compares the pairs as one of the figures of an aim.
func only(t *testing.T, all []Pair, aim Aim) Change {
	figures := make([]Figure, max(aim.Figures, 1))
	for i := range figures {
		figures[i] = Figure{Name: "p99", Pairs: all}
	}
	c, err := Compare(figures, Options{Tolerance: aim.Tolerance})
	require.NoError(t, err)
	return c.Changes[0]
}

func TestSimulatedStopsBetweenRoundsAlarmAtMostAtTheNominalRate(t *testing.T) {
	n, r := queuetest.Simulations(t, 100, 10_000), queuetest.Rand()
	const most = 50
	for _, noise := range noises {
		for _, anytime := range []bool{true, false} {
			alarms := 0
			for range n {
				if v, _ := stop(t, pairs(r, most, 0, 0.08, noise.draw), Options{Anytime: anytime}); v != Undecided {
					alarms++
				}
			}
			share := queuetest.Share(alarms, n)
			t.Logf("false alarms, looked at after each of 3 to %d rounds, %s, anytime %v: %.2f %%", most, noise.name, anytime, 100*share)
			if anytime && noise.name == "normal" {
				assert.LessOrEqual(t, share, 0.1)
			}
			if !anytime {
				assert.Greater(t, share, 0.1, "looking again and again would need no sequence")
			}
		}
	}
}

// stop looks at the rounds after each, and ends when they decide.
func stop(t *testing.T, all []Pair, o Options) (Verdict, int) {
	for n := MinRounds; n <= len(all); n++ {
		c, err := Compare([]Figure{{Name: "p99", Pairs: all[:n]}}, o)
		require.NoError(t, err)
		if c.Verdict != Undecided {
			return c.Verdict, n
		}
	}
	return Undecided, len(all)
}

func TestSimulatedStopsShowWhatIsThere(t *testing.T) {
	n, r := queuetest.Simulations(t, 100, 10_000), queuetest.Rand()
	for _, c := range []struct {
		change float64
		want   Verdict
	}{{0.1, Worse}, {-0.1, Better}, {0, Same}} {
		right, wrong, rounds := 0, 0, 0
		for range n {
			v, at := stop(t, pairs(r, 50, math.Log1p(c.change), 0.04, (*rand.Rand).NormFloat64), Options{Tolerance: 0.05, Anytime: true})
			rounds += at
			switch v {
			case c.want:
				right++
			case Undecided:
			default:
				wrong++
			}
		}
		t.Logf("true change %+.0f %%, tolerance 5 %%, spread 0.04, until decided or 50 rounds: %s %.1f %%, wrong %.2f %%, %.1f rounds on average",
			100*c.change, c.want, 100*queuetest.Share(right, n), 100*queuetest.Share(wrong, n), float64(rounds)/float64(n))
		assert.Greater(t, queuetest.Share(right, n), 0.9)
		assert.Less(t, queuetest.Share(wrong, n), 0.03)
	}
}
