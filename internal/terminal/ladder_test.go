package terminal

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/ladder"
)

// measuredLadder is a ladder with a step that gains, one of which it is not shown, one
// that loses, and a name from outside.
func measuredLadder() ladder.Result {
	rates := [][4]float64{{800, 820, 815, 790}, {810, 805, 821, 795}, {2430, 2500, 2410, 2480}, {2300, 2360, 2280, 2345}}
	variants := []ladder.Variant{
		{Name: "none"},
		{Name: "keep-alive", Mistake: "ReadTimeout alone", Fix: "ReadHeaderTimeout and IdleTimeout"},
		{Name: "pools", Mistake: "the default of 2 idle connections", Fix: "200 idle connections"},
		{Name: "a name\x1b[31m that is too long", Mistake: "none", Fix: "none"},
	}
	for i := range variants {
		for _, rate := range rates[i] {
			variants[i].Samples = append(variants[i].Samples, ladder.Sample{
				Rate: rate, P50: 0.064 / float64(i+1), P99: 0.154 / float64(i+1), Goroutines: 1204 - 300*i, Sent: 2400,
			})
		}
	}
	return ladder.New(variants)
}

func TestALadderIsDrawnWithWhatEachStepGained(t *testing.T) {
	sound := measuredLadder()
	shaky := measuredLadder()
	shaky.Variants[2].Errors = 12
	short := shortened(measuredLadder(), 2)
	mute := measuredLadder()
	mute.Variants[1].Samples[2].Rate = 0
	mute = shortened(mute, 4)
	shaky.Doubts = []ladder.Doubt{{Reason: "the generator was starved: the p99 wait of its goroutines for a processor is 12.6ms, more than 10ms", Runs: 3}}
	requireGolden(t, "ladder.txt", text(func(b *bytes.Buffer) {
		require.NoError(t, Ladder(b, &sound, Options{Width: 80}))
		require.NoError(t, Ladder(b, &shaky, Options{Width: 100, ASCII: true}))
		require.NoError(t, Ladder(b, &sound, Options{Width: 80, Color: true}))
		require.NoError(t, Ladder(b, &short, Options{Width: 80}))
		require.NoError(t, Ladder(b, &mute, Options{Width: 80}))
	}))
}

// Below "undecided" it said that all intervals hold.
func TestALadderClaimsNoConfidenceForIntervalsThatItDoesNotShow(t *testing.T) {
	some := measuredLadder()
	some.Variants[1].Gain.Low = 0.1
	starved := measuredLadder()
	starved.Undecided = []string{"most runs are not to be trusted"}
	for want, r := range map[string]ladder.Result{
		"all 4 intervals hold at once with 95 % confidence (Bonferroni)": measuredLadder(),
		"the intervals that are shown hold at once with 95 % confidence": some,
		"undecided": starved, "2 rounds are too few": shortened(measuredLadder(), 2),
	} {
		drawn := text(func(b *bytes.Buffer) { require.NoError(t, Ladder(b, &r, Options{})) })
		require.Contains(t, drawn, want)
		if len(r.Undecided) > 0 {
			require.NotContains(t, drawn, "confidence")
		}
	}
}

// shortened is a ladder of fewer rounds.
func shortened(r ladder.Result, rounds int) ladder.Result {
	for i := range r.Variants {
		g := &r.Variants[i]
		r.Variants[i] = ladder.Variant{Name: g.Name, Mistake: g.Mistake, Fix: g.Fix, Samples: g.Samples[:rounds]}
	}
	return ladder.New(r.Variants)
}

func TestClimbingIsShownInPlaceOrAsLines(t *testing.T) {
	c := LadderProgress{Round: 1, Rounds: 5, Runs: 40, Name: "none"}
	later := LadderProgress{Round: 2, Rounds: 5, Done: 9, Runs: 40, Name: "http2", Last: "workers", Rate: 5625.4, Elapsed: 41 * time.Second}
	requireGolden(t, "climbing.txt", text(func(b *bytes.Buffer) {
		for _, o := range []Options{{Width: 60}, {Width: 60, ASCII: true}} {
			b.WriteString(LadderBar(c, o) + "\n" + LadderBar(later, o) + "\n" + LadderLine(later, o) + "\n\n")
		}
	}))
}

func TestAReaderThatIsGoneIsAnErrorOfTheLadder(t *testing.T) {
	r := measuredLadder()
	require.ErrorIs(t, Ladder(gone{}, &r, Options{}), errGone)
}

var errGone = errors.New("gone")

type gone struct{}

func (gone) Write([]byte) (int, error) { return 0, errGone }
